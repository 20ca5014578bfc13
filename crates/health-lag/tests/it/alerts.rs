//! The log and the stream of alerts: bounded, numbered, and what a slow reader loses is counted.

use std::time::Duration;

use async_trait::async_trait;
use health_lag::{Alert, LagEvent, LagMonitor, LagNotice, LagObserver};
use tokio::sync::mpsc;

use crate::secs;

/// Each of many followers becomes critical, which is said at once.
fn alarm(monitor: &LagMonitor, followers: u64) {
    for number in 0..followers {
        let name = format!("node-{number:05}");
        let follower = monitor.follower_at(name.as_str(), Duration::ZERO).unwrap();
        follower.push_lag_at(secs(1), 40.0, 5).unwrap();
    }
}

#[test]
fn the_log_keeps_the_newest_and_counts_the_rest() {
    let monitor = LagMonitor::builder().alert_log(10).build().unwrap();
    alarm(&monitor, 25);
    let page = monitor.alerts().since(1);
    let numbers: Vec<_> = page.alerts.iter().map(|it| it.sequence).collect();
    assert_eq!(numbers, (16..=25).collect::<Vec<_>>());
    assert_eq!((page.missed, page.next), (15, 26));
    assert_eq!(monitor.alerts().dropped(), 15);
    assert_eq!(monitor.statistics_at(secs(1)).alerts_dropped, 15);
    assert!(monitor.alerts().since(page.next).alerts.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_slow_subscriber_loses_old_alerts_and_is_told_how_many() {
    let monitor = LagMonitor::new();
    let mut stream = monitor.alerts().subscribe();
    alarm(&monitor, 300);
    let Some(LagNotice::Missed { count }) = stream.next().await else {
        panic!("it missed some")
    };
    assert_eq!((count, stream.missed()), (44, 44));
    let Some(LagNotice::Item(first)) = stream.next().await else {
        panic!("the rest is there")
    };
    assert_eq!(first.sequence, 45);
    drop(monitor);
    let mut last = 45;
    while let Some(LagNotice::Item(alert)) = stream.next().await {
        last = alert.sequence;
    }
    assert_eq!(last, 300, "all of them, and then the end");
}

struct Forward(mpsc::UnboundedSender<String>);

#[async_trait]
impl LagObserver for Forward {
    async fn observe(&self, notice: &LagNotice<LagEvent>) {
        match notice {
            LagNotice::Item(LagEvent::Alert(alert)) if alert.follower.ends_with('1') => {
                panic!("an observer that panics")
            }
            LagNotice::Item(LagEvent::Transition(it)) => {
                let text = format!(
                    "{} {} {}",
                    it.follower,
                    it.from.level.name(),
                    it.to.level.name()
                );
                self.0.send(text).unwrap();
            }
            _ => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_observer_learns_of_all_and_its_panic_is_counted() {
    let monitor = LagMonitor::new();
    let (sender, mut told) = mpsc::unbounded_channel();
    monitor.observe(Forward(sender)).unwrap();
    alarm(&monitor, 3);
    for number in 0..3 {
        let expected = format!("node-0000{number} normal critical");
        assert_eq!(told.recv().await.unwrap(), expected);
    }
    assert_eq!(monitor.observer_panics(), 1);
    drop(monitor);
    assert_eq!(told.recv().await, None, "its task ends with the monitor");
}

#[test]
fn without_a_runtime_nobody_observes() {
    let (sender, _told) = mpsc::unbounded_channel();
    let error = LagMonitor::new().observe(Forward(sender)).unwrap_err();
    assert!(error.to_string().contains("no tokio runtime"));
}

#[test]
fn alerts_leave_as_json_with_units_in_their_keys() {
    let monitor = LagMonitor::new();
    alarm(&monitor, 1);
    let alert: &Alert = &monitor.alerts().since(1).alerts[0];
    let json = serde_json::to_value(alert).unwrap();
    assert_eq!(json["sequence"], 1);
    assert_eq!(json["kind"], "lag");
    assert_eq!(json["event"], "firing");
    assert_eq!(json["level"], "critical");
    assert_eq!(json["at_seconds"], 1.0);
    let message = json["message"].as_str().unwrap();
    assert!(
        message.starts_with("node-00000: lag is critical: lag 40 s"),
        "{message}"
    );
    let statistics = serde_json::to_value(monitor.statistics_at(secs(1))).unwrap();
    assert_eq!(statistics["critical"], 1);
    assert_eq!(statistics["max_lag_seconds"], 40.0);
    let policy = serde_json::to_value(monitor.policy()).unwrap();
    assert_eq!(policy["critical_seconds"], 30.0);
}
