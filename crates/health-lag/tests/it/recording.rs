//! A real trace of PostgreSQL, replayed: the lag is the true one, a stop shows, no false alarm.

use std::time::Duration;

use health_lag::{AlertEvent, AlertKind, Condition, LagMonitor, Sample};

const TRACE: &str = include_str!("../data/pg_replication_lag.csv");
/// The last sample that shows progress before replay was resumed.
const STOPPED: f64 = 150.495;
const RESUMED: f64 = 195.100;

struct Row {
    time: f64,
    leader: u64,
    applied: u64,
    lag: f64,
}

fn rows() -> Vec<Row> {
    let row = |line: &str| {
        let fields: Vec<_> = line.split(',').collect();
        Row {
            time: fields[0].parse().unwrap(),
            leader: fields[1].parse().unwrap(),
            applied: fields[2].parse().unwrap(),
            lag: fields[3].parse().unwrap(),
        }
    };
    TRACE.lines().skip(1).map(row).collect()
}

#[test]
fn the_lag_is_that_which_hindsight_gives() {
    let monitor = LagMonitor::new();
    let follower = monitor.follower_at("standby", Duration::ZERO).unwrap();
    let mut worst: f64 = 0.0;
    for row in rows() {
        let at = Duration::from_secs_f64(row.time);
        let sample = Sample::new(row.leader, row.applied);
        follower.push_at(at, sample).unwrap();
        let status = follower.status_at(at).unwrap();
        let lag = status.lag_duration().unwrap().as_secs_f64();
        worst = worst.max((lag - row.lag).abs());
    }
    assert!(worst < 0.02, "{worst}");
}

#[test]
fn the_pause_is_a_stall_after_10_to_11_seconds_and_there_is_no_other() {
    let monitor = LagMonitor::new();
    let follower = monitor.follower_at("standby", Duration::ZERO).unwrap();
    let mut stalled = Vec::new();
    for row in rows() {
        let at = Duration::from_secs_f64(row.time);
        let sample = Sample::new(row.leader, row.applied);
        follower.push_at(at, sample).unwrap();
        let conditions = follower.status_at(at).unwrap().conditions;
        assert!(
            conditions.without(Condition::Stalled).is_empty(),
            "{}",
            row.time
        );
        if conditions.has(Condition::Stalled) {
            stalled.push(row.time);
        }
    }
    let after = stalled[0] - STOPPED;
    assert!((10.0..=11.0).contains(&after), "{after}");
    let last = stalled.last().unwrap();
    assert!((RESUMED - 1.0..RESUMED + 1.0).contains(last), "{last}");
    let alerts = monitor.alerts();
    assert_eq!(alerts.count(AlertKind::Stalled, AlertEvent::Firing), 1);
    assert_eq!(alerts.count(AlertKind::NoData, AlertEvent::Firing), 0);
    assert_eq!(
        alerts.count(AlertKind::FollowerAhead, AlertEvent::Pending),
        0
    );
}

#[test]
fn the_one_crossing_of_30_s_is_predicted_20_s_ahead() {
    let monitor = LagMonitor::new();
    let follower = monitor.follower_at("standby", Duration::ZERO).unwrap();
    let rows = rows();
    let crossed = rows.iter().find(|row| row.lag >= 30.0).unwrap().time;
    let (mut predicted, mut false_alarms) = (Vec::new(), 0);
    for row in &rows {
        let at = Duration::from_secs_f64(row.time);
        let sample = Sample::new(row.leader, row.applied);
        follower.push_at(at, sample).unwrap();
        if follower.status_at(at).unwrap().breach_predicted {
            predicted.push(row.time);
            false_alarms += usize::from(!(crossed - 60.0..=crossed).contains(&row.time));
        }
    }
    let ahead = predicted
        .iter()
        .find(|time| **time > crossed - 60.0)
        .unwrap();
    assert!(crossed - ahead >= 20.0, "{}", crossed - ahead);
    assert!(false_alarms * 50 <= rows.len(), "{false_alarms}");
    let alerts = monitor.alerts().since(1).alerts;
    let fired = alerts
        .iter()
        .find(|it| it.kind == AlertKind::PredictedBreach && it.event == AlertEvent::Firing)
        .unwrap();
    assert!(crossed - fired.at.as_secs_f64() >= 20.0, "{:?}", fired.at);
}
