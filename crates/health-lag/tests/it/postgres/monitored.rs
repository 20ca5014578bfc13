//! From a real pair through a source into a monitor: what it makes of load, a pause, a standby that
//! is killed, a primary that hangs, a failover.

use health_lag::postgres::{PostgresPrimary, PostgresSlots, PostgresStandby};
use health_lag::{Condition, Level};

use super::{admin_address, cluster, load, run};
use crate::judged::{Judged, SHORT, has, is_well};
use crate::server::Server;
use crate::watched::Watched;

const STANDBY: &str = "walreceiver";

fn view(server: &Server) -> PostgresPrimary {
    PostgresPrimary::connect(&admin_address(server)).unwrap()
}

#[tokio::test]
async fn states_of_a_real_pair() {
    let mut primary = cluster::start().await;
    let monitor = Judged::of(STANDBY);
    let polling = monitor.poll(view(&primary));
    // It is expected, and nobody has told of it.
    monitor.becomes("no data", has(Condition::NoData)).await;
    assert_eq!(monitor.status().samples, 0);
    let mut standby = cluster::start_standby(&primary);
    monitor.becomes("a standby that is well", is_well).await;
    let (on_primary, on_standby) = (
        cluster::admin(primary.port).await,
        cluster::admin(standby.port).await,
    );
    load(&on_primary, 500).await;
    monitor
        .becomes("a standby that has caught up", is_well)
        .await;

    run(&on_standby, "SELECT pg_wal_replay_pause()").await;
    load(&on_primary, 500).await;
    monitor
        .becomes("a stall", |status| {
            has(Condition::Stalled)(status) && status.level == Level::Warning
        })
        .await;
    assert!(monitor.status().lag_duration().unwrap() >= SHORT);
    run(&on_standby, "SELECT pg_wal_replay_resume()").await;
    monitor.becomes("the end of the stall", is_well).await;

    standby.kill();
    monitor
        .becomes("no data of one that was killed", has(Condition::NoData))
        .await;
    load(&on_primary, 500).await;
    standby.restart();
    monitor.becomes("the return", is_well).await;

    // An idle pair was at a lag of zero, and stays nowhere near it while nobody answers.
    primary.suspend();
    monitor
        .becomes("no data of a source that hangs", has(Condition::NoData))
        .await;
    assert!(!monitor.status().is_proven());
    primary.resume();
    monitor.becomes("the return", is_well).await;

    primary.kill();
    monitor
        .becomes("no data of a source that fails", has(Condition::NoData))
        .await;
    primary.restart();
    monitor.becomes("the return", is_well).await;

    // Another primary takes over, and another source tells of its standby.
    primary.kill();
    run(&cluster::admin(standby.port).await, "SELECT pg_promote()").await;
    polling.stop().await;
    let second = cluster::start_standby(&standby);
    let polling = monitor.poll(view(&standby));
    monitor
        .becomes("the new pair", |status| {
            status.conditions.is_empty() || has(Condition::Reset)(status)
        })
        .await;
    monitor.becomes("the new pair is well", is_well).await;
    polling.stop().await;

    monitor.said_each_end();
    cluster::end(second);
    cluster::end(standby);
}

/// What is not any more, or is something else now, is not known: it keeps no lag of zero.
#[tokio::test]
async fn a_slot_that_is_dropped_and_a_standby_that_is_promoted() {
    let primary = cluster::start().await;
    let standby = cluster::start_standby(&primary);
    let on_primary = cluster::admin(primary.port).await;
    let create = "SELECT pg_create_physical_replication_slot('kept', true)";
    run(&on_primary, create).await;
    let (slot, own) = (Judged::of("kept"), Judged::of(STANDBY));
    let slots = |server| PostgresSlots::connect(&admin_address(server)).unwrap();
    let by_itself = PostgresStandby::connect(STANDBY, &admin_address(&standby)).unwrap();
    let polling = [slot.poll(slots(&primary)), own.poll(by_itself)];
    for judged in [&slot, &own] {
        judged
            .becomes("a sample", |status| status.samples > 10)
            .await;
    }
    Watched::start(slots(&standby))
        .failed("is a standby where a primary is expected")
        .await;

    run(&on_primary, "SELECT pg_drop_replication_slot('kept')").await;
    run(&cluster::admin(standby.port).await, "SELECT pg_promote()").await;
    for (judged, polling, why) in [
        (&slot, &polling[0], "its source knows it no more"),
        (
            &own,
            &polling[1],
            "postgres is a primary where a standby is expected",
        ),
    ] {
        let status = judged.becomes("no data", has(Condition::NoData)).await;
        assert!(!status.is_proven());
        let words = status.explain();
        assert!(words.contains(why), "{words}");
        // However often it is looked for.
        judged.hears_nothing(polling).await;
    }
    drop(polling);
    cluster::end(standby);
    cluster::end(primary);
}
