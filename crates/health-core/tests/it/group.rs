//! Groups and aggregations: subsets of the checks with a verdict of their own.

use std::sync::Arc;

use health_core::{
    Aggregation, ComponentSpec, Group, GroupError, Health, NodeStatus, Outcome, Probe,
    Registration, Status, Tallies, check_fn,
};

use crate::stage::{Dial, settle};
use NodeStatus::{Degraded as D, Healthy as H, Unhealthy as U};

fn part(name: &str, status: Status) -> Registration {
    check_fn(name, move |_| async move { status }).critical()
}

fn verdict(health: &Health, group: &str) -> NodeStatus {
    let verdict = health.group_verdict(group).unwrap();
    assert_eq!(verdict.passing, verdict.status != NodeStatus::Unhealthy);
    assert_eq!(health.group_report(group).unwrap().status, verdict.status);
    verdict.status
}

#[tokio::test(start_paused = true)]
async fn by_tag_and_by_list() {
    let health = Health::new();
    health
        .register(part("db-1", Status::Healthy).tag("db"))
        .unwrap();
    health.group(Group::tagged("storage", "db")).unwrap();
    health
        .group(Group::listed("pair", ["cache", "db-1"]))
        .unwrap();
    assert_eq!(
        health.group(Group::tagged("storage", "x")),
        Err(GroupError::Duplicate("storage".into()))
    );
    assert!(matches!(
        health.group(Group::tagged("not a name", "x")),
        Err(GroupError::Name(_))
    ));
    health.register(part("cache", Status::Degraded)).unwrap();
    health.register(part("queue", Status::Unhealthy)).unwrap();
    let shard = ComponentSpec::new("shard").critical().tag("db");
    let shard = health.component(shard).unwrap();
    health.start().unwrap();
    shard.ready();
    settle().await;
    assert_eq!(verdict(&health, "storage"), NodeStatus::Healthy);
    assert_eq!(verdict(&health, "pair"), NodeStatus::Degraded);
    assert_eq!(health.report().status, NodeStatus::Unhealthy);

    // Later members join, leave and are switched off.
    health
        .register(part("db-2", Status::Unhealthy).tag("db"))
        .unwrap();
    assert_eq!(verdict(&health, "storage"), NodeStatus::Healthy, "pending");
    settle().await;
    assert_eq!(verdict(&health, "storage"), NodeStatus::Unhealthy);
    health.disable("db-2").unwrap();
    assert_eq!(verdict(&health, "storage"), NodeStatus::Healthy);
    health.enable("db-2").unwrap();
    settle().await;
    assert_eq!(verdict(&health, "storage"), NodeStatus::Unhealthy);
    health.unregister("db-2").unwrap();
    assert_eq!(verdict(&health, "storage"), NodeStatus::Healthy);
    shard.not_ready("full");
    assert_eq!(verdict(&health, "storage"), NodeStatus::Unhealthy);
    let report = health.group_report("storage").unwrap();
    let names: Vec<_> = report.checks.iter().map(|check| check.name()).collect();
    assert_eq!(names, ["db-1", "shard"]);
    assert!(Arc::ptr_eq(
        &report,
        &health.group_report("storage").unwrap()
    ));

    // A group made late counts what is known already.
    health.group(Group::tagged("late", "db")).unwrap();
    assert_eq!(verdict(&health, "late"), NodeStatus::Unhealthy);
    assert_eq!(
        health.group(Group::listed("later", ["nobody"])),
        Err(GroupError::UnknownCheck {
            group: "later".into(),
            check: "nobody".into()
        })
    );
    assert!(health.group_verdict("later").is_none());
}

#[tokio::test(start_paused = true)]
async fn each_aggregation_by_the_table() {
    use Status::{Degraded as d, Healthy as h, Unhealthy as u};
    let no_unhealthy = |tallies: &Tallies| {
        if tallies.counted(Some(u)) == 0 { h } else { u }
    };
    for (name, aggregation, expected) in [
        ("worst", Aggregation::WorstOf, [H, D, U, U, H]),
        ("any", Aggregation::Any, [H, H, H, U, H]),
        ("two", Aggregation::Quorum(2), [H, D, U, U, H]),
        ("score", Aggregation::score(), [H, D, U, U, H]),
        ("own", Aggregation::custom(no_unhealthy), [H, H, U, U, H]),
    ] {
        let rows: [&[Status]; 5] = [&[h, h], &[h, d], &[h, u], &[u, u], &[]];
        for (row, expected) in rows.into_iter().zip(expected) {
            let health = Health::builder().aggregation(aggregation.clone()).build();
            for (i, status) in row.iter().enumerate() {
                let member = part(&format!("part-{i}"), *status).tag("all");
                health.register(member).unwrap();
            }
            let group = Group::tagged("g", "all").aggregation(aggregation.clone());
            health.group(group).unwrap();
            health.start().unwrap();
            settle().await;
            assert_eq!(verdict(&health, "g"), expected, "{name} of {row:?}");
            assert_eq!(health.report().status, expected, "{name} of {row:?}");
            let ready = health.verdict(Probe::Ready);
            assert_eq!(ready.status, expected, "{name} of {row:?}");
            assert!(health.verdict(Probe::Live).passing);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_score_moves_with_the_history_alone() {
    let health = Health::builder().aggregation(Aggregation::score()).build();
    let dial = Dial::new(Outcome::healthy);
    // The effective status stays: only the score tells.
    let flaky = dial.check("flaky").thresholds(1000, 1000).history(4);
    health.register(flaky.critical()).unwrap();
    health.start().unwrap();
    settle().await;
    let mut seen = Vec::new();
    for healthy in [true, true, true, false, false, true, true, true] {
        dial.set(move || healthy.into());
        health.ask("flaky").await.unwrap();
        seen.push(health.verdict(Probe::Ready).status);
        assert_eq!(health.report().status, health.verdict(Probe::Health).status);
    }
    assert_eq!(seen, [H, H, H, D, U, U, U, D]);
}

#[tokio::test(start_paused = true)]
async fn probes_count_their_own_and_a_shared_dependency_spares_readiness() {
    let health = Health::new();
    let shared = part("shared", Status::Unhealthy).shared_dependency();
    health.register(shared).unwrap();
    health.start().unwrap();
    settle().await;
    let statuses = || [Probe::Health, Probe::Ready, Probe::Live].map(|p| health.verdict(p).status);
    assert_eq!(statuses(), [U, D, H]);
    let shared = part("shared", Status::Unhealthy).shared_dependency();
    health.replace(shared.full_readiness_impact()).unwrap();
    settle().await;
    assert_eq!(statuses(), [U, U, H]);
    health
        .replace(part("shared", Status::Unhealthy).non_critical().live())
        .unwrap();
    settle().await;
    assert_eq!(
        statuses(),
        [D, D, U],
        "liveness is opted into with full weight"
    );
    health
        .replace(part("shared", Status::Unhealthy).informational())
        .unwrap();
    settle().await;
    assert_eq!(statuses(), [H, H, H]);
    assert_eq!(health.report().tallies.total(), 0);
    let only_live = health_core::Probes::NONE.with(Probe::Live);
    health
        .replace(part("shared", Status::Unhealthy).probes(only_live))
        .unwrap();
    settle().await;
    assert_eq!(statuses(), [H, H, U]);
}
