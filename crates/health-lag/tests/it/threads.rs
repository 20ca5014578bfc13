//! Many threads at once: nothing is lost, and counts are exact.

use std::thread;
use std::time::Duration;

use health_lag::{AlertEvent, AlertKind, Follower, FollowerSpec, LagMonitor};

use crate::secs;

const THREADS: u64 = 8;
const FLAPS: u64 = 125_000;

/// A million changes of level in all. Each thread has a follower of its own; all have one leader, and
/// so one lock.
#[test]
fn a_million_flaps_from_8_threads_are_counted_exactly_in_bounded_memory() {
    let monitor = LagMonitor::new();
    thread::scope(|scope| {
        for number in 0..THREADS {
            let spec = FollowerSpec::new(format!("node-{number}")).of("leader");
            let follower = monitor.follower_at(spec, Duration::ZERO).unwrap();
            scope.spawn(move || {
                for flap in 1..=FLAPS {
                    let at = Duration::from_millis(flap);
                    let lag = if flap % 2 == 1 { 40.0 } else { 0.5 };
                    follower.push_lag_at(at, lag, 1).unwrap();
                }
            });
        }
        // Somebody who reads meanwhile sees whole numbers of one moment.
        scope.spawn(|| {
            for _ in 0..200 {
                let statistics = monitor.statistics_at(Duration::ZERO);
                let known = statistics.normal + statistics.warning + statistics.critical;
                assert_eq!(known + statistics.unknown, statistics.followers);
                let _ = monitor.statuses_at(Duration::ZERO);
            }
        });
    });
    let now = Duration::from_millis(FLAPS);
    let statistics = monitor.statistics_at(now);
    assert_eq!(statistics.samples, THREADS * FLAPS);
    assert_eq!(statistics.level_changes, THREADS * FLAPS);
    assert_eq!((statistics.normal, statistics.critical), (THREADS, 0));
    assert_eq!(statistics.refused, 0);
    for status in monitor.statuses_at(now) {
        assert_eq!((status.samples, status.refused), (FLAPS, 0));
    }
    let alerts = monitor.alerts();
    let page = alerts.since(1);
    let kept = u64::try_from(page.alerts.len()).unwrap();
    assert!(kept <= 1_024);
    let kinds = AlertKind::ALL.into_iter();
    let said: u64 = kinds
        .flat_map(|kind| AlertEvent::ALL.map(|event| alerts.count(kind, event)))
        .sum();
    assert_eq!(page.next - 1, said);
    assert_eq!(kept + alerts.dropped(), said);
}

/// The same where each flap is an alert: the log overflows, a subscriber never reads.
#[test]
fn a_million_alerts_from_8_threads_leave_a_full_log_and_nothing_else() {
    const ROUNDS: u64 = 5;
    const LOG: u64 = 1_024;
    let monitor = LagMonitor::builder()
        .pending(Duration::ZERO)
        .resolve_after(Duration::ZERO)
        .cooldown(Duration::ZERO)
        .no_prediction()
        .build()
        .unwrap();
    let _reads_nothing = monitor.alerts().subscribe();
    let followers: Vec<_> = (0..THREADS)
        .map(|number| {
            let spec = FollowerSpec::new(format!("node-{number}")).of("leader");
            monitor.follower_at(spec, Duration::ZERO).unwrap()
        })
        .collect();
    let flaps = FLAPS / ROUNDS;
    let mut grown = Vec::new();
    for round in 0..ROUNDS {
        let round_of = |follower: &Follower| {
            for flap in round * flaps + 1..=(round + 1) * flaps {
                let lag = if flap % 2 == 1 { 40.0 } else { 0.5 };
                let at = Duration::from_millis(flap);
                follower.push_lag_at(at, lag, 1).unwrap();
            }
        };
        // What one thread allocates another frees: only the sum says what is left.
        let left: i64 = thread::scope(|scope| {
            let threads: Vec<_> = followers
                .iter()
                .map(|follower| {
                    scope.spawn(|| allocation_counter::measure(|| round_of(follower)).bytes_current)
                })
                .collect();
            threads.into_iter().map(|it| it.join().unwrap()).sum()
        });
        grown.push(left);
    }
    let alerts = monitor.alerts();
    for event in [AlertEvent::Firing, AlertEvent::Resolved] {
        assert_eq!(alerts.count(AlertKind::Lag, event), THREADS * FLAPS / 2);
    }
    let said = THREADS * FLAPS;
    assert_eq!(alerts.dropped(), said - LOG);
    let page = alerts.since(1);
    assert_eq!((page.missed, page.next), (said - LOG, said + 1));
    let numbers = page.alerts.iter().map(|it| it.sequence);
    assert!(numbers.eq(said - LOG + 1..=said));
    let now = Duration::from_millis(FLAPS);
    let statistics = monitor.statistics_at(now);
    assert_eq!(
        (statistics.level_changes, statistics.alerts_dropped),
        (said, said - LOG)
    );
    assert_eq!(alerts.active_at(now), []);
    // The first round fills the log and the queue of the subscriber, and then nothing grows any more;
    // messages differ in length.
    let (first, later) = grown.split_first().unwrap();
    assert!(*first < 1 << 20, "{grown:?}");
    assert!(later.iter().all(|bytes| bytes.abs() < 1 << 16), "{grown:?}");
}

/// Of two samples with one time one is refused, whoever comes first.
#[test]
fn threads_that_push_the_same_follower_lose_no_count() {
    let monitor = LagMonitor::new();
    let follower = monitor.follower_at("b", Duration::ZERO).unwrap();
    let refused: u64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let pushes = (1..=10_000).map(|at| follower.push_lag_at(secs(at), 1.0, 1));
                    pushes.filter(Result::is_err).count() as u64
                })
            })
            .collect();
        threads.into_iter().map(|it| it.join().unwrap()).sum()
    });
    let statistics = monitor.statistics_at(secs(10_000));
    assert_eq!(statistics.samples + statistics.refused, THREADS * 10_000);
    assert_eq!(statistics.refused, refused);
    let status = follower.status_at(secs(10_000)).unwrap();
    assert_eq!(
        (status.samples, status.refused),
        (statistics.samples, refused)
    );
}

#[test]
fn registering_pushing_and_leaving_at_once_does_no_harm() {
    let monitor = LagMonitor::new();
    thread::scope(|scope| {
        for number in 0..THREADS {
            let monitor = &monitor;
            scope.spawn(move || {
                for round in 0..300 {
                    let spec = FollowerSpec::new(format!("node-{number}")).of("leader");
                    let follower = monitor.follower(spec).unwrap();
                    for _ in 0..5 {
                        let _ = follower.push_lag(40.0, round);
                    }
                    let _ = monitor.statistics();
                    follower.unregister();
                }
            });
        }
    });
    let statistics = monitor.statistics();
    assert_eq!((statistics.followers, statistics.critical), (0, 0));
    assert_eq!(statistics.samples + statistics.refused, THREADS * 1_500);
}
