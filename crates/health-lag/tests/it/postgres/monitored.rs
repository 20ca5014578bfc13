//! From a real pair through a source into a monitor: what it makes of load, a pause, a standby that
//! is killed, a primary that hangs, a failover.

use std::time::Duration;

use health_lag::postgres::PostgresPrimary;
use health_lag::{AlertEvent, AlertKind, Condition, LagMonitor, Level, Poller, Polling, Status};

use super::{admin_address, cluster, load, run};
use crate::harness::eventually;
use crate::server::Server;

const STANDBY: &str = "walreceiver";
const SHORT: Duration = Duration::from_millis(700);

/// As usual, but for its patience.
fn monitor() -> LagMonitor {
    let monitor = LagMonitor::builder()
        .stalled(SHORT)
        .silence(SHORT)
        .warning(SHORT)
        .pending(Duration::ZERO)
        .resolve_after(Duration::from_millis(100))
        .no_prediction()
        .build()
        .unwrap();
    monitor.watch().unwrap();
    monitor
}

fn poll(server: &Server, monitor: &LagMonitor) -> Polling {
    let source = PostgresPrimary::connect(&admin_address(server)).unwrap();
    Poller::new("primary", source)
        .every(Duration::from_millis(50))
        .at_least_every(Duration::from_millis(50))
        .timeout(Duration::from_millis(500))
        .start(monitor.sink("primary").expect(STANDBY).unwrap())
        .unwrap()
}

fn status(monitor: &LagMonitor) -> Status {
    monitor.get(STANDBY).unwrap().status().unwrap()
}

async fn becomes(monitor: &LagMonitor, what: &str, expected: impl Fn(&Status) -> bool) {
    eventually(what, || {
        let status = status(monitor);
        (!expected(&status)).then_some(status)
    })
    .await;
}

fn is_well(status: &Status) -> bool {
    status.level == Level::Normal && status.conditions.is_empty() && status.is_proven()
}

fn has(condition: Condition) -> impl Fn(&Status) -> bool {
    move |status| status.conditions.has(condition)
}

#[tokio::test]
async fn states_of_a_real_pair() {
    let mut primary = cluster::start().await;
    let monitor = monitor();
    let polling = poll(&primary, &monitor);
    // It is expected, and nobody has told of it.
    becomes(&monitor, "no data", has(Condition::NoData)).await;
    assert_eq!(status(&monitor).samples, 0);
    let mut standby = cluster::start_standby(&primary);
    becomes(&monitor, "a standby that is well", is_well).await;
    let (on_primary, on_standby) = (
        cluster::admin(primary.port).await,
        cluster::admin(standby.port).await,
    );
    load(&on_primary, 500).await;
    becomes(&monitor, "a standby that has caught up", is_well).await;

    run(&on_standby, "SELECT pg_wal_replay_pause()").await;
    load(&on_primary, 500).await;
    becomes(&monitor, "a stall", |status| {
        has(Condition::Stalled)(status) && status.level == Level::Warning
    })
    .await;
    assert!(status(&monitor).lag_duration().unwrap() >= SHORT);
    run(&on_standby, "SELECT pg_wal_replay_resume()").await;
    becomes(&monitor, "the end of the stall", is_well).await;

    standby.kill();
    becomes(
        &monitor,
        "no data of one that was killed",
        has(Condition::NoData),
    )
    .await;
    load(&on_primary, 500).await;
    standby.restart();
    becomes(&monitor, "the return", is_well).await;

    // An idle pair was at a lag of zero, and stays nowhere near it while nobody answers.
    primary.suspend();
    becomes(
        &monitor,
        "no data of a source that hangs",
        has(Condition::NoData),
    )
    .await;
    assert!(!status(&monitor).is_proven());
    primary.resume();
    becomes(&monitor, "the return", is_well).await;

    primary.kill();
    becomes(
        &monitor,
        "no data of a source that fails",
        has(Condition::NoData),
    )
    .await;
    primary.restart();
    becomes(&monitor, "the return", is_well).await;

    // Another primary takes over, and another source tells of its standby.
    primary.kill();
    run(&cluster::admin(standby.port).await, "SELECT pg_promote()").await;
    polling.stop().await;
    let second = cluster::start_standby(&standby);
    let polling = poll(&standby, &monitor);
    becomes(&monitor, "the new pair", |status| {
        status.conditions.is_empty() || has(Condition::Reset)(status)
    })
    .await;
    becomes(&monitor, "the new pair is well", is_well).await;
    polling.stop().await;

    let said: Vec<_> = monitor.alerts().since(1).alerts;
    let fired = |kind| {
        let of = |event| {
            move |it: &&std::sync::Arc<health_lag::Alert>| it.kind == kind && it.event == event
        };
        let (fired, resolved) = (of(AlertEvent::Firing), of(AlertEvent::Resolved));
        (
            said.iter().filter(fired).count(),
            said.iter().filter(resolved).count(),
        )
    };
    for kind in [AlertKind::Stalled, AlertKind::NoData] {
        let (fired, resolved) = fired(kind);
        assert!(fired > 0 && resolved > 0, "{kind:?}: {said:?}");
    }
    assert_eq!(fired(AlertKind::FollowerAhead), (0, 0), "{said:?}");
    cluster::end(second);
    cluster::end(standby);
}
