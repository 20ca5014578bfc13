//! What can be stopped beside closures: tasks, tokens, threads, child processes.

use std::time::Duration;

use health_shutdown::{Component, Ending, Report, Stop, Stopped};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::journal::running;

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// Stops one component in a shutdown of its own.
async fn stop(component: Component) -> Report {
    let (_health, shutdown) = running();
    let shutdown = shutdown.drain_delay(Duration::ZERO).install().unwrap();
    let plan = shutdown.plan().stop_service(component).build().unwrap();
    shutdown.request("a test");
    shutdown.run(plan).await
}

fn ending(report: &Report) -> Ending {
    report.components[0].ending.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_task_ends_at_its_token_or_is_aborted() {
    let token = CancellationToken::new();
    let watching = tokio::spawn(token.clone().cancelled_owned());
    let report = stop(Component::task("worker", token, watching)).await;
    assert_eq!(ending(&report), Ending::Done, "{report}");

    let deaf = tokio::spawn(std::future::pending::<()>());
    let aborted = deaf.abort_handle();
    let deaf = Component::task("deaf", CancellationToken::new(), deaf);
    let report = stop(deaf.deadline(millis(100))).await;
    assert_eq!(ending(&report), Ending::Aborted, "{report}");
    while !aborted.is_finished() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_task_that_fails_panics_or_is_gone_already() {
    let token = CancellationToken::new();
    let fails = tokio::spawn(async { Err::<(), _>("lost the last batch") });
    let report = stop(Component::task("worker", token.clone(), fails)).await;
    assert_eq!(ending(&report), Ending::Failed, "{report}");
    assert_eq!(
        report.components[0].error.as_deref(),
        Some("lost the last batch")
    );

    let panics = tokio::spawn(async { panic!("in a task") });
    let panics = Component::task::<()>("worker", token.clone(), panics);
    assert_eq!(ending(&stop(panics).await), Ending::Panicked);

    let before = tokio::spawn(async { panic!("long before") });
    while !before.is_finished() {
        tokio::task::yield_now().await;
    }
    let before = Component::task::<()>("worker", token.clone(), before);
    let report = stop(before).await;
    assert_eq!(ending(&report), Ending::Panicked, "{report}");
    assert_eq!(report.exit_code(), 71);

    let gone = tokio::spawn(std::future::pending::<()>());
    gone.abort();
    let gone = Component::task("worker", token, gone);
    assert_eq!(ending(&stop(gone).await), Ending::Done);
}

/// Panics when it is dropped or shown.
#[derive(Debug)]
struct Mine;

impl Drop for Mine {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "in a drop");
    }
}

#[derive(Debug)]
struct Unspeakable;

impl std::fmt::Display for Unspeakable {
    fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        panic!("in an error")
    }
}

impl std::error::Error for Unspeakable {}

#[tokio::test(start_paused = true)]
async fn a_panic_in_what_it_leaves_is_its_own() {
    let held = Mine;
    let drops = Component::new("drops", move |_| async move {
        let _held = held;
    });
    let fails = Component::new("fails", |_| async { Err::<(), _>(Unspeakable) });
    for component in [drops, fails] {
        let report = stop(component).await;
        assert_eq!(ending(&report), Ending::Panicked, "{report}");
        assert!(report.elapsed < millis(100), "{report}");
    }
}

/// Takes its time to say how it went: until something is sent.
struct Taciturn(std::sync::mpsc::Receiver<()>);

impl Stopped for Taciturn {
    fn into_result(self) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0.recv()?)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_task_says_in_the_end_holds_up_nobody_else() {
    let (go, wait) = std::sync::mpsc::channel();
    let (_health, shutdown) = running();
    let shutdown = shutdown.drain_delay(Duration::ZERO).install().unwrap();
    let token = CancellationToken::new();
    let taciturn = tokio::spawn(async { Taciturn(wait) });
    let taciturn = Component::task("taciturn", token.clone(), taciturn);
    let worker = tokio::spawn(token.clone().cancelled_owned());
    let plan = shutdown
        .plan()
        .stop_service(taciturn.deadline(millis(50)))
        .stop_service(Component::task("worker", token, worker))
        .build()
        .unwrap();
    shutdown.request("a test");
    let report = shutdown.run(plan).await;
    let endings: Vec<_> = report.components.iter().map(|it| it.ending).collect();
    assert_eq!(endings, [Some(Ending::Aborted), Some(Ending::Done)]);
    go.send(()).unwrap();
}

#[tokio::test(start_paused = true)]
async fn tracked_tasks_are_awaited() {
    let (token, tracker) = (CancellationToken::new(), TaskTracker::new());
    for _ in 0..10 {
        let token = token.clone();
        tracker.spawn(async move {
            token.cancelled().await;
            tokio::time::sleep(millis(700)).await;
        });
    }
    let report = stop(Component::tasks("pool", token, tracker.clone())).await;
    assert_eq!(ending(&report), Ending::Done, "{report}");
    assert!(tracker.is_empty());
    assert!(report.components[0].elapsed.unwrap() >= millis(700));
}

#[tokio::test(start_paused = true)]
async fn a_token_is_cancelled() {
    let token = CancellationToken::new();
    let report = stop(Component::token("watchers", token.clone())).await;
    assert!(token.is_cancelled());
    assert_eq!(ending(&report), Ending::Done);
}

#[tokio::test]
async fn threads_are_joined_by_a_callback_that_may_block() {
    let (sender, receiver) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::Builder::new()
        .spawn(move || {
            let _ = receiver.recv();
        })
        .unwrap();
    let joins = Component::thread("reader", move |_| {
        drop(sender);
        thread.join().map_err(|_| "the reader panicked")
    });
    assert_eq!(ending(&stop(joins).await), Ending::Done);

    let panics = Component::thread("panics", |stop: Stop| {
        assert!(stop.hurry().is_cancelled(), "in a callback");
    });
    assert_eq!(ending(&stop(panics).await), Ending::Panicked);

    let (_held, never) = std::sync::mpsc::channel::<()>();
    let hangs = Component::thread("hangs", move |_| {
        let _ = never.recv();
    });
    let report = stop(hangs.deadline(millis(50))).await;
    assert_eq!(ending(&report), Ending::Aborted);
}

#[cfg(unix)]
#[tokio::test]
async fn processes_are_asked_then_killed() {
    let shell = |script: &str| {
        let mut command = tokio::process::Command::new("sh");
        command
            .args(["-c", script])
            .stdout(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    for (script, expected) in [
        ("echo up; exec sleep 1000", Ending::Done),
        (
            "trap 'exit 0' TERM; echo up; while :; do sleep 0.01; done",
            Ending::Done,
        ),
        (
            "trap 'exit 3' TERM; echo up; while :; do sleep 0.01; done",
            Ending::Failed,
        ),
        (
            "trap '' TERM; echo up; while :; do sleep 0.01; done",
            Ending::Failed,
        ),
    ] {
        let mut child = shell(script);
        let mut line = [0; 3];
        let stdout = child.stdout.as_mut().unwrap();
        tokio::io::AsyncReadExt::read_exact(stdout, &mut line)
            .await
            .unwrap();
        // Only of the deaf one the deadline is waited for.
        let deadline = if script.starts_with("trap ''") {
            millis(200)
        } else {
            millis(24_000)
        };
        let report = stop(Component::process("child", child).deadline(deadline)).await;
        assert_eq!(ending(&report), expected, "{script}: {report}");
    }
    let mut gone = shell("exit 0");
    gone.wait().await.unwrap();
    assert_eq!(
        ending(&stop(Component::process("child", gone)).await),
        Ending::Done
    );
}

#[cfg(target_os = "linux")]
fn group(script: &str) -> tokio::process::Child {
    let mut command = tokio::process::Command::new("sh");
    command
        .args(["-c", script])
        .process_group(0)
        .stdout(std::process::Stdio::piped());
    command.spawn().unwrap()
}

/// The next line of a child, which is a number.
#[cfg(target_os = "linux")]
async fn number(stdout: &mut tokio::process::ChildStdout) -> i32 {
    let mut line = String::new();
    while !line.ends_with('\n') {
        line.push(
            tokio::io::AsyncReadExt::read_u8(stdout)
                .await
                .unwrap()
                .into(),
        );
    }
    line.trim().parse().unwrap()
}

#[cfg(target_os = "linux")]
fn is_there(pid: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    // Whoever has ended and is not reaped yet is not there any more.
    stat.is_ok_and(|stat| !stat.rsplit(')').next().unwrap().starts_with(" Z"))
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_group_of_processes_ends_as_one() {
    // The leader ends at once, its child only when it is told, or not even then.
    for (script, deadline, expected) in [
        (
            "sh -c 'trap \"exit 0\" TERM; echo $$; while :; do sleep 0.01; done' & wait",
            24_000,
            Ending::Done,
        ),
        (
            "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.01; done' & wait",
            200,
            Ending::Failed,
        ),
    ] {
        let mut child = group(script);
        let worker = number(child.stdout.as_mut().unwrap()).await;
        assert!(is_there(worker));
        let component = Component::process_group("pipeline", child);
        let report = stop(component.deadline(millis(deadline))).await;
        assert_eq!(ending(&report), expected, "{script}: {report}");
        while is_there(worker) {
            tokio::task::yield_now().await;
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_group_does_not_outlive_its_plan_and_a_child_that_leads_none_is_refused() {
    let mut child = group("sh -c 'trap \"\" TERM; echo $$; while :; do sleep 0.01; done' & wait");
    let worker = number(child.stdout.as_mut().unwrap()).await;
    drop(Component::process_group("pipeline", child));
    while is_there(worker) {
        tokio::task::yield_now().await;
    }

    let mut alone = tokio::process::Command::new("sleep");
    let alone = alone.arg("1000").spawn().unwrap();
    let pid = alone.id().unwrap().cast_signed();
    let report = stop(Component::process_group("alone", alone)).await;
    assert_eq!(ending(&report), Ending::Failed, "{report}");
    let error = report.components[0].error.as_deref().unwrap();
    assert!(error.contains("`process_group(0)`"), "{error}");
    while is_there(pid) {
        tokio::task::yield_now().await;
    }
}
