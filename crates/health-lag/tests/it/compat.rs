//! The older face: lags instead of positions, the old limits, the old questions.

use std::time::Duration;

use health_lag::compat::{ReplicationConfig, ReplicationMonitor, UpdateError};
use health_lag::{AlertEvent, AlertKind, Condition, Lag, Level};

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
        warning_threshold: secs(30),
        ..ReplicationConfig::default()
    };
    assert!(ReplicationMonitor::with_config(&config).is_err());
}

#[test]
fn levels_begin_at_5_and_at_30_seconds() {
    let monitor = monitor(&["a"]);
    for (at, lag, expected) in [
        (1, 4.999, Level::Normal),
        (2, 5.0, Level::Warning),
        (3, 29.999, Level::Warning),
        (4, 30.0, Level::Critical),
    ] {
        monitor.update_at(secs(at), "a", lag, 5).unwrap();
        let follower = monitor.inner().get("a").unwrap();
        let level = follower.status_at(secs(at)).unwrap().level;
        assert_eq!(level, expected, "{lag} s");
    }
}

/// Each second of a story is a letter: `.` in order, `w` a warning, `c` critical. What is said, and when.
fn said_of(story: &str) -> String {
    let monitor = monitor(&["a"]);
    for (second, letter) in (1..).zip(story.chars()) {
        let lag = match letter {
            'w' => 7.0,
            'c' => 31.0,
            _ => 0.0,
        };
        let entries = u64::from(letter != '.');
        monitor.update_at(secs(second), "a", lag, entries).unwrap();
    }
    let alerts = monitor.inner().alerts().since(1).alerts;
    let lags = alerts.iter().filter(|it| it.kind == AlertKind::Lag);
    let words: Vec<_> = lags
        .map(|it| {
            format!(
                "{}:{} {}",
                it.at.as_secs(),
                it.event.name(),
                it.level.name()
            )
        })
        .collect();
    words.join(", ")
}

#[test]
fn what_fires_fires_at_once_and_again_after_a_minute() {
    let ok = |seconds| ".".repeat(seconds);
    for (story, expected) in [
        ("w".to_owned(), "1:firing warning"),
        ("c".to_owned(), "1:firing critical"),
        // Held back for 59 s, said after 60.
        (
            format!("c{}c.......", ok(58)),
            "1:firing critical, 7:resolved critical",
        ),
        (
            format!("c{}c", ok(59)),
            "1:firing critical, 7:resolved critical, 61:firing critical",
        ),
        // What still holds by then is said then.
        (
            format!("c{}{}", ok(20), "c".repeat(40)),
            "1:firing critical, 7:resolved critical, 61:firing critical",
        ),
    ] {
        assert_eq!(said_of(&story), expected, "{story}");
    }
}

/// The lag grows by half a second each second: within a minute of the limit that is said beforehand,
/// and without prediction it is not.
#[test]
fn breaches_are_predicted_unless_that_is_off() {
    for enabled in [true, false] {
        let config = ReplicationConfig {
            prediction_enabled: enabled,
            ..ReplicationConfig::default()
        };
        let monitor = ReplicationMonitor::with_config(&config).unwrap();
        monitor.register("a").unwrap();
        let mut predicted_at = None;
        for second in 1..=65_u32 {
            let (at, lag) = (secs(second.into()), 0.5 * f64::from(second));
            monitor.update_at(at, "a", lag, 5).unwrap();
            let status = monitor.inner().get("a").unwrap().status_at(at).unwrap();
            if status.breach_predicted {
                predicted_at.get_or_insert(second);
            }
        }
        let alerts = monitor.inner().alerts();
        let fired = |kind| alerts.count(kind, AlertEvent::Firing);
        assert_eq!(fired(AlertKind::PredictedBreach), u64::from(enabled));
        assert_eq!(predicted_at.is_some(), enabled);
        assert!(predicted_at.is_none_or(|at| at <= 10), "{predicted_at:?}");
        // It is what comes that is not said; what is there is.
        assert_eq!(fired(AlertKind::Lag), 1);
        let forecast = monitor.inner().get("a").unwrap().forecast(secs(10), 0.9);
        assert!((forecast.unwrap().lag.as_secs_f64() - 37.5).abs() < 0.1);
    }
}

#[tokio::test(start_paused = true)]
async fn entries_are_what_it_is_behind() {
    let monitor = monitor(&["a", "b"]);
    monitor.update("a", 3.5, 4_200).unwrap();
    let status = monitor.status("a").unwrap();
    assert_eq!(status.behind, Some(4_200));
    assert_eq!(status.lag, Some(Lag::Exact(Duration::from_millis(3_500))));
    assert_eq!(status.rates, None, "no positions are told");
    monitor.update("a", 0.0, u64::MAX).unwrap();
    assert_eq!(monitor.status("a").unwrap().behind, Some(u64::MAX));
    let status = monitor.status("b").unwrap();
    assert_eq!((status.behind, status.lag), (None, None));
}

#[test]
fn who_is_unknown_is_named() {
    let monitor = monitor(&["a"]);
    let said = "no follower `b` is registered";
    assert_eq!(monitor.unregister("b").unwrap_err().to_string(), said);
    assert_eq!(monitor.update("b", 1.0, 1).unwrap_err().to_string(), said);
    assert_eq!(monitor.status("b"), None);
    monitor.unregister("a").unwrap();
    assert!(monitor.unregister("a").is_err(), "it is gone");
    assert_eq!(monitor.all_statuses(), []);
    monitor.register("a").unwrap();
    assert_eq!(monitor.status("a").unwrap().samples, 0, "it begins anew");
}

/// Who says nothing does not keep its last state: it may be at any lag, and is named whatever it was.
#[tokio::test(start_paused = true)]
async fn the_silent_are_among_the_critical() {
    let monitor = monitor(&["a", "b", "c"]);
    for _ in 0..5 {
        tokio::time::advance(secs(1)).await;
        monitor.update("a", 40.0, 5).unwrap();
        monitor.update("b", 0.5, 5).unwrap();
        monitor.update("c", 0.5, 5).unwrap();
    }
    assert_eq!(monitor.critical_nodes(), ["a"]);
    for _ in 0..9 {
        tokio::time::advance(secs(1)).await;
        monitor.update("c", 0.5, 5).unwrap();
    }
    assert_eq!(monitor.critical_nodes(), ["a"], "9 s are no silence");
    assert_eq!(monitor.statistics().critical, 1);
    tokio::time::advance(secs(1)).await;
    monitor.update("c", 0.5, 5).unwrap();
    let has_none = |node| {
        let status = monitor.status(node).unwrap();
        status.conditions.has(Condition::NoData)
    };
    assert!(has_none("a") && has_none("b") && !has_none("c"));
    assert_eq!(monitor.critical_nodes(), ["a", "b"]);
    let statistics = monitor.statistics();
    assert_eq!((statistics.critical, statistics.no_data), (0, 2));
    assert_eq!((statistics.normal, statistics.unknown), (1, 2));
    let silent = monitor.alerts().into_iter();
    let silent = silent.filter(|it| it.kind == AlertKind::NoData);
    let names: Vec<_> = silent.map(|it| it.follower.to_string()).collect();
    assert_eq!(names, ["a", "b"]);
    // It is heard again, and is what it says.
    monitor.update("a", 0.5, 5).unwrap();
    assert_eq!(monitor.critical_nodes(), ["b"]);
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
    let all = monitor.all_statuses();
    let names: Vec<_> = all.iter().map(|it| &*it.follower).collect();
    assert_eq!(names, ["a", "b", "c"]);
    assert!(
        all.iter()
            .all(|it| Some(it) == monitor.status(&it.follower).as_ref())
    );
    assert_eq!(monitor.critical_nodes(), ["c"]);
    let alerts = monitor.alerts();
    let followers: Vec<_> = alerts.iter().map(|it| &*it.follower).collect();
    assert_eq!(followers, ["b", "c"]);
    let statistics = monitor.statistics();
    assert_eq!((statistics.followers, statistics.samples), (3, 3));
    assert_eq!(
        (statistics.normal, statistics.warning, statistics.critical),
        (1, 1, 1)
    );
    assert_eq!(statistics.max, Some(secs(31)));
    let sum = Duration::from_millis(500) + secs(7) + secs(31);
    assert_eq!(statistics.mean, Some(sum / 3));

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
