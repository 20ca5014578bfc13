//! How commands end, what they see, and how that reads.

use std::time::Duration;

use health_checks::process::CommandCheck;
use health_core::{Cause, CheckState, CheckStatus, Schedule};

use crate::harness::{Monitored, result};

/// What a script run by a shell says; the shell is asked for by name.
fn script(text: &str) -> CommandCheck {
    CommandCheck::new("/bin/sh")
        .unwrap()
        .args(["-c", text])
        .unwrap()
}

fn detail(state: &CheckState, key: &str) -> String {
    let details = state.details.as_ref().unwrap();
    details
        .get(key)
        .map(ToString::to_string)
        .unwrap_or_default()
}

#[tokio::test]
async fn exit_codes_are_judged_as_those_of_plugins() {
    use CheckStatus::{Degraded, Healthy, Unhealthy};
    for (text, status, message) in [
        ("echo fine", Healthy, "fine"),
        ("echo hm; exit 1", Degraded, "hm"),
        ("echo bad; exit 2", Unhealthy, "bad"),
        ("echo what; exit 3", Unhealthy, "what"),
        (
            "exit 4",
            Unhealthy,
            "sh ended with code 4, which means nothing for a plugin",
        ),
        ("kill -SEGV $$", Unhealthy, "sh was ended by signal 11"),
        ("echo 'ok|a=1s'; echo more", Healthy, "ok"),
    ] {
        let state = result(script(text)).await;
        assert_eq!((state.status, &*state.message), (status, message), "{text}");
        assert!(!detail(&state, "latency_ms").is_empty(), "{state:?}");
    }
}

#[tokio::test]
async fn what_does_not_start_says_why() {
    let directory = tempfile::TempDir::new().unwrap();
    // Written by another process, as a file that a process still writes cannot be executed.
    let made = std::process::Command::new("/bin/sh")
        .args([
            "-c",
            "echo 'echo shell' > plain; cp plain noshebang; chmod +x noshebang; \
             echo '#!/no/such/interpreter' > lost; chmod +x lost",
        ])
        .current_dir(directory.path())
        .status()
        .unwrap();
    assert!(made.success());
    let file = |name: &str| directory.path().join(name);
    for (program, word) in [
        ("no-such-program".into(), "install it"),
        ("/no/such/program".into(), "install it"),
        (file("plain"), "not executable"),
        (file("lost"), "interpreter"),
        // A shell would have run it; there is none.
        (file("noshebang"), "cannot be started"),
    ] {
        let state = result(CommandCheck::new(&program).unwrap()).await;
        assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");
        assert!(state.message.contains(word), "{state:?}");
        let directory = directory.path().to_string_lossy();
        assert!(!state.message.contains(&*directory), "{state:?}");
    }
    let elsewhere = script("true").current_dir("/no/such").unwrap();
    assert!(
        result(elsewhere)
            .await
            .message
            .contains("working directory")
    );
}

#[tokio::test]
async fn arguments_are_not_interpreted() {
    let text = "$(id) `id` ; id > /dev/null & * | ' \"";
    let check = CommandCheck::new("echo").unwrap().args([text]).unwrap();
    let state = result(check).await;
    // The bar begins the figures, as in any plugin's output.
    assert_eq!(state.message, text.split(" |").next().unwrap());
}

#[tokio::test]
async fn the_environment_is_empty_but_for_what_is_given() {
    let names = "env | cut -d= -f1 | sort | tr '\\n' ' '";
    // The shell sets some itself.
    let state = result(script(names)).await;
    assert_eq!(state.message.trim_end(), "LC_ALL PATH PWD");
    let given = script("echo $A $LC_ALL $PWD; cat")
        .env("A", "b")
        .and_then(|check| check.env("LC_ALL", "C.UTF-8"))
        .and_then(|check| check.inherit_env("NO_SUCH_VARIABLE"))
        .and_then(|check| check.current_dir("/usr"))
        .unwrap();
    // It would wait for ever if there were something to read.
    assert_eq!(result(given).await.message, "b C.UTF-8 /usr");
}

#[tokio::test]
async fn much_output_is_read_and_too_much_ends_the_command() {
    let both = "echo first; i=0; while [ $i -lt 300 ]; do i=$((i+1)); \
                printf '%01000d\\n' 0; printf '%01000d\\n' 0 >&2; done; exit 1";
    let state = result(script(both)).await;
    assert_eq!(state.message, "first");
    assert_eq!(state.status, CheckStatus::Degraded);
    for endless in ["yes", "yes >&2", "cat /dev/zero"] {
        let state = result(script(endless)).await;
        assert_eq!(state.cause, Cause::Reported, "{state:?}");
        assert!(state.message.contains("1 MiB"), "{state:?}");
    }
}

#[tokio::test]
async fn a_command_is_not_started_twice_within_a_second() {
    let directory = tempfile::TempDir::new().unwrap();
    let count = directory.path().join("count");
    let text = format!("echo x >> {0}; wc -l < {0}", count.display());
    // However long twenty runs take, each second starts one of them at most.
    let begin = std::time::Instant::now();
    let monitored = Monitored::start(script(&text).registration().every(Duration::from_millis(1)));
    let mut runs = 0;
    for _ in 0..20 {
        runs = monitored.ask().await.message.trim().parse::<u64>().unwrap();
    }
    monitored.stop().await;
    assert!(runs <= begin.elapsed().as_secs() + 1, "{runs}");
}

#[tokio::test]
async fn passwords_stay_out_of_all_that_is_shown() {
    let check = script("echo oops >&2; exit 9")
        .args(["hunter2"])
        .and_then(|check| check.env("PASSWORD", "hunter3"))
        .unwrap();
    let state = result(check).await;
    assert!(!format!("{state:?}").contains("hunter"), "{state:?}");
}

#[test]
fn defaults_can_be_overridden() {
    let registration = script("true").registration();
    let spec = registration.spec();
    assert_eq!(spec.name, "command");
    assert_eq!(spec.schedule, Schedule::Every(Duration::from_mins(1)));
    assert_eq!(spec.timeout, Duration::from_secs(10));
}
