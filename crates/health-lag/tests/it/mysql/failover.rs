//! The primary dies, its replica takes over, and the old primary follows it: by each view, and as a
//! monitor judges it.

use std::time::Duration;

use health_lag::Condition;
use health_lag::mysql::{MysqlHeartbeat, MysqlReplica};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::{admin_of, load, mariadb, run};
use crate::judged::{Judged, has, is_well};
use crate::server::{PASSWORD, Server};
use crate::watched::{Watched, reading, sample};

const SOON: Duration = Duration::from_secs(2);
const HEARTBEAT: &str = "service.heartbeat";

/// By ids with its primary and without, and by files.
fn views(replica: &Server, primary: &Server) -> [Watched; 3] {
    [
        Watched::start_with(by_ids(replica, primary), SOON),
        Watched::start_with(MysqlReplica::by_gtid("r", admin_of(replica)), SOON),
        Watched::start_with(
            MysqlReplica::by_file("r", admin_of(replica), admin_of(primary)),
            SOON,
        ),
    ]
}

fn by_heartbeat(replica: &Server, primary: &Server) -> Watched {
    let beats = MysqlHeartbeat::new("r", admin_of(replica), admin_of(primary), HEARTBEAT);
    Watched::start_with(beats.unwrap().write(), SOON)
}

fn by_ids(replica: &Server, primary: &Server) -> MysqlReplica {
    MysqlReplica::by_gtid("r", admin_of(replica)).primary(admin_of(primary))
}

/// As an operator does it: all that was received is applied, and writes are let in.
async fn promote(replica: &mut Conn) {
    let received = "SHOW ALL SLAVES STATUS";
    let row: mysql_async::Row = replica.query_first(received).await.unwrap().unwrap();
    let received: String = row.get("Gtid_IO_Pos").unwrap();
    let wait = format!("SELECT MASTER_GTID_WAIT('{received}', 60)");
    let reached: Option<i32> = replica.query_first(wait).await.unwrap();
    assert_eq!(reached, Some(0), "what was received is not applied");
    for sql in ["STOP SLAVE", "RESET SLAVE ALL", "SET GLOBAL read_only = 0"] {
        run(replica, sql).await;
    }
}

/// What was a primary gives up what it was, and follows another.
async fn demote(primary: &mut Conn, to: &Server) {
    let follow = format!(
        "CHANGE MASTER TO master_host='127.0.0.1', master_port={}, master_user='watcher', \
         master_password='{PASSWORD}', master_use_gtid=slave_pos, master_demote_to_slave=1",
        to.port
    );
    for sql in ["SET GLOBAL read_only = 1", &follow, "START SLAVE"] {
        run(primary, sql).await;
    }
}

#[tokio::test]
async fn each_view_of_a_failover() {
    let mut first = mariadb::start().await;
    let second = mariadb::start_replica(&first).await;
    let mut on_second = mariadb::admin(second.port).await;
    run(&mut on_second, "SET GLOBAL read_only = 1").await;
    let mut on_first = mariadb::admin(first.port).await;
    let mut old = views(&second, &first);
    let mut old_beats = by_heartbeat(&second, &first);
    assert_eq!(old_beats.caught_up("r").await.epoch, 1);
    // What it wrote last would be lost.
    drop(old_beats);
    load(&mut on_first, 10).await;
    for view in &mut old {
        assert_eq!(view.caught_up("r").await.epoch, 1);
    }

    first.kill();
    let mut old_beats = by_heartbeat(&second, &first);
    for view in [&mut old_beats, &mut old[0]] {
        view.failed("accepts no connection; start it").await;
    }
    old[2].failed("accepts no connection; start it").await;
    old[1].unknown("r", "its IO thread does not run").await;
    promote(&mut on_second).await;
    load(&mut on_second, 10).await;
    old[1]
        .failed("is no replica; see whether it failed over")
        .await;

    // What was a primary comes back as one of its own, which nobody follows. A heartbeat would be
    // written on it, that its successor never had.
    drop(old_beats);
    first.restart();
    for view in [0, 2] {
        old[view]
            .failed("is no replica; see whether it failed over")
            .await;
    }
    let mut on_first = mariadb::admin(first.port).await;
    demote(&mut on_first, &second).await;
    let mut new = views(&first, &second);
    let mut new_beats = by_heartbeat(&first, &second);
    assert_eq!(new_beats.caught_up("r").await.epoch, 2);
    for view in &mut new {
        assert_eq!(view.caught_up("r").await.epoch, 2);
    }
    run(&mut on_first, "STOP SLAVE SQL_THREAD").await;
    load(&mut on_second, 20).await;
    for (view, least) in new.iter_mut().zip([20, 20, 20_000]) {
        let sample = view
            .sample("r", "the load", |sample| sample.behind() >= least)
            .await;
        assert_eq!(sample.epoch, 2);
    }
    new_beats
        .sample("r", "a replica that stands still", |sample| {
            sample.behind() > 100_000
        })
        .await;
    run(&mut on_first, "START SLAVE SQL_THREAD").await;
    for view in new.iter_mut().chain([&mut new_beats]) {
        view.caught_up("r").await;
    }
    // Who still asks the old way round is told so.
    for view in [0, 2] {
        old[view].failed("is no replica").await;
    }
    by_heartbeat(&second, &first)
        .failed("the primary is read-only")
        .await;
    drop((old, new, new_beats));
    mariadb::end(first);
    mariadb::end(second);
}

/// What the new primary never had, the old one cannot give back: it follows nobody, however much
/// is written on either.
#[tokio::test]
async fn who_has_what_was_lost_is_never_well() {
    let mut first = mariadb::start().await;
    let second = mariadb::start_replica(&first).await;
    let (mut on_first, mut on_second) = (
        mariadb::admin(first.port).await,
        mariadb::admin(second.port).await,
    );
    load(&mut on_first, 10).await;
    Watched::start(by_ids(&second, &first)).caught_up("r").await;
    run(&mut on_second, "STOP SLAVE IO_THREAD").await;
    load(&mut on_first, 5).await;
    first.kill();
    promote(&mut on_second).await;
    // One that has written nothing yet cannot know.
    load(&mut on_second, 1).await;
    first.restart();
    let mut on_first = mariadb::admin(first.port).await;
    demote(&mut on_first, &second).await;
    let mut views = views(&first, &second);
    // It is ahead, then about as far, then behind.
    for transactions in [0, 3, 5] {
        load(&mut on_second, transactions).await;
        for view in &mut views[1..] {
            view.failed_or_unknown("r").await;
        }
        let state = views[0]
            .until("a poll", |state| state.error.is_none())
            .await;
        if let Some(sample) = sample(&state, "r") {
            assert!(sample.behind() > 0, "{sample:?}");
            let remark = reading(&state, "r").unwrap().remark.as_ref().unwrap();
            assert!(remark.contains("IO thread"), "{remark}");
        }
    }
    drop(views);
    mariadb::end(first);
    mariadb::end(second);
}

#[tokio::test]
async fn a_failover_as_a_monitor_judges_it() {
    let mut first = mariadb::start().await;
    let second = mariadb::start_replica(&first).await;
    let mut on_second = mariadb::admin(second.port).await;
    run(&mut on_second, "SET GLOBAL read_only = 1").await;
    let mut on_first = mariadb::admin(first.port).await;
    load(&mut on_first, 10).await;
    let judged = Judged::of("r");
    let polling = judged.poll(by_ids(&second, &first));
    judged.becomes("a replica that is well", is_well).await;
    run(&mut on_second, "STOP SLAVE SQL_THREAD").await;
    load(&mut on_first, 20).await;
    judged.becomes("a stall", has(Condition::Stalled)).await;
    run(&mut on_second, "START SLAVE SQL_THREAD").await;
    judged.becomes("the end of the stall", is_well).await;

    first.kill();
    let told = judged
        .becomes("no data of a primary that is gone", has(Condition::NoData))
        .await
        .samples;
    promote(&mut on_second).await;
    load(&mut on_second, 10).await;
    first.restart();
    let mut watch = polling.watch();
    while watch
        .next()
        .await
        .unwrap()
        .error
        .as_ref()
        .is_none_or(|error| !error.message().contains("is no replica"))
    {}
    // From its death on nothing was told, least of all a lag of zero.
    let status = judged.status();
    assert!(has(Condition::NoData)(&status) && !status.is_proven());
    assert_eq!(status.samples, told);
    let words = status.explain();
    assert!(words.contains("is no replica"), "{words}");
    polling.stop().await;

    // The new pair takes the place of the old one: other ids, another history.
    let mut on_first = mariadb::admin(first.port).await;
    demote(&mut on_first, &second).await;
    run(&mut on_first, "STOP SLAVE SQL_THREAD").await;
    load(&mut on_second, 20).await;
    let mut events = judged.monitor.subscribe();
    let polling = judged.poll(by_ids(&first, &second));
    Judged::begun_anew(&mut events).await;
    judged
        .becomes("a true lag", |status| {
            status.behind >= Some(20) && status.lag_duration() > Some(Duration::ZERO)
        })
        .await;
    run(&mut on_first, "START SLAVE SQL_THREAD").await;
    judged.becomes("the new pair is well", is_well).await;
    polling.stop().await;
    judged.said_each_end();
    mariadb::end(first);
    mariadb::end(second);
}
