//! The older face: lags instead of positions, the old limits, the old questions.

use std::time::Duration;

use health_lag::compat::{ReplicationConfig, ReplicationMonitor, UpdateError};
use health_lag::{Condition, Level};

use crate::secs;

fn monitor(nodes: &[&str]) -> ReplicationMonitor {
    let monitor = ReplicationMonitor::new();
    for node in nodes {
        monitor.register(node).unwrap();
    }
    monitor
}

#[test]
fn the_old_defaults() {
    let policy = monitor(&[]).inner().policy().clone();
    assert_eq!(
        (
            policy.warning,
            policy.critical,
            policy.retention,
            policy.cooldown
        ),
        (secs(5), secs(30), secs(3_600), secs(60))
    );
    assert!(policy.prediction.is_some());
    let config = ReplicationConfig {
        prediction_enabled: false,
        ..ReplicationConfig::default()
    };
    let without = ReplicationMonitor::with_config(&config).unwrap();
    assert_eq!(without.inner().policy().prediction, None);
    let config = ReplicationConfig {
        warning_threshold: secs(30),
        ..config
    };
    assert!(ReplicationMonitor::with_config(&config).is_err());
}

#[tokio::test(start_paused = true)]
async fn the_old_questions() {
    let monitor = monitor(&["a", "b", "c"]);
    assert!(monitor.register("a").is_err());
    for (node, lag) in [("a", 0.5), ("b", 7.0), ("c", 31.0)] {
        monitor.update(node, lag, 5).unwrap();
    }
    let level = |node| monitor.status(node).unwrap().level;
    assert_eq!(level("a"), Level::Normal);
    assert_eq!(level("b"), Level::Warning);
    assert_eq!(level("c"), Level::Critical);
    assert_eq!(monitor.status("d"), None);
    assert_eq!(monitor.all_statuses().len(), 3);
    assert_eq!(monitor.critical_nodes(), ["c"]);
    let alerts = monitor.alerts();
    let followers: Vec<_> = alerts.iter().map(|it| &*it.follower).collect();
    assert_eq!(followers, ["b", "c"]);
    let statistics = monitor.statistics();
    assert_eq!((statistics.followers, statistics.critical), (3, 1));
    assert_eq!(statistics.max, Some(secs(31)));

    monitor.clear_alerts();
    assert!(monitor.alerts().is_empty());
    tokio::time::advance(secs(1)).await;
    monitor.update("c", 32.0, 5).unwrap();
    assert!(monitor.alerts().is_empty(), "not within the cooldown");
    monitor.update("b", 33.0, 5).unwrap();
    assert_eq!(&*monitor.alerts()[0].follower, "b", "it is worse now");

    monitor.unregister("c").unwrap();
    assert_eq!(monitor.critical_nodes(), ["b"]);
    let error = monitor.update("c", 1.0, 1).unwrap_err();
    assert!(matches!(error, UpdateError::Unknown(_)));
    assert_eq!(error.to_string(), "no follower `c` is registered");
}

#[test]
fn who_does_not_get_on_is_stalled_and_critical_whatever_the_lag() {
    let monitor = monitor(&["a", "b", "c"]);
    for second in 0..12_u32 {
        let at = secs(second.into());
        // Nothing is applied any more; what is behind keeps pace; nothing is behind.
        monitor
            .update_at(at, "a", f64::from(second) + 0.03 * f64::from(second % 2), 5)
            .unwrap();
        monitor.update_at(at, "b", 3.0, 500).unwrap();
        monitor.update_at(at, "c", f64::from(second), 0).unwrap();
    }
    let stalled = |node| {
        let follower = monitor.inner().get(node).unwrap();
        let status = follower.status_at(secs(11)).unwrap();
        status.conditions.has(Condition::Stalled)
    };
    assert!(stalled("a"));
    assert!(!stalled("b") && !stalled("c"));
}

#[tokio::test(start_paused = true)]
async fn the_stalled_are_among_the_critical() {
    let monitor = monitor(&["a", "b"]);
    for second in 0..12_u32 {
        monitor.update("a", f64::from(second), 5).unwrap();
        monitor.update("b", 3.0, 500).unwrap();
        tokio::time::advance(secs(1)).await;
    }
    assert_eq!(monitor.status("a").unwrap().level, Level::Warning);
    assert_eq!(monitor.critical_nodes(), ["a"]);
}

#[test]
fn an_hour_is_kept_as_a_bounded_history() {
    let monitor = monitor(&["a"]);
    for second in 0..7_200_u32 {
        let lag = f64::from(second % 60) / 10.0;
        monitor.update_at(secs(second.into()), "a", lag, 5).unwrap();
    }
    let history = monitor.inner().get("a").unwrap().history();
    assert_eq!(history.len(), 48);
    let newest = history.last().unwrap();
    assert_eq!((newest.from, newest.length), (secs(7_125), secs(75)));
    assert_eq!(newest.min, Duration::ZERO);
    let millis = |time: Duration| time.as_micros().div_ceil(1_000);
    assert_eq!((millis(newest.max), millis(newest.last)), (5_900, 5_900));
}
