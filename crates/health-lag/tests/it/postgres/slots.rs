//! Replication slots: a subscriber's, one that nobody uses, one that loses its log.

use std::time::Instant;

use health_lag::postgres::PostgresSlots;

use super::{admin_address, cluster, load, run};
use crate::harness::PATIENCE;
use crate::server::Server;
use crate::watched::{Watched, reading, sample};

/// A server that decodes its log.
async fn start() -> Server {
    let mut server = cluster::start().await;
    let admin = cluster::admin(server.port).await;
    run(&admin, "ALTER SYSTEM SET wal_level = 'logical'").await;
    server.kill();
    server.restart();
    server
}

fn slots(server: &Server) -> PostgresSlots {
    PostgresSlots::connect(&admin_address(server)).unwrap()
}

#[tokio::test]
async fn a_slot_that_nobody_uses_holds_the_log_back_until_it_is_used_lost_or_dropped() {
    let server = start().await;
    let admin = cluster::admin(server.port).await;
    let mut all = Watched::start(slots(&server));
    let mut logical = Watched::start(slots(&server).logical_only());
    let state = all.until("a poll", |state| state.error.is_none()).await;
    assert!(state.followers.is_empty());
    for sql in [
        "SELECT pg_create_logical_replication_slot('feed', 'test_decoding')",
        "SELECT pg_create_physical_replication_slot('fresh')",
        "SELECT pg_create_physical_replication_slot('kept', true)",
    ] {
        run(&admin, sql).await;
    }
    load(&admin, 2_000).await;
    let state = all
        .until("the load", |state| {
            sample(state, "feed").is_some_and(|sample| sample.behind() > 1_000_000)
        })
        .await;
    let feed = reading(&state, "feed").unwrap();
    assert_eq!(feed.details["active"], false);
    assert_eq!(feed.details["type"], "logical");
    assert_eq!(feed.details["wal_status"], "reserved");
    let retained = feed.details["retained_bytes"].as_u64().unwrap();
    assert!(retained >= feed.sample.as_ref().unwrap().behind());
    let remark = feed.remark.as_ref().unwrap();
    assert!(remark.contains(&format!("{retained} bytes")), "{remark}");
    assert!(sample(&state, "kept").unwrap().behind() > 1_000_000);
    let fresh = reading(&state, "fresh").unwrap().sample.as_ref();
    assert!(fresh.unwrap_err().message().contains("never used"));
    let state = logical.until("a poll", |state| state.error.is_none()).await;
    assert!(state.followers.keys().eq(["feed"]));

    let before = sample(&state, "feed").unwrap().applied;
    let consume = "SELECT pg_logical_slot_get_changes('feed', NULL, NULL)";
    run(&admin, consume).await;
    all.sample("feed", "what was consumed", |sample| {
        sample.applied > before + 1_000_000 && sample.behind() < 100_000
    })
    .await;

    // Dropped ones do not exist any more.
    run(&admin, "SELECT pg_drop_replication_slot('kept')").await;
    let state = all
        .until("the end of the slot", |state| {
            !state.followers.contains_key("kept")
        })
        .await;
    assert_eq!(state.forgotten, 1);

    run(&admin, "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'").await;
    run(&admin, "SELECT pg_reload_conf()").await;
    for _ in 0..3 {
        load(&admin, 100).await;
        run(&admin, "SELECT pg_switch_wal()").await;
    }
    // What is kept is looked at with each checkpoint, by a process that hears of the new limit in
    // its own time.
    let lost = "SELECT wal_status = 'lost' FROM pg_replication_slots WHERE slot_name = 'feed'";
    let begin = Instant::now();
    while !admin.query_one(lost, &[]).await.unwrap().get::<_, bool>(0) {
        assert!(begin.elapsed() < PATIENCE, "the slot keeps its log");
        run(&admin, "CHECKPOINT").await;
    }
    all.unknown("feed", "the slot has lost its log").await;
    drop((all, logical));
    cluster::end(server);
}

#[tokio::test]
async fn a_subscriber_is_seen_by_its_slot() {
    let publisher = start().await;
    let mut subscriber = cluster::start().await;
    let (from, to) = (
        cluster::open(&cluster::address("postgres", publisher.port))
            .await
            .unwrap(),
        cluster::open(&cluster::address("postgres", subscriber.port))
            .await
            .unwrap(),
    );
    load(&from, 1).await;
    run(&to, "CREATE TABLE load (id int, text text)").await;
    run(&from, "CREATE PUBLICATION feed FOR TABLE load").await;
    let subscribe = format!(
        "CREATE SUBSCRIPTION feed CONNECTION 'host=127.0.0.1 port={} user=postgres \
         password={} dbname=service' PUBLICATION feed",
        publisher.port,
        crate::server::PASSWORD
    );
    run(&to, &subscribe).await;
    let mut view = Watched::start(slots(&publisher));
    // The copies of tables have slots for a moment, which are no followers.
    let state = view
        .until("an active slot", |state| {
            let active = reading(state, "feed").map(|it| it.details["active"] == true);
            active == Some(true) && sample(state, "feed").is_some()
        })
        .await;
    assert!(state.followers.keys().eq(["feed"]));
    assert_eq!(reading(&state, "feed").unwrap().remark, None);
    view.caught_up("feed").await;

    subscriber.kill();
    let before = view
        .until("an inactive slot", |state| {
            reading(state, "feed").is_some_and(|it| it.remark.is_some())
        })
        .await;
    load(&from, 1_000).await;
    let sample = view
        .sample("feed", "the load", |sample| sample.behind() > 500_000)
        .await;
    assert_eq!(
        sample.applied,
        crate::watched::sample(&before, "feed").unwrap().applied
    );
    subscriber.restart();
    view.caught_up("feed").await;
    drop(view);
    cluster::end(subscriber);
    cluster::end(publisher);
}
