//! The watch, under paused time: what no sample tells is found when it is due, and not before.

use std::time::Duration;

use health_lag::{LagMonitor, Sample, WatchError};
use tokio::time::{Instant, advance, sleep};

use crate::said;

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[tokio::test(start_paused = true)]
async fn silence_is_found_without_anybody_asking() {
    let monitor = LagMonitor::new();
    monitor.watch().unwrap();
    let mut alerts = monitor.alerts().subscribe();
    let follower = monitor.follower("b").unwrap();
    for second in 0..5 {
        follower.push(Sample::new(second, second)).unwrap();
        sleep(millis(1_000)).await;
    }
    let begin = Instant::now();
    alerts.next().await.unwrap();
    let passed = begin.elapsed();
    // The last sample was a second ago.
    assert!(
        (millis(9_000)..=millis(9_200)).contains(&passed),
        "{passed:?}"
    );
    assert_eq!(said(&monitor), ["b no_data:firing"]);
    assert_eq!(monitor.statistics().no_data, 1);
}

#[tokio::test(start_paused = true)]
async fn a_stall_is_found_between_two_slow_samples() {
    let monitor = LagMonitor::new();
    monitor.watch().unwrap();
    let mut alerts = monitor.alerts().subscribe();
    let follower = monitor.follower("b").unwrap();
    let pushed = follower.clone();
    // Every 3 s; from 15 s on there is no progress.
    let source = tokio::spawn(async move {
        for step in 0..20 {
            pushed
                .push(Sample::new(100 * step, 99 * step.min(5)))
                .unwrap();
            sleep(millis(3_000)).await;
        }
    });
    let begin = Instant::now();
    loop {
        let health_lag::LagNotice::Item(alert) = alerts.next().await.unwrap() else {
            panic!("none is missed")
        };
        if alert.kind == health_lag::AlertKind::Stalled {
            break;
        }
    }
    let passed = begin.elapsed();
    assert!(
        (millis(25_000)..=millis(25_200)).contains(&passed),
        "{passed:?}"
    );
    source.abort();
}

#[tokio::test(start_paused = true)]
async fn a_pending_alert_is_confirmed_without_another_sample() {
    let monitor = LagMonitor::new();
    monitor.watch().unwrap();
    let follower = monitor.follower("b").unwrap();
    follower.push_lag(1.0, 3).unwrap();
    sleep(millis(5_000)).await;
    follower.push_lag(6.0, 3).unwrap();
    assert_eq!(said(&monitor), ["b lag:pending"]);
    sleep(millis(1_900)).await;
    assert_eq!(said(&monitor).len(), 1);
    sleep(millis(300)).await;
    assert_eq!(said(&monitor), ["b lag:pending", "b lag:firing"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_due_is_found_also_without_a_watch_when_somebody_asks() {
    let monitor = LagMonitor::new();
    let follower = monitor.follower("b").unwrap();
    follower.push(Sample::new(1, 1)).unwrap();
    advance(millis(31_000)).await;
    assert_eq!(said(&monitor), [""; 0]);
    assert_eq!(monitor.statistics().no_data, 1);
    assert_eq!(said(&monitor), ["b no_data:firing"]);
}

#[tokio::test(start_paused = true)]
async fn there_is_one_watch_and_it_ends_with_the_monitor() {
    let monitor = LagMonitor::new();
    monitor.watch().unwrap();
    assert_eq!(monitor.watch(), Err(WatchError::Watched));
    let tasks = tokio::runtime::Handle::current();
    sleep(millis(100)).await;
    assert_eq!(tasks.metrics().num_alive_tasks(), 1);
    drop(monitor);
    sleep(millis(100)).await;
    assert_eq!(tasks.metrics().num_alive_tasks(), 0);
}

#[test]
fn once_its_runtime_is_gone_it_may_be_started_on_another() {
    let monitor = LagMonitor::new();
    assert_eq!(monitor.watch(), Err(WatchError::NoRuntime));
    for _ in 0..2 {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap();
        runtime.block_on(async {
            monitor.watch().unwrap();
            tokio::task::yield_now().await;
        });
    }
}

#[tokio::test(start_paused = true)]
async fn with_nothing_due_it_does_not_wake() {
    let monitor = LagMonitor::new();
    monitor.watch().unwrap();
    sleep(Duration::from_hours(24 * 365)).await;
    let follower = monitor.follower("b").unwrap();
    sleep(millis(30_100)).await;
    assert_eq!(said(&monitor), ["b no_data:firing"]);
    drop(follower);
}
