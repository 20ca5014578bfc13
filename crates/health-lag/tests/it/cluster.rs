//! Several followers of one leader: what they share, and what begins anew for all of them.

use std::time::Duration;

use health_lag::{FollowerSpec, LagMonitor, RegisterError, Sample};

use crate::{conditions, push, secs, status};

fn two() -> (LagMonitor, [health_lag::Follower; 2]) {
    let monitor = LagMonitor::new();
    let followers = ["a", "b"].map(|name| {
        let spec = FollowerSpec::new(name).of("primary");
        monitor.follower_at(spec, Duration::ZERO).unwrap()
    });
    (monitor, followers)
}

#[test]
fn one_learns_from_what_the_other_told_of_the_leader() {
    let (_monitor, [a, b]) = two();
    for second in 0..20 {
        push(&a, second, 100 * second, 100 * second);
    }
    // Its first sample; the leader was at 900 eleven seconds ago.
    push(&b, 20, 2_000, 900);
    assert_eq!(status(&b, 20).lag_duration(), Some(secs(11)));
}

#[test]
fn a_failover_resets_all_and_is_over_with_new_evidence() {
    let (_monitor, [a, b]) = two();
    for second in 0..20 {
        push(&a, second, 1_000 + 100 * second, 1_000 + 100 * second);
        push(&b, second, 1_000 + 100 * second, 1_000);
    }
    for (follower, applied) in [(&a, 50), (&b, 40)] {
        let sample = Sample::new(50, applied).epoch(1);
        follower.push_at(secs(20), sample).unwrap();
        assert_eq!(conditions(&status(follower, 20)), ["reset"]);
    }
    for second in 21..30 {
        for follower in [&a, &b] {
            let position = 10 * second;
            let sample = Sample::new(position, position).epoch(1);
            follower.push_at(secs(second), sample).unwrap();
        }
    }
    for follower in [&a, &b] {
        assert!(status(follower, 29).conditions.is_empty());
    }
}

#[test]
fn names_are_unique_and_free_again_after_a_follower_has_gone() {
    let (monitor, [a, _]) = two();
    let taken = RegisterError::Taken("a".to_owned());
    assert_eq!(monitor.follower("a").unwrap_err(), taken);
    monitor.unregister("a").unwrap();
    assert!(monitor.unregister("a").is_err());
    assert!(a.status().is_none());
    let error = a.push(Sample::new(1, 1)).unwrap_err();
    assert!(error.to_string().contains("not registered any more"));
    let again = monitor.follower("a").unwrap();
    again.push(Sample::new(1, 1)).unwrap();
    a.unregister();
    assert!(again.status().is_some(), "an old handle has no say");
    let names: Vec<_> = monitor
        .statuses()
        .iter()
        .map(|it| it.follower.to_string())
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(monitor.statistics().followers, 2);
}

#[test]
fn a_churn_of_followers_leaves_nothing_behind() {
    let monitor = LagMonitor::new();
    for round in 0..1_000 {
        let spec = FollowerSpec::new("a").of(format!("leader-{round}"));
        let follower = monitor.follower_at(spec, secs(round)).unwrap();
        follower.push_lag_at(secs(round + 1), 40.0, 1).unwrap();
        monitor.unregister_at("a", secs(round + 2)).unwrap();
    }
    let statistics = monitor.statistics_at(secs(2_000));
    assert_eq!((statistics.followers, statistics.critical), (0, 0));
    assert_eq!(statistics.samples, 1_000);
    assert!(monitor.alerts().active().is_empty());
}
