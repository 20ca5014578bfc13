//! The measured defects of an older monitor, each shown to be absent: one test a row of that table.

use std::time::Duration;

use health_lag::compat::ReplicationMonitor;
use health_lag::{AlertEvent, AlertKind, Crossing, LagMonitor, Level, Sample};

use crate::{conditions, one, push, said, secs, status};

/// The lag grows by a second each second; a drain ends at nothing.
#[test]
fn regression_row_growth_is_forecast_upwards_and_a_drain_to_nothing() {
    let (_monitor, follower) = one();
    // The leader writes 100 a second, and the follower stands still: the lag is 0, 1, … 9.
    for second in 0..10 {
        push(&follower, second, 1_000 + 100 * second, 1_000);
    }
    let forecast = follower.forecast(secs(60), 0.9).unwrap();
    let lag = forecast.lag.as_secs_f64();
    assert!((lag - 69.0).abs() < 0.1, "{lag}");

    let (_monitor, follower) = one();
    for second in 0..100 {
        push(&follower, second, 100 * second, 100);
    }
    // From 99 s behind, 1,000 a second are applied: 10 s in each.
    for second in 100..110 {
        push(&follower, second, 100 * second, 100 + 1_000 * (second - 99));
    }
    assert!(status(&follower, 109).lag_duration().unwrap() < secs(20));
    let forecast = follower.forecast(secs(60), 0.9).unwrap();
    assert!(forecast.lag < secs(3), "{:?}", forecast.lag);
}

/// The same, told as lags: ten samples are enough.
#[test]
fn regression_row_told_lags_are_forecast_alike() {
    for (lags, in_a_minute) in [
        ((0..10).collect::<Vec<u32>>(), 69.0),
        ((0..10).map(|step| 90 - 10 * step).collect(), 0.0),
    ] {
        let monitor = ReplicationMonitor::new();
        monitor.register("b").unwrap();
        for (second, lag) in (0..).zip(&lags) {
            let told = monitor.update_at(secs(second), "b", f64::from(*lag), 10);
            told.unwrap();
        }
        let follower = monitor.inner().get("b").unwrap();
        let forecast = follower.forecast(secs(60), 0.9).unwrap();
        let lag = forecast.lag.as_secs_f64();
        assert!((lag - in_a_minute).abs() < 0.1, "{lags:?}: {lag}");
    }
}

/// A horizon is time and no number of samples, also where they are irregular.
#[test]
fn index_row_time_is_real_also_with_irregular_samples() {
    let (_monitor, follower) = one();
    // Growing half a second a second, looked at now and then.
    let mut at = 0;
    for step in 0..60 {
        at += [1, 4, 2, 7][step % 4];
        push(&follower, at, 1_000 + 200 * at, 1_000 + 100 * at);
    }
    let now = status(&follower, at).lag_duration().unwrap().as_secs_f64();
    let lag = follower.forecast(secs(20), 0.9).unwrap().lag.as_secs_f64();
    assert!((lag - now - 10.0).abs() < 3.0, "{now} to {lag}");
}

/// Stalled is behind and not advancing, whatever the backlog does.
#[test]
fn rate_row_a_steady_backlog_is_no_stall_and_a_freeze_is_one() {
    let (_monitor, follower) = one();
    for second in 0..120 {
        push(&follower, second, 10_000 * second + 500, 10_000 * second);
        assert!(status(&follower, second).conditions.is_empty(), "{second}");
    }
    let rates = status(&follower, 119).rates.unwrap();
    assert!((rates.applied_per_second - 10_000.0).abs() < 1.0);
    assert!((rates.leader_per_second - 10_000.0).abs() < 1.0);

    let (_monitor, follower) = one();
    for second in 0..10 {
        push(&follower, second, 2_000_000, 200_000 * second);
    }
    for second in 10..60 {
        push(&follower, second, 2_000_000 + 100 * second, 2_000_000);
    }
    let status = status(&follower, 59);
    assert_eq!(conditions(&status), ["stalled"]);
    assert!(status.rates.unwrap().applied_per_second < 200_000.0 / 50.0);
}

/// From one sample nothing is known of any rate.
#[test]
fn first_sample_row_gets_no_verdict() {
    let (monitor, follower) = one();
    let sample = Sample::new(101, 0).hint_seconds(0.2).unwrap();
    follower.push_at(secs(0), sample).unwrap();
    let status = status(&follower, 0);
    assert!(status.conditions.is_empty());
    assert_eq!((status.level, status.rates), (Level::Normal, None));
    assert_eq!(said(&monitor), [""; 0]);

    let monitor = ReplicationMonitor::new();
    monitor.register("b").unwrap();
    monitor.update("b", 0.2, 101).unwrap();
    assert_eq!(monitor.critical_nodes(), [""; 0]);
    assert!(monitor.alerts().is_empty());
}

/// Within the cooldown of a warning the critical alert is said, also if the warning is over.
#[test]
fn cooldown_row_escalation_always_passes() {
    // Told once a second, from 1 s on: the level's letter, and how often.
    for (story, expected) in [
        ("w1 c1", "1 firing warning, 2 escalated critical"),
        ("w5 c1", "1 firing warning, 6 escalated critical"),
        // Resolved at 7 s.
        (
            "w1 .15 c1",
            "1 firing warning, 7 resolved warning, 17 firing critical",
        ),
        (
            "w1 .15 w1 c1",
            "1 firing warning, 7 resolved warning, 18 firing critical",
        ),
        // What is no worse is held back: silent if it is over by 60 s, else said then.
        (
            "w1 .15 w5 .10 w5 .40",
            "1 firing warning, 7 resolved warning",
        ),
        (
            "w1 .15 w50",
            "1 firing warning, 7 resolved warning, 61 firing warning",
        ),
        (
            "c1 .15 w5 .10 c5 .40",
            "1 firing critical, 7 resolved critical",
        ),
        // The cooldown is that of the last and the worst that was said.
        (
            "w1 .15 c1 .50 w30",
            "1 firing warning, 7 resolved warning, 17 firing critical, 23 resolved critical, \
             77 firing warning",
        ),
    ] {
        let monitor = ReplicationMonitor::new();
        monitor.register("b").unwrap();
        let mut second = 0;
        for part in story.split(' ') {
            let (lag, entries) = match part.as_bytes()[0] {
                b'w' => (6.0, 10),
                b'c' => (31.0, 10),
                _ => (0.0, 0),
            };
            for _ in 0..part[1..].parse().unwrap() {
                second += 1;
                monitor.update_at(secs(second), "b", lag, entries).unwrap();
            }
        }
        let alerts = monitor.inner().alerts().since(1).alerts;
        let lags = alerts.iter().filter(|it| it.kind == AlertKind::Lag);
        let words: Vec<_> = lags
            .map(|it| {
                let (event, level) = (it.event.name(), it.level.name());
                format!("{} {event} {level}", it.at.as_secs())
            })
            .collect();
        assert_eq!(words.join(", "), expected, "{story}");
    }
}

/// Alerts resolve, are bounded, and do not survive their follower.
#[test]
fn alert_row_20_000_flaps_are_one_alert_that_resolves() {
    let monitor = ReplicationMonitor::new();
    monitor.register("b").unwrap();
    for step in 0..20_000_u32 {
        let lag = if step % 2 == 0 { 31.0 } else { 0.0 };
        let at = Duration::from_millis(10) * step;
        monitor.update_at(at, "b", lag, 10).unwrap();
    }
    // 200 s in all.
    let now = secs(200);
    let alerts = monitor.inner().alerts();
    let active = alerts.active_at(now);
    assert!(active.len() <= 1, "{active:?}");
    assert!(
        said(monitor.inner()).len() <= 10,
        "{:?}",
        said(monitor.inner())
    );
    monitor.update_at(secs(201), "b", 0.0, 0).unwrap();
    monitor.update_at(secs(210), "b", 0.0, 0).unwrap();
    assert!(alerts.active_at(secs(210)).is_empty());
    let count = |event| alerts.count(AlertKind::Lag, event);
    assert_eq!(count(AlertEvent::Firing), count(AlertEvent::Resolved));

    monitor.update_at(secs(300), "b", 40.0, 10).unwrap();
    assert_eq!(alerts.active_at(secs(300)).len(), 1);
    monitor.unregister("b").unwrap();
    assert!(alerts.active_at(secs(300)).is_empty());
    assert_eq!(said(monitor.inner()).last().unwrap(), "b lag:resolved");
}

/// What is no lag is refused, counted, and poisons nothing; one who is ahead is not at zero.
#[test]
fn nan_row_is_refused_and_a_follower_ahead_is_said_to_be() {
    let monitor = ReplicationMonitor::new();
    for node in ["a", "b"] {
        monitor.register(node).unwrap();
        monitor.update_at(secs(1), node, 2.0, 10).unwrap();
    }
    let before = monitor.status("b").unwrap();
    for lag in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.1, 1e300] {
        let error = monitor.update_at(secs(2), "b", lag, 10).unwrap_err();
        assert!(error.to_string().contains("no finite time"), "{error}");
    }
    for at in [secs(1), secs(0)] {
        assert!(monitor.update_at(at, "b", 3.0, 10).is_err());
    }
    let after = monitor
        .inner()
        .get("b")
        .unwrap()
        .status_at(secs(1))
        .unwrap();
    assert_eq!((after.lag, after.level), (before.lag, before.level));
    assert_eq!((after.samples, after.refused), (1, 7));
    let statistics = monitor.inner().statistics_at(secs(1));
    assert_eq!((statistics.samples, statistics.refused), (2, 7));
    assert_eq!(statistics.mean, Some(secs(2)));

    let (monitor, follower) = one();
    push(&follower, 0, 100, 150);
    let ahead = status(&follower, 0);
    assert_eq!(conditions(&ahead), ["follower_ahead"]);
    assert_eq!((ahead.lag, ahead.growth), (None, None));
    assert_eq!(
        (ahead.breach, ahead.catch_up),
        (Crossing::Unknown, Crossing::Unknown)
    );
    assert!(follower.forecast(secs(10), 0.9).is_none());
    let statistics = monitor.statistics_at(secs(0));
    assert_eq!((statistics.unknown, statistics.mean), (1, None));
    push(&follower, 1, 100, 150);
    push(&follower, 2, 100, 150);
    assert_eq!(
        said(&monitor),
        ["b follower_ahead:pending", "b follower_ahead:firing"]
    );
}

/// A node that says nothing has no data, and its last state counts no more.
#[test]
fn silence_row_is_no_data() {
    let (monitor, follower) = one();
    for second in 0..5 {
        push(&follower, second, second, second);
    }
    assert!(status(&follower, 13).conditions.is_empty());
    assert_eq!(conditions(&status(&follower, 14)), ["no_data"]);
    assert_eq!(said(&monitor), ["b no_data:firing"]);
    let statistics = monitor.statistics_at(secs(14));
    assert_eq!(
        (statistics.no_data, statistics.unknown, statistics.normal),
        (1, 1, 0)
    );
    assert!(!status(&follower, 14).is_proven());
}

/// Counts are kept on each update; that they are exact under threads is in `threads`.
#[test]
fn statistics_row_counts_equal_a_recount() {
    let monitor = LagMonitor::new();
    let mut lags = Vec::new();
    for number in 0..1_000_u64 {
        let follower = monitor
            .follower_at(format!("node-{number:04}").as_str(), Duration::ZERO)
            .unwrap();
        let lag = number % 40;
        for at in [1, 2] {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            follower.push_lag_at(secs(at), lag as f64, 1).unwrap();
        }
        lags.push(lag);
    }
    lags.sort_unstable();
    let statistics = monitor.statistics_at(secs(2));
    let count = |from, to| lags.iter().filter(|it| (from..to).contains(*it)).count() as u64;
    assert_eq!(statistics.normal, count(0, 5));
    assert_eq!(statistics.warning, count(5, 30));
    assert_eq!(statistics.critical, count(30, 99));
    assert_eq!(statistics.p50, Some(secs(lags[499])));
    assert_eq!(statistics.p99, Some(secs(lags[989])));
    assert_eq!(statistics.max, Some(secs(39)));
    assert_eq!(statistics.mean, Some(Duration::from_millis(19_500)));
}

/// A status is a small value, and an hour of samples a bounded history.
#[test]
fn status_row_an_hour_of_samples_is_48_spans() {
    let (_monitor, follower) = one();
    let milli = Duration::from_millis(1);
    for step in 0..400_000_u64 {
        let at = milli * u32::try_from(step).unwrap() * 10;
        follower.push_at(at, Sample::new(step, step)).unwrap();
    }
    let history = follower.history();
    assert_eq!(history.len(), 48);
    assert!(size_of::<health_lag::Status>() < 512);
    assert_eq!(follower.status_at(secs(4_000)).unwrap().samples, 400_000);
}
