//! Components: what their owners say, and what shows when the owners are gone.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use health_core::{
    Cause, CheckStatus, Component, ComponentSpec, Health, Lifecycle, NodeStatus, Outcome, Probe,
    RegisterError, check_fn,
};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::stage::{check, ms, secs, settle};

fn shown(health: &Health, name: &str) -> (CheckStatus, Cause) {
    let state = check(health, name);
    assert_eq!(
        health.report().check(name).unwrap().status,
        state.status,
        "the report says the same"
    );
    (state.status, state.cause)
}

/// A running node with one critical component that is ready.
fn node(spec: ComponentSpec) -> (Health, Component) {
    let health = Health::new();
    let part = health.component(spec.critical()).unwrap();
    health.start().unwrap();
    part.ready();
    assert_eq!(health.lifecycle(), Lifecycle::Running);
    assert!(health.verdict(Probe::Ready).passing);
    (health, part)
}

#[tokio::test(start_paused = true)]
async fn it_says_how_it_is() {
    let (health, part) = node(ComponentSpec::new("part").history(3));
    for (say, expected, passing) in [
        (
            Box::new(|part: &Component| part.degraded("slow")) as Box<dyn Fn(&Component)>,
            (CheckStatus::Degraded, Cause::Reported),
            true,
        ),
        (
            Box::new(|part| part.not_ready("full")),
            (CheckStatus::Unhealthy, Cause::Reported),
            false,
        ),
        (
            Box::new(|part| part.stopping("bye")),
            (CheckStatus::Stopping, Cause::Reported),
            false,
        ),
        (
            Box::new(Component::ready),
            (CheckStatus::Healthy, Cause::Reported),
            true,
        ),
    ] {
        say(&part);
        assert_eq!(shown(&health, "part"), expected);
        assert_eq!(health.verdict(Probe::Ready).passing, passing);
    }
    part.report(Outcome::degraded("queue").detail("depth", 83));
    part.ready();
    let state = check(&health, "part");
    assert_eq!(json!(state.details.as_deref()), json!({"depth": 83}));
    assert_eq!(health.history("part").unwrap().entries.len(), 3);
    assert!(state.component && !state.spec.name.is_empty());
    // It needs no heartbeat, and asking it runs nothing.
    sleep(secs(100_000)).await;
    assert_eq!(health.ask("part").await.unwrap().runs, state.runs);
    assert!(check(&health, "part").healthy());
}

#[tokio::test(start_paused = true)]
async fn however_its_owner_goes_it_shows() {
    // Dropped.
    let (health, part) = node(ComponentSpec::new("part"));
    drop(part);
    assert_eq!(
        shown(&health, "part"),
        (CheckStatus::Stopped, Cause::Dropped)
    );
    assert_eq!(check(&health, "part").reason(), "its owner is gone");
    assert!(!health.verdict(Probe::Ready).passing);

    // Dropped by a panic.
    let (health, part) = node(ComponentSpec::new("part"));
    let unwound = catch_unwind(AssertUnwindSafe(move || {
        part.degraded("getting worse");
        panic!("with {part:?}");
    }));
    assert!(unwound.is_err());
    assert_eq!(
        shown(&health, "part"),
        (CheckStatus::Panicked, Cause::Panic)
    );
    assert!(!health.verdict(Probe::Ready).passing);

    // Its task aborted, or panicked.
    for (panics, expected) in [
        (false, (CheckStatus::Stopped, Cause::Dropped)),
        (true, (CheckStatus::Panicked, Cause::Panic)),
    ] {
        let (health, part) = node(ComponentSpec::new("part").heartbeat(secs(10)));
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            loop {
                sleep(secs(1)).await;
                part.beat();
                assert!(!panics, "as planned");
            }
        });
        sleep(ms(500)).await;
        if !panics {
            tasks.abort_all();
        }
        assert!(tasks.join_next().await.unwrap().is_err());
        assert_eq!(shown(&health, "part"), expected);
        sleep(secs(1000)).await;
        assert_eq!(shown(&health, "part"), expected, "never overlaid by stale");
    }
}

#[tokio::test(start_paused = true)]
async fn silence_beyond_the_heartbeat_is_stale_and_a_beat_ends_it() {
    let (health, part) = node(ComponentSpec::new("part").heartbeat(secs(10)));
    for _ in 0..10 {
        sleep(secs(9)).await;
        part.beat();
        assert!(check(&health, "part").healthy());
        assert!(health.verdict(Probe::Ready).passing);
    }
    let runs = check(&health, "part").runs;
    sleep(secs(10) + ms(5)).await;
    assert_eq!(shown(&health, "part"), (CheckStatus::Unknown, Cause::Stale));
    assert!(!health.verdict(Probe::Ready).passing);
    part.beat();
    assert_eq!(
        shown(&health, "part"),
        (CheckStatus::Healthy, Cause::Reported)
    );
    assert!(health.verdict(Probe::Ready).passing);
    assert_eq!(check(&health, "part").runs, runs, "a beat is no report");
    sleep(secs(9)).await;
    part.degraded("slow");
    sleep(secs(9)).await;
    assert_eq!(shown(&health, "part").0, CheckStatus::Degraded);
}

/// A beat comes after a reader found it stale, but before the sweeper did.
#[tokio::test(start_paused = true)]
async fn a_late_beat_is_seen_in_the_report() {
    let health = Health::new();
    let spec = ComponentSpec::new("part").heartbeat(secs(10));
    let part = health.component(spec.informational()).unwrap();
    health.start().unwrap();
    part.ready();
    settle().await;
    // No task runs during an advance of one poll.
    let mut advance = Box::pin(tokio::time::advance(secs(11)));
    let _ = std::future::poll_fn(|cx| {
        use std::future::Future;
        std::task::Poll::Ready(advance.as_mut().poll(cx).is_ready())
    })
    .await;
    assert_eq!(health.report().check("part").unwrap().cause, Cause::Stale);
    part.beat();
    assert!(check(&health, "part").healthy());
    assert!(health.report().check("part").unwrap().healthy());
    settle().await;
    assert!(health.report().check("part").unwrap().healthy());
}

#[tokio::test(start_paused = true)]
async fn a_beat_says_nothing_that_was_not_said() {
    let health = Health::new();
    let spec = ComponentSpec::new("part").heartbeat(secs(10)).critical();
    let part = health.component(spec).unwrap();
    health.start().unwrap();
    part.beat();
    assert_eq!(
        shown(&health, "part"),
        (CheckStatus::Starting, Cause::Pending)
    );
    assert_eq!(health.lifecycle(), Lifecycle::Starting);
    assert!(!health.verdict(Probe::Ready).passing);
    part.stopping("bye");
    part.beat();
    sleep(secs(100)).await;
    assert_eq!(shown(&health, "part").0, CheckStatus::Stopping);
}

#[tokio::test(start_paused = true)]
async fn a_name_is_taken_until_its_owner_is_gone() {
    let (health, part) = node(ComponentSpec::new("part"));
    let taken = || Some(RegisterError::Duplicate("part".to_owned()));
    let component = || health.component(ComponentSpec::new("part").critical());
    let check_of_it = || health.register(check_fn("part", |_| async {}));
    assert_eq!(component().err(), taken());
    assert_eq!(check_of_it().err(), taken());
    part.stopping("bye");
    assert_eq!(component().err(), taken(), "its owner is still there");
    drop(part);
    assert_eq!(check_of_it().err(), taken(), "only a component returns");

    let again = component().unwrap();
    assert_eq!(
        shown(&health, "part"),
        (CheckStatus::Starting, Cause::Pending)
    );
    assert!(
        health.verdict(Probe::Ready).passing,
        "pending, not yet counted"
    );
    again.ready();
    assert_eq!(check(&health, "part").runs, 1);
    assert!(health.verdict(Probe::Ready).passing);
    assert_eq!(health.report().checks.len(), 1);

    // The handle of a life that is over says nothing about the next.
    health.unregister("part").unwrap();
    let third = component().unwrap();
    third.ready();
    again.not_ready("from beyond");
    drop(again);
    assert!(check(&health, "part").healthy());
    assert_eq!(component().err(), taken());
    drop(third);
}

#[tokio::test(start_paused = true)]
async fn a_returned_component_counts_once_its_grace_is_over() {
    let (health, part) = node(ComponentSpec::new("part"));
    drop(part);
    let _silent = health.component(ComponentSpec::new("part").critical());
    assert!(health.verdict(Probe::Ready).passing);
    sleep(secs(11)).await;
    assert!(!health.verdict(Probe::Ready).passing);
    assert_eq!(health.report().status, NodeStatus::Unhealthy);
    assert_eq!(
        shown(&health, "part"),
        (CheckStatus::Starting, Cause::Pending)
    );
}

#[tokio::test(start_paused = true)]
async fn frozen_its_last_word_stands() {
    let (health, part) = node(ComponentSpec::new("migration").heartbeat(secs(1)));
    sleep(ms(500)).await;
    part.freeze();
    sleep(secs(1000)).await;
    assert!(check(&health, "migration").healthy());
    assert!(health.verdict(Probe::Ready).passing);

    // Frozen after it was found stale: the last word is back.
    let spec = ComponentSpec::new("slow").heartbeat(secs(1));
    let part = health.component(spec).unwrap();
    part.degraded("late");
    sleep(secs(2)).await;
    assert_eq!(shown(&health, "slow").1, Cause::Stale);
    part.freeze();
    assert_eq!(shown(&health, "slow").0, CheckStatus::Degraded);
}

#[test]
fn it_speaks_without_a_runtime_and_from_any_thread() {
    let health = Health::new();
    let part = Arc::new(health.component(ComponentSpec::new("part")).unwrap());
    std::thread::scope(|scope| {
        for i in 0..8 {
            let part = Arc::clone(&part);
            scope.spawn(move || {
                for _ in 0..1000 {
                    part.degraded(format!("from {i}"));
                    part.beat();
                }
                part.ready();
            });
        }
    });
    let state = check(&health, "part");
    assert!(state.runs == 8 * 1001 && state.healthy());
    drop(part);
    assert_eq!(check(&health, "part").status, CheckStatus::Stopped);
}

#[tokio::test(start_paused = true)]
async fn what_a_component_said_for_good_outlives_being_switched_off() {
    let health = Health::new();
    health.start().unwrap();
    let said = health
        .component(ComponentSpec::new("said").critical())
        .unwrap();
    said.ready();
    let done = health
        .component(ComponentSpec::new("done").critical())
        .unwrap();
    done.ready();
    done.freeze();
    for name in ["said", "done"] {
        health.disable(name).unwrap();
        assert_eq!(health.check(name).unwrap().cause, Cause::Disabled);
        health.enable(name).unwrap();
        assert!(health.check(name).unwrap().healthy(), "{name}");
    }
    assert!(health.verdict(Probe::Ready).passing);
    drop(said);
}
