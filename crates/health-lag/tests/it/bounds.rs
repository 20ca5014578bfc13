//! What a sample allocates once a follower is in its stride: nothing. Sizes are beside the types.

use std::time::Duration;

use health_lag::{FollowerSpec, LagMonitor, Sample};

#[test]
fn a_sample_allocates_nothing_in_steady_state() {
    let monitor = LagMonitor::new();
    let followers: Vec<_> = (0..10)
        .map(|number| {
            let spec = FollowerSpec::new(format!("node-{number}")).of("leader");
            monitor.follower_at(spec, Duration::ZERO).unwrap()
        })
        .collect();
    let push = |from: u64, to: u64| {
        for step in from..to {
            let at = Duration::from_millis(250) * u32::try_from(step).unwrap();
            for (late, follower) in (0..).zip(&followers) {
                // Half a second to three seconds behind, unsteadily.
                let behind = 500 + 250 * late + (step * 7_919) % 100;
                let leader = 10_000 + 250 * step + late;
                follower
                    .push_at(at, Sample::new(leader, leader - behind))
                    .unwrap();
            }
        }
    };
    push(1, 4_000);
    let spent = allocation_counter::measure(|| push(4_000, 8_000));
    assert_eq!((spent.count_total, spent.bytes_total), (0, 0));
    assert_eq!(monitor.statistics_at(Duration::from_secs(2_000)).normal, 10);
}

#[test]
fn a_status_allocates_nothing_either() {
    let monitor = LagMonitor::new();
    let follower = monitor.follower_at("b", Duration::ZERO).unwrap();
    for second in 1..100 {
        let at = Duration::from_secs(second);
        follower
            .push_at(at, Sample::new(100 * second, 90 * second))
            .unwrap();
    }
    let at = Duration::from_secs(100);
    let spent = allocation_counter::measure(|| drop(follower.status_at(at)));
    assert_eq!(spent.count_total, 0);
}
