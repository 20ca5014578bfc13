//! The node's life: what it takes to leave `Starting`, and that nothing undoes `Stopping`.

use std::future::pending;

use health_core::{
    ComponentSpec, GroupError, Health, Lifecycle, NodeStatus, Outcome, Probe, StartError, check_fn,
};
use tokio::time::sleep;

use crate::stage::{Dial, Meter, check, metered, ms, secs, settle};

/// Health, ready, live, startup: whether they pass.
fn passing(health: &Health) -> [bool; 4] {
    [Probe::Health, Probe::Ready, Probe::Live, Probe::Startup]
        .map(|probe| health.verdict(probe).passing)
}

const STARTING: [bool; 4] = [false, false, true, false];
const RUNNING: [bool; 4] = [true; 4];

#[tokio::test(start_paused = true)]
async fn it_starts_once_startup_passed_and_critical_checks_have_spoken() {
    let health = Health::new();
    let dial = Dial::new(|| Outcome::unhealthy("migrating"));
    health
        .register(
            dial.check("migration")
                .every(secs(1))
                .startup()
                .probes(health_core::Probes::NONE.with(Probe::Startup)),
        )
        .unwrap();
    let slow = check_fn("db", |_| async {
        sleep(secs(5)).await;
        Outcome::unhealthy("down")
    });
    health
        .register(slow.every(secs(1)).timeout(secs(60)).critical())
        .unwrap();
    health
        .register(check_fn("cache", |_| pending::<()>()).timeout(secs(5000)))
        .unwrap();
    let part = health
        .component(ComponentSpec::new("part").critical())
        .unwrap();
    assert_eq!(passing(&health), STARTING, "not started yet");
    health.start().unwrap();
    sleep(secs(20)).await;
    assert_eq!(passing(&health), STARTING);
    let now = tokio::time::Instant::now().into_std();
    let (_, sentence) = health.answer_at(Probe::Startup, now);
    assert!(sentence.contains("migration") && sentence.contains("part"));
    assert!(!sentence.contains("db") && !sentence.contains("cache"));

    dial.set(|| Outcome::degraded("slow"));
    sleep(secs(2)).await;
    assert_eq!(passing(&health), STARTING, "the component is silent");
    part.not_ready("soon");
    assert_eq!(health.lifecycle(), Lifecycle::Running);
    assert_eq!(
        passing(&health),
        [false, false, true, true],
        "started, and unhealthy: a first result need not be a good one"
    );
    // Once passed, passed.
    dial.set(|| Outcome::unhealthy("migrating again"));
    sleep(secs(5)).await;
    assert!(health.verdict(Probe::Startup).passing);
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_away_or_switched_off_is_not_awaited() {
    let health = Health::new();
    let hung = || check_fn("hung", |_| pending::<()>()).timeout(secs(5000));
    health.register(hung().critical()).unwrap();
    health.register(hung().named("two").critical()).unwrap();
    health.register(hung().named("three").startup()).unwrap();
    health.start().unwrap();
    sleep(secs(1)).await;
    health.disable("hung").unwrap();
    health.unregister("two").unwrap();
    assert_eq!(health.lifecycle(), Lifecycle::Starting);
    health.replace(check_fn("three", |_| async {})).unwrap();
    assert_eq!(health.lifecycle(), Lifecycle::Running);
    assert_eq!(passing(&health), RUNNING);
}

#[tokio::test(start_paused = true)]
async fn liveness_while_starting_heeds_only_what_asked_for_it() {
    let health = Health::new();
    let dial = Dial::new(|| false.into());
    health
        .register(dial.check("deadlock").every(secs(1)).live().critical())
        .unwrap();
    health
        .register(check_fn("db", |_| async { false }).critical())
        .unwrap();
    health
        .register(
            check_fn("hung", |_| pending::<()>())
                .timeout(secs(9000))
                .startup(),
        )
        .unwrap();
    health.start().unwrap();
    assert!(health.verdict(Probe::Live).passing, "no evidence yet");
    settle().await;
    assert!(!health.verdict(Probe::Live).passing);
    dial.set(|| true.into());
    sleep(secs(2)).await;
    assert!(health.verdict(Probe::Live).passing);
}

#[tokio::test(start_paused = true)]
async fn who_joins_a_running_node_is_pending_first() {
    let health = Health::new();
    health.start().unwrap();
    assert_eq!(passing(&health), RUNNING);
    let bad = |name: &str| {
        check_fn(name, |_| async {
            sleep(secs(3)).await;
            false
        })
        .critical()
    };
    let hung = |name: &str| {
        let hung = check_fn(name, |_| pending::<()>()).critical();
        hung.timeout(secs(20)).initial_delay(secs(5))
    };
    health.register(bad("bad").startup()).unwrap();
    sleep(secs(2)).await;
    assert_eq!(passing(&health), RUNNING, "pending");
    assert_eq!(health.report().tallies.total(), 0);
    sleep(secs(2)).await;
    assert_eq!(passing(&health), [false, false, true, true], "first result");

    health.replace(check_fn("bad", |_| async {})).unwrap();
    assert_eq!(passing(&health), RUNNING, "pending again");
    health.register(hung("hung")).unwrap();
    sleep(ms(24_990)).await;
    assert_eq!(passing(&health), RUNNING, "in its grace");
    sleep(ms(20)).await;
    assert_eq!(passing(&health), [false, false, true, true]);
    health.unregister("hung").unwrap();
    assert_eq!(passing(&health), RUNNING);
}

#[tokio::test(start_paused = true)]
async fn stopping_is_sticky() {
    let health = Health::new();
    let dial = Dial::new(Outcome::healthy);
    health
        .register(dial.check("db").every(secs(1)).critical().live())
        .unwrap();
    health.start().unwrap();
    health.ask("db").await.unwrap();
    assert_eq!(passing(&health), RUNNING);
    health.begin_shutdown();
    let stopping = [false, false, true, true];
    for attempt in 0..8 {
        match attempt {
            0 => assert_eq!(health.start(), Err(StartError::Stopped)),
            1 => health.replace(dial.check("db").every(secs(1))).unwrap(),
            2 => health.disable("db").unwrap(),
            3 => health.enable("db").unwrap(),
            4 => health.register(check_fn("new", |_| async {})).unwrap(),
            5 => health.begin_shutdown(),
            6 => dial.set(|| false.into()),
            _ => health.unregister("db").unwrap(),
        }
        sleep(secs(3)).await;
        assert_eq!(passing(&health), stopping, "attempt {attempt}");
        assert_eq!(health.report().status, NodeStatus::Stopping);
        assert_eq!(health.lifecycle(), Lifecycle::Stopping);
    }
    assert!(check(&health, "new").runs > 0, "checks go on until stop");
    health.stop().await;
    assert_eq!(health.lifecycle(), Lifecycle::Stopped);
    health.begin_shutdown();
    health.stop().await;
    assert_eq!(health.lifecycle(), Lifecycle::Stopped);
    assert_eq!(passing(&health), stopping);
    assert_eq!(health.start(), Err(StartError::Stopped));
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_that_overruns_its_deadline_fails_liveness() {
    let health = Health::new();
    health.start().unwrap();
    health.begin_shutdown_within(secs(30));
    // A later word may bring the deadline nearer, and not put it off.
    health.begin_shutdown_within(secs(1000));
    health.begin_shutdown();
    sleep(ms(29_990)).await;
    assert!(health.verdict(Probe::Live).passing);
    sleep(ms(20)).await;
    let verdict = health.verdict(Probe::Live);
    assert_eq!(
        (verdict.passing, verdict.status),
        (false, NodeStatus::Stopping)
    );
    let now = tokio::time::Instant::now().into_std();
    let (_, sentence) = health.answer_at(Probe::Live, now);
    assert!(sentence.contains("overrun"), "{sentence}");

    let health = Health::new();
    health.start().unwrap();
    health.begin_shutdown();
    health.begin_shutdown_within(secs(5));
    sleep(secs(6)).await;
    assert!(!health.verdict(Probe::Live).passing);
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_before_the_start_is_one() {
    let health = Health::new();
    health.begin_shutdown();
    assert_eq!(health.start(), Err(StartError::Stopped));
    assert_eq!(passing(&health), [false, false, true, false]);
    assert_eq!(health.verdict(Probe::Startup).status, NodeStatus::Stopping);
}

#[test]
fn start_says_what_it_needs() {
    let health = Health::new();
    health
        .register(check_fn("db", |_| async {}).critical())
        .unwrap();
    health
        .group(health_core::Group::listed("g", ["db", "nobody"]))
        .unwrap();
    assert_eq!(health.start(), Err(StartError::NoRuntime));
    crate::stage::paused_runtime().block_on(async {
        let unknown = GroupError::UnknownCheck {
            group: "g".into(),
            check: "nobody".into(),
        };
        assert_eq!(health.start(), Err(StartError::Group(unknown)));
        assert_eq!(health.lifecycle(), Lifecycle::Starting);
        health.register(check_fn("nobody", |_| async {})).unwrap();
        health.start().unwrap();
        assert_eq!(health.start(), Err(StartError::Started));
        health.ask("db").await.unwrap();
        assert_eq!(health.start(), Err(StartError::Started));
        health.stop().await;
        assert_eq!(health.start(), Err(StartError::Stopped));
    });
}

#[test]
fn it_reads_before_the_start_and_after_the_stop_without_a_runtime() {
    let health = Health::builder().node_id("node-1").version("1.4.2").build();
    health
        .register(check_fn("db", |_| async { Outcome::degraded("slow") }).tag("t"))
        .unwrap();
    health.group(health_core::Group::tagged("g", "t")).unwrap();
    let read = |status: NodeStatus, message: &str| {
        let report = health.report();
        assert_eq!((report.status, report.checks.len()), (status, 1));
        assert_eq!((&*report.node_id, &*report.version), ("node-1", "1.4.2"));
        assert_eq!(check(&health, "db").message, message);
        assert_eq!(health.summary().total_checks, 1);
        assert_eq!(health.group_report("g").unwrap().status, status);
        assert!(!health.verdict(Probe::Ready).passing);
        assert!(health.check("nobody").is_none() && health.history("nobody").is_none());
        assert!(health.group_verdict("nobody").is_none());
    };
    read(NodeStatus::Starting, "");
    let meter = Meter::default();
    crate::stage::paused_runtime().block_on(async {
        health.start().unwrap();
        health.ask("db").await.unwrap();
        health.stop().await;
        read(NodeStatus::Stopping, "slow");
        health
            .register(metered("late", &meter, || async {}).every(ms(1)))
            .unwrap();
        sleep(secs(5)).await;
    });
    assert_eq!(meter.runs(), 0, "nothing runs after the stop");
    health.unregister("late").unwrap();
    read(NodeStatus::Stopping, "slow");
}
