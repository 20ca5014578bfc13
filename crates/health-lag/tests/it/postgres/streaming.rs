//! A primary and its standby: as the primary sees it, and by the standby's own view.

use std::time::Duration;

use health_lag::postgres::{NamedBy, PostgresPrimary, PostgresStandby};

use super::{admin_address, cluster, load, run};
use crate::server::Server;
use crate::watched::{Watched, reading};

/// What a standby is called that nobody gave a name.
const STANDBY: &str = "walreceiver";
const SOON: Duration = Duration::from_secs(2);

fn primary_view(server: &Server) -> PostgresPrimary {
    PostgresPrimary::connect(&admin_address(server)).unwrap()
}

fn standby_view(server: &Server) -> PostgresStandby {
    PostgresStandby::connect(STANDBY, &admin_address(server)).unwrap()
}

#[tokio::test]
async fn a_pair_is_seen_from_both_sides() {
    let primary = cluster::start().await;
    let standby = cluster::start_standby(&primary);
    let (on_primary, on_standby) = (
        cluster::admin(primary.port).await,
        cluster::admin(standby.port).await,
    );
    let mut views = [
        Watched::start(primary_view(&primary)),
        Watched::start(standby_view(&standby)),
    ];

    for view in &mut views {
        let sample = view.caught_up(STANDBY).await;
        assert_eq!(sample.epoch, 1);
        assert_eq!(sample.received, Some(sample.leader));
    }

    // Nothing is behind on an idle server, whose log ends with a file: where the next record will
    // begin is further, by the head of a page.
    run(&on_primary, "SELECT pg_switch_wal()").await;
    for view in &mut views {
        view.sample(STANDBY, "the end of the file", |sample| {
            sample.applied == sample.leader && sample.leader % (16 << 20) == 0
        })
        .await;
    }
    let insert: String = on_primary
        .query_one("SELECT pg_current_wal_insert_lsn()::text", &[])
        .await
        .unwrap()
        .get(0);
    assert!(insert.ends_with("000028"), "{insert}");

    // Received and not applied.
    run(&on_standby, "SELECT pg_wal_replay_pause()").await;
    let paused = "SELECT pg_get_wal_replay_pause_state() = 'paused'";
    while !on_standby
        .query_one(paused, &[])
        .await
        .unwrap()
        .get::<_, bool>(0)
    {}
    load(&on_primary, 2_000).await;
    let mut applied = Vec::new();
    for view in &mut views {
        let sample = view
            .sample(STANDBY, "the load", |sample| {
                sample.behind() > 1_000_000 && sample.received == Some(sample.leader)
            })
            .await;
        applied.push(sample.applied);
    }
    let state = views[1].until("the pause", |_| true).await;
    let remark = reading(&state, STANDBY).unwrap().remark.as_ref().unwrap();
    assert!(remark.contains("paused"), "{remark}");
    load(&on_primary, 1_000).await;
    for (view, before) in views.iter_mut().zip(&applied) {
        let sample = view
            .sample(STANDBY, "more load", |sample| sample.behind() > 1_500_000)
            .await;
        assert_eq!(sample.applied, *before);
    }

    run(&on_standby, "SELECT pg_wal_replay_resume()").await;
    for (view, before) in views.iter_mut().zip(&applied) {
        let sample = view.caught_up(STANDBY).await;
        assert!(sample.applied > before + 1_500_000);
    }
    drop(views);
    cluster::end(standby);
    cluster::end(primary);
}

#[tokio::test]
async fn a_standby_that_is_killed_or_suspended_is_not_known_until_it_is_back() {
    let primary = cluster::start().await;
    let mut standby = cluster::start_standby(&primary);
    let on_primary = cluster::admin(primary.port).await;
    let mut from_primary = Watched::start(primary_view(&primary).silence(SOON));
    let mut from_standby = Watched::start_with(standby_view(&standby), SOON);
    // It replies that often, while nothing happens.
    let on_standby = cluster::admin(standby.port).await;
    run(
        &on_standby,
        "ALTER SYSTEM SET wal_receiver_status_interval = '1s'",
    )
    .await;
    run(&on_standby, "SELECT pg_reload_conf()").await;
    from_primary.caught_up(STANDBY).await;
    from_standby.caught_up(STANDBY).await;

    standby.kill();
    from_primary
        .unknown(STANDBY, "is not named by its leader any more")
        .await;
    from_standby.failed("accepts no connection; start it").await;
    load(&on_primary, 100).await;
    // The leader is known meanwhile.
    let state = from_primary
        .until("the leader", |state| state.error.is_none())
        .await;
    assert!(state.leader.unwrap().position > 0);
    standby.restart();
    from_primary.caught_up(STANDBY).await;
    from_standby.caught_up(STANDBY).await;

    standby.suspend();
    let state = from_primary
        .until("a standby that still counts as connected", |state| {
            state.followers.contains_key(STANDBY)
        })
        .await;
    assert!(state.error.is_none());
    load(&on_primary, 100).await;
    from_primary
        .unknown(
            STANDBY,
            "the standby has not replied for more than 2s; see whether it hangs",
        )
        .await;
    from_standby.failed("gave no answer within 2s").await;
    standby.resume();
    from_primary.caught_up(STANDBY).await;
    from_standby.caught_up(STANDBY).await;
    drop((from_primary, from_standby));
    cluster::end(standby);
    cluster::end(primary);
}

#[tokio::test]
async fn a_failover_begins_another_epoch() {
    let mut primary = cluster::start().await;
    let standby = cluster::start_standby(&primary);
    let mut old = Watched::start_with(primary_view(&primary), SOON);
    let mut follower = Watched::start(standby_view(&standby).silence(SOON));
    let mut new = Watched::start(primary_view(&standby).named_by(NamedBy::Slot));
    let before = old.caught_up(STANDBY).await;
    follower.sample(STANDBY, "an idle standby", |_| true).await;
    new.failed("is a standby where a primary is expected").await;

    // Silence of the primary is no proof of a lag of zero.
    primary.suspend();
    old.failed("gave no answer within 2s").await;
    follower
        .unknown(STANDBY, "has heard nothing from its primary for")
        .await;
    primary.resume();
    old.sample(STANDBY, "the return", |sample| sample.epoch == 1)
        .await;

    primary.kill();
    old.failed("accepts no connection; start it").await;
    follower
        .unknown(STANDBY, "is not connected to its primary")
        .await;
    let on_standby = cluster::admin(standby.port).await;
    run(&on_standby, "SELECT pg_promote()").await;
    follower
        .unknown(STANDBY, "is a primary where a standby is expected")
        .await;
    let state = new
        .until("the new timeline", |state| {
            state.leader.is_some_and(|leader| leader.epoch == 2)
        })
        .await;
    assert!(state.leader.unwrap().position >= before.leader);

    // A standby of the new primary, by the name of its slot.
    let second = cluster::start_standby(&standby);
    let on_second = cluster::admin(second.port).await;
    run(
        &on_standby,
        "SELECT pg_create_physical_replication_slot('second')",
    )
    .await;
    run(&on_second, "ALTER SYSTEM SET primary_slot_name = 'second'").await;
    run(&on_second, "SELECT pg_reload_conf()").await;
    load(&on_standby, 10).await;
    let sample = new.caught_up("second").await;
    assert_eq!(sample.epoch, 2);
    let mut follower = Watched::start(standby_view(&second));
    let sample = follower.caught_up(STANDBY).await;
    assert_eq!(sample.epoch, 2);
    drop((old, new, follower));
    cluster::end(second);
    cluster::end(standby);
}

/// Backups and receivers of the log apply nothing, and subscribers are seen by their slots.
#[tokio::test]
async fn what_is_no_standby_is_left_out() {
    let primary = cluster::start().await;
    let admin = cluster::admin(primary.port).await;
    let mut view = Watched::start(primary_view(&primary));
    let standby = cluster::start_standby(&primary);
    let directory = tempfile::tempdir().unwrap();
    let mut receiver = std::process::Command::new("pg_receivewal")
        .args(["--host=127.0.0.1", "--username=postgres", "--no-loop"])
        .arg(format!("--port={}", primary.port))
        .arg(format!("--directory={}", directory.path().display()))
        .env("PGPASSWORD", crate::server::PASSWORD)
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let connected = "SELECT count(*) FROM pg_stat_replication \
                     WHERE application_name = 'pg_receivewal' AND state = 'streaming'";
    while admin
        .query_one(connected, &[])
        .await
        .unwrap()
        .get::<_, i64>(0)
        == 0
    {}
    load(&admin, 10).await;
    view.caught_up(STANDBY).await;
    let state = view.until("a poll", |_| true).await;
    let names: Vec<_> = state.followers.keys().collect();
    assert_eq!(names, [STANDBY]);

    // Two of one name are none.
    let second = cluster::start_standby(&primary);
    view.unknown(STANDBY, "several followers have this name")
        .await;
    receiver.kill().unwrap();
    receiver.wait().unwrap();
    cluster::end(second);
    view.caught_up(STANDBY).await;
    drop(view);
    cluster::end(standby);
    cluster::end(primary);
}
