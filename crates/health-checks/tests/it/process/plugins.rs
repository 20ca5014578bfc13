//! Debian's own plugins, from the package `monitoring-plugins-basic`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;

use health_checks::process::CommandCheck;
use health_core::{CheckState, CheckStatus};

use crate::harness::result;

async fn plugin(name: &str, args: &[&str]) -> std::sync::Arc<CheckState> {
    let file = Path::new("/usr/lib/nagios/plugins").join(name);
    assert!(
        file.exists(),
        "{} is missing; run `apt-get install --no-install-recommends monitoring-plugins-basic`",
        file.display()
    );
    result(CommandCheck::new(file).unwrap().args(args).unwrap()).await
}

fn keys(state: &CheckState) -> Vec<&str> {
    let details = state.details.as_ref().unwrap();
    details.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn plugins_on_this_machine() {
    use CheckStatus::{Degraded, Healthy, Unhealthy};
    let one = "0.0001,0.0001,0.0001";
    for (name, args, status, message, key) in [
        (
            "check_dummy",
            vec!["0", "fine"],
            Healthy,
            "OK: fine",
            "exit_code",
        ),
        ("check_dummy", vec!["1"], Degraded, "WARNING", "exit_code"),
        ("check_dummy", vec!["2"], Unhealthy, "CRITICAL", "exit_code"),
        ("check_dummy", vec!["3"], Unhealthy, "UNKNOWN", "exit_code"),
        (
            "check_disk",
            vec!["-w", "0%", "-c", "0%", "-p", "/"],
            Healthy,
            "DISK OK",
            "/_",
        ),
        (
            "check_disk",
            vec!["-w", "100%", "-c", "0%", "-p", "/"],
            Degraded,
            "DISK WARNING",
            "/_",
        ),
        (
            "check_disk",
            vec!["-w", "100%", "-c", "100%", "-p", "/"],
            Unhealthy,
            "DISK CRITICAL",
            "/_",
        ),
        (
            "check_disk",
            vec!["-w", "0%", "-c", "0%", "-p", "/no/such"],
            Unhealthy,
            "DISK CRITICAL",
            "exit_code",
        ),
        (
            "check_load",
            vec!["-w", "9999,9999,9999", "-c", "9999,9999,9999"],
            Healthy,
            "",
            "load15",
        ),
        (
            "check_load",
            vec!["-w", one, "-c", one],
            Unhealthy,
            "",
            "load1_crit",
        ),
        (
            "check_procs",
            vec!["-w", "1:", "-c", "1:"],
            Healthy,
            "PROCS OK",
            "procs",
        ),
        (
            "check_procs",
            vec!["-w", "0:0", "-c", "0:"],
            Degraded,
            "PROCS WARNING",
            "procs",
        ),
        (
            "check_users",
            vec!["-w", "1000", "-c", "1000"],
            Healthy,
            "USERS OK",
            "users",
        ),
        (
            "check_procs",
            vec!["--no-such-option"],
            Unhealthy,
            "",
            "exit_code",
        ),
    ] {
        let state = plugin(name, &args).await;
        let told = format!("{name} {args:?}: {state:?}");
        // Where nothing has run for a quarter of an hour, no load is too high.
        if status != Unhealthy || name != "check_load" {
            assert_eq!(state.status, status, "{told}");
        }
        assert!(state.message.contains(message), "{told}");
        assert!(keys(&state).iter().any(|k| k.starts_with(key)), "{told}");
        assert!(!state.message.contains('|'), "{told}");
    }
}

#[tokio::test]
async fn plugins_on_a_listener() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    // It ends with the test's process.
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok");
        }
    });
    for (name, message) in [("check_tcp", "TCP OK"), ("check_http", "HTTP OK")] {
        let state = plugin(name, &["-H", "127.0.0.1", "-p", &port]).await;
        assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
        assert!(state.message.contains(message), "{state:?}");
        assert!(keys(&state).contains(&"time_seconds"), "{state:?}");
    }
    let free = crate::server::free_port().to_string();
    let state = plugin("check_tcp", &["-H", "127.0.0.1", "-p", &free]).await;
    assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");
}
