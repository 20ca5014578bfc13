//! Evidence that runs out: a node whose scheduler died reads as stale, however it is read.

use std::sync::Arc;

use health_core::{
    Aggregation, Cause, CheckStatus, ComponentSpec, Group, Health, NodeStatus, Outcome, Probe,
    check_fn,
};
use tokio::time::sleep;

use crate::stage::{check, ms, paused_runtime, secs, settle};

/// A node that ran a while on a runtime that is gone.
fn orphaned(setup: impl FnOnce(&Health)) -> Health {
    let runtime = paused_runtime();
    runtime.block_on(async {
        let health = Health::new();
        setup(&health);
        health.start().unwrap();
        sleep(secs(15)).await;
        health
    })
}

/// Lets `seconds` pass for readers who have a runtime of their own, then reads.
fn later(seconds: u64, read: impl FnOnce()) {
    paused_runtime().block_on(async {
        tokio::time::advance(secs(seconds)).await;
        read();
    });
}

#[test]
fn a_check_whose_scheduler_died_is_stale_for_every_reader() {
    let health = orphaned(|health| {
        let db = check_fn("db", |_| async { Outcome::healthy().detail("n", 1) });
        let db = db.every(secs(10)).timeout(secs(1)).critical().live();
        health.register(db.tag("storage")).unwrap();
        health.group(Group::tagged("storage", "storage")).unwrap();
    });
    // It ran last at 10 s or later, and is good for 31 s from then.
    later(20, || {
        assert!(check(&health, "db").healthy());
        assert!(health.verdict(Probe::Ready).passing);
        let report = health.report();
        assert_eq!(report.status, NodeStatus::Healthy);
        assert!(Arc::ptr_eq(&report, &health.report()));
    });
    let fresh = health.report();
    later(60, || {
        let state = check(&health, "db");
        assert_eq!(
            (state.status, state.cause),
            (CheckStatus::Unknown, Cause::Stale)
        );
        assert_eq!(state.effective, None);
        assert!(state.reason().contains("max age"), "{}", state.reason());
        assert!(state.details.is_some(), "what was known last stays visible");
        for probe in [Probe::Ready, Probe::Health] {
            let verdict = health.verdict(probe);
            assert_eq!(
                (verdict.passing, verdict.status, verdict.stale),
                (false, NodeStatus::Unhealthy, true)
            );
        }
        let now = tokio::time::Instant::now().into_std();
        assert!(!health.verdict_at(Probe::Ready, now).passing);
        let (verdict, sentence) = health.answer_at(Probe::Ready, now);
        assert!(!verdict.passing && sentence.contains("evidence ran out"));
        assert!(
            health.verdict(Probe::Live).passing,
            "no evidence, no restart"
        );
        assert!(health.verdict(Probe::Startup).passing, "it latches");

        let report = health.report();
        assert!(report.stamp > fresh.stamp);
        assert_eq!(report.status, NodeStatus::Unhealthy);
        assert_eq!(report.check("db").unwrap().cause, Cause::Stale);
        assert!(Arc::ptr_eq(&report, &health.report()));
        assert_eq!(health.summary().failed_checks, 1);
        assert!(!health.group_verdict("storage").unwrap().passing);
        let group = health.group_report("storage").unwrap();
        assert_eq!(group.status, NodeStatus::Unhealthy);
    });
}

#[test]
fn what_a_dead_scheduler_means_depends_on_impact() {
    type Setup = fn(health_core::Registration) -> health_core::Registration;
    for (setup, expected) in [
        ((|c| c.critical()) as Setup, NodeStatus::Unhealthy),
        (|c| c.non_critical(), NodeStatus::Degraded),
        (|c| c.informational(), NodeStatus::Healthy),
        (|c| c.critical().disabled(), NodeStatus::Healthy),
    ] {
        let health = orphaned(|health| {
            let check = check_fn("part", |_| async {}).every(secs(1));
            health.register(setup(check)).unwrap();
        });
        later(100, || {
            assert_eq!(health.verdict(Probe::Health).status, expected);
            assert_eq!(health.report().status, expected);
        });
    }
}

#[test]
fn a_dead_scheduler_shows_under_every_aggregation() {
    for aggregation in [
        Aggregation::WorstOf,
        Aggregation::Any,
        Aggregation::Quorum(1),
        Aggregation::score(),
        Aggregation::custom(|tallies: &health_core::Tallies| {
            let unknown = tallies.counted(None) > 0;
            health_core::Outcome::from(!unknown).status()
        }),
    ] {
        let runtime = paused_runtime();
        let health = runtime.block_on(async {
            let health = Health::builder().aggregation(aggregation.clone()).build();
            let only = check_fn("only", |_| async {}).every(secs(1));
            health.register(only.critical()).unwrap();
            health.start().unwrap();
            sleep(secs(5)).await;
            assert!(health.verdict(Probe::Ready).passing);
            health
        });
        drop(runtime);
        later(100, || {
            let verdict = health.verdict(Probe::Ready);
            let report = health.report();
            assert_ne!(verdict.status, NodeStatus::Healthy, "{aggregation:?}");
            if !matches!(aggregation, Aggregation::Score { .. }) {
                assert!(!verdict.passing, "{aggregation:?}");
            }
            assert_ne!(report.status, NodeStatus::Healthy, "{aggregation:?}");
        });
    }
}

/// Nothing ever ran, and nobody is left to notice it.
#[test]
fn a_first_result_that_never_comes_counts_without_a_scheduler() {
    let health = orphaned(|_| {});
    assert!(health.verdict(Probe::Ready).passing);
    let late = check_fn("late", |_| async {}).timeout(secs(10)).critical();
    health.register(late).unwrap();
    let component = ComponentSpec::new("mute").critical();
    let _mute = health.component(component).unwrap();
    later(5, || {
        assert!(health.verdict(Probe::Ready).passing, "still pending");
        assert_eq!(check(&health, "late").cause, Cause::Pending);
    });
    later(30, || {
        assert!(!health.verdict(Probe::Ready).passing);
        assert_eq!(health.report().status, NodeStatus::Unhealthy);
        assert_eq!(check(&health, "late").cause, Cause::Pending);
        assert_eq!(check(&health, "late").status, CheckStatus::Unknown);
        assert_eq!(check(&health, "mute").status, CheckStatus::Starting);
        assert!(health.verdict(Probe::Live).passing);
    });
}

/// The sweeper makes a stale check a transition of its own, and one result ends it.
#[tokio::test(start_paused = true)]
async fn a_hand_that_stops_asking_lets_it_go_stale_and_one_run_ends_it() {
    let health = Health::new();
    let lazy = check_fn("lazy", |_| async {}).on_demand(secs(10));
    let lazy = lazy.max_age(secs(30)).thresholds(1, 3).critical();
    health.register(lazy).unwrap();
    health.start().unwrap();
    settle().await;
    let mut events = health.subscribe();
    sleep(secs(31)).await;
    let state = check(&health, "lazy");
    assert_eq!(state.cause, Cause::Stale);
    assert!(!health.verdict(Probe::Ready).passing);
    assert!(
        !health.verdict(Probe::Ready).stale,
        "recounted by the writer"
    );
    health.ask("lazy").await.unwrap();
    assert!(
        check(&health, "lazy").healthy(),
        "no threshold for what is new"
    );
    assert!(health.verdict(Probe::Ready).passing);
    let mut transitions = Vec::new();
    while transitions.len() < 2 {
        if let Some(health_core::Notice::Event(event)) = events.next().await
            && let health_core::EventKind::Transition { check, from } = &event.kind
        {
            transitions.push((*from, check.status));
        }
    }
    assert_eq!(
        transitions,
        [
            (CheckStatus::Healthy, CheckStatus::Unknown),
            (CheckStatus::Unknown, CheckStatus::Healthy)
        ]
    );
}

/// The bounds that readers compare with are lower ones; what beats in time must
/// never be seen past them.
#[tokio::test(start_paused = true)]
async fn who_reports_in_time_is_never_read_as_stale() {
    for (ttl, beat) in [(1000, 900), (1000, 400), (200, 150), (3000, 2700)] {
        let health = Health::new();
        let spec = ComponentSpec::new("part").heartbeat(ms(ttl)).critical();
        let part = health.component(spec).unwrap();
        let gone = check_fn("gone", |_| async {}).every(ms(ttl)).critical();
        health.register(gone.timeout(ms(ttl))).unwrap();
        health.start().unwrap();
        part.ready();
        settle().await;
        // What it leaves behind must not be read as the evidence of others.
        health.unregister("gone").unwrap();
        for now in 0..10 * ttl {
            if now % beat == 0 {
                part.beat();
            }
            let verdict = health.verdict(Probe::Ready);
            assert!(verdict.passing, "{ttl} ms, beat every {beat}: {now}");
            assert!(check(&health, "part").healthy());
            sleep(ms(1)).await;
        }
    }
}
