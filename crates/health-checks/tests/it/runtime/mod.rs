//! The tokio runtime, and loops that must go on.

use std::sync::mpsc;
use std::time::Duration;

use health_checks::runtime::{RuntimeLoadCheck, RuntimeStallCheck, WatchdogCheck};
use health_core::{CheckStatus, Health, Probe};
use tokio::runtime::{Builder, Runtime};

use crate::harness::{Monitored, alone, leaks_nothing, until};

const MS: Duration = Duration::from_millis(1);

fn one_worker() -> Runtime {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    runtime.unwrap()
}

fn stall(check: RuntimeStallCheck) -> RuntimeStallCheck {
    let check = check.tick(5 * MS).unwrap();
    check.thresholds(200 * MS, 400 * MS).unwrap()
}

#[tokio::test]
async fn another_runtime_that_is_blocked_shows_while_it_is() {
    let watched = one_worker();
    let check = stall(RuntimeStallCheck::of(watched.handle().clone()));
    let monitored = Monitored::start(check);
    let healthy = |state: &health_core::CheckState| state.status == CheckStatus::Healthy;
    monitored.ask_until("a runtime at ease", healthy).await;

    let (release, blocked) = mpsc::channel::<()>();
    watched.spawn(async move {
        let _ = blocked.recv();
    });
    let stalled = monitored
        .ask_until("the stall", |state| state.status == CheckStatus::Unhealthy)
        .await;
    assert!(stalled.message.contains("ms late"), "{stalled:?}");
    drop(release);
    monitored.ask_until("the end of it", healthy).await;

    watched.shutdown_background();
    monitored
        .ask_until("the end of the runtime", |state| {
            state.message.contains("has ended")
        })
        .await;
    monitored.stop().await;
}

#[tokio::test]
async fn its_own_runtime_that_was_blocked_shows_afterwards() {
    let monitored = Monitored::start(stall(RuntimeStallCheck::new()));
    let at = std::time::Instant::now();
    monitored.ask().await;
    // It blocks this very runtime.
    until("the stall", || at.elapsed() > 600 * MS);
    let state = monitored.ask().await;
    assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");
    let healthy = |state: &health_core::CheckState| state.status == CheckStatus::Healthy;
    monitored.ask_until("the end of it", healthy).await;
    monitored.stop().await;
}

#[tokio::test]
async fn tasks_that_wait_and_tasks_that_live_show() {
    let watched = one_worker();
    let check = RuntimeLoadCheck::of(watched.handle().clone());
    let check = check.queue_depth(100, 200).unwrap();
    let monitored = Monitored::start(check.alive_tasks(50, 60).unwrap());
    assert_eq!(monitored.ask().await.status, CheckStatus::Healthy);

    for _ in 0..60 {
        watched.spawn(std::future::pending::<()>());
    }
    let state = monitored.ask().await;
    assert_eq!(state.status, CheckStatus::Unhealthy);
    assert!(state.message.contains("are alive"), "{state:?}");

    let (release, blocked) = mpsc::channel::<()>();
    let (begun, begins) = mpsc::channel();
    watched.spawn(async move {
        begun.send(()).unwrap();
        let _ = blocked.recv();
    });
    begins.recv().unwrap();
    for _ in 0..200 {
        watched.spawn(std::future::ready(()));
    }
    let state = monitored.ask().await;
    assert!(state.message.contains("wait for the runtime"), "{state:?}");
    drop(release);
    monitored
        .ask_until("an empty queue", |state| {
            state.message.contains("are alive")
        })
        .await;
    watched.shutdown_background();
    monitored.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_loop_that_stops_beating_fails_liveness() {
    let (heartbeat, check) = WatchdogCheck::new(Duration::from_secs(20)).unwrap();
    let health = Health::new();
    health.register(check).unwrap();
    health.start().unwrap();
    let status = || health.report().checks.first().unwrap().status;
    let live = || health.verdict(Probe::Live).passing;

    for _ in 0..30 {
        heartbeat.beat();
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert!(live());
    }
    assert_eq!(status(), CheckStatus::Healthy);
    // It hangs.
    tokio::time::sleep(Duration::from_secs(40)).await;
    assert_eq!(status(), CheckStatus::Unhealthy);
    assert!(!live());
    // It goes on.
    for _ in 0..5 {
        heartbeat.beat();
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    assert_eq!(status(), CheckStatus::Healthy);
    assert!(live());
    // It panics.
    drop(heartbeat);
    tokio::time::sleep(Duration::from_secs(11)).await;
    assert!(!live());
    health.stop().await;
}

#[tokio::main(flavor = "current_thread")]
async fn run_often() {
    let relaxed = RuntimeStallCheck::new().thresholds(60_000 * MS, 60_000 * MS);
    leaks_nothing(relaxed.unwrap()).await;
    leaks_nothing(RuntimeLoadCheck::new()).await;
    let (heartbeat, check) = WatchdogCheck::new(Duration::from_hours(1)).unwrap();
    heartbeat.beat();
    leaks_nothing(check).await;
}

#[test]
fn no_check_keeps_what_it_took() {
    alone("runtime::no_check_keeps_what_it_took", run_often);
}
