//! A replica by its positions: by ids, by files, with its primary and without.

use std::time::{Duration, Instant};

use health_lag::LagSource;
use health_lag::mysql::{MysqlReplica, MysqlServer};
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::{admin_of, load, mariadb, refusal, run, user_of};
use crate::harness::PATIENCE;
use crate::server::{Server, free_port};
use crate::watched::{Watched, reading};

const SOON: Duration = Duration::from_secs(2);

/// With its primary by ids, without it, and by files.
fn views(replica: &Server, primary: &Server) -> [Watched; 3] {
    [
        MysqlReplica::by_gtid("r", admin_of(replica)).primary(admin_of(primary)),
        MysqlReplica::by_gtid("r", admin_of(replica)),
        MysqlReplica::by_file("r", admin_of(replica), admin_of(primary)),
    ]
    .map(|source| Watched::start_with(source, SOON))
}

/// Waits until the server has written all that a new file begins with, which it does aside.
async fn begun(conn: &mut Conn) {
    let begin = Instant::now();
    loop {
        let files: Vec<(String, u64)> = conn.query("SHOW BINARY LOGS").await.unwrap();
        let last = &files.last().unwrap().0;
        let events: Vec<mysql_async::Row> = conn
            .query(format!("SHOW BINLOG EVENTS IN '{last}'"))
            .await
            .unwrap();
        let is_end = |row: &mysql_async::Row| {
            row.get::<String, _>("Event_type").unwrap() == "Binlog_checkpoint"
                && row.get::<String, _>("Info").unwrap() == *last
        };
        if events.iter().any(is_end) {
            return;
        }
        assert!(begin.elapsed() < PATIENCE, "no new file: {events:?}");
    }
}

#[tokio::test]
async fn a_pair_is_seen_by_ids_and_by_files() {
    let primary = mariadb::start().await;
    let mut replica = mariadb::start_replica(&primary).await;
    let mut on_primary = mariadb::admin(primary.port).await;
    let mut on_replica = mariadb::admin(replica.port).await;
    load(&mut on_primary, 10).await;
    let mut views = views(&replica, &primary);
    for view in &mut views {
        assert_eq!(view.caught_up("r").await.epoch, 1);
    }

    // A new file is no lag, and no gap.
    run(&mut on_primary, "FLUSH BINARY LOGS").await;
    begun(&mut on_primary).await;
    views[2].caught_up("r").await;

    // Broken with all applied: the next write would not be.
    run(&mut on_replica, "STOP SLAVE SQL_THREAD").await;
    for view in &mut views {
        view.unknown("r", "its SQL thread does not run").await;
    }
    // Broken and behind.
    load(&mut on_primary, 50).await;
    let mut applied = Vec::new();
    for (view, least) in views.iter_mut().zip([50, 50, 50_000]) {
        let sample = view
            .sample("r", "the load", |sample| sample.behind() >= least)
            .await;
        applied.push(sample.applied);
    }
    assert_eq!(views[0].sample("r", "ids", |_| true).await.behind(), 50);
    let state = views[0].until("a remark", |_| true).await;
    let told = reading(&state, "r").unwrap();
    assert!(told.remark.as_ref().unwrap().contains("SQL thread"));
    assert_eq!(told.details["applies"], false);
    assert!(!told.details.contains_key("seconds_behind"));
    run(&mut on_primary, "FLUSH BINARY LOGS").await;
    load(&mut on_primary, 10).await;
    for ((view, before), least) in views.iter_mut().zip(&applied).zip([60, 60, 60_000]) {
        let sample = view
            .sample("r", "more load", |sample| {
                sample.behind() >= least && sample.received == Some(sample.leader)
            })
            .await;
        assert_eq!(sample.applied, *before);
    }
    run(&mut on_replica, "START SLAVE SQL_THREAD").await;
    for view in &mut views {
        view.caught_up("r").await;
    }
    let state = views[0].until("a reading", |_| true).await;
    assert!(
        reading(&state, "r")
            .unwrap()
            .details
            .contains_key("seconds_behind")
    );

    // Old files are purged.
    run(&mut on_primary, "FLUSH BINARY LOGS").await;
    begun(&mut on_primary).await;
    views[2].caught_up("r").await;
    let before = views[2].sample("r", "a reading", |_| true).await;
    let mut files: Vec<(String, u64)> = on_primary.query("SHOW BINARY LOGS").await.unwrap();
    let last = files.pop().unwrap().0;
    run(&mut on_primary, &format!("PURGE BINARY LOGS TO '{last}'")).await;
    load(&mut on_primary, 1).await;
    let after = views[2].caught_up("r").await;
    assert!(
        (1_000..10_000).contains(&(after.leader - before.leader)),
        "{before:?} {after:?}"
    );

    // It receives nothing: without its primary nothing is known.
    run(&mut on_replica, "STOP SLAVE IO_THREAD").await;
    for view in &mut views {
        view.unknown("r", "its IO thread does not run").await;
    }
    load(&mut on_primary, 10).await;
    for index in [0, 2] {
        views[index]
            .sample("r", "the load", |sample| sample.behind() >= 10)
            .await;
    }
    views[1].unknown("r", "its IO thread does not run").await;
    run(&mut on_replica, "START SLAVE IO_THREAD").await;
    for view in &mut views {
        view.caught_up("r").await;
    }

    replica.suspend();
    for view in &mut views {
        view.failed("gave no answer within 2s").await;
    }
    replica.resume();
    for view in &mut views {
        view.caught_up("r").await;
    }
    replica.kill();
    for view in &mut views {
        view.failed("accepts no connection; start it").await;
    }
    replica.restart();
    // MariaDB starts replication by itself.
    for view in &mut views {
        view.caught_up("r").await;
    }
    drop(views);
    mariadb::end(replica);
    mariadb::end(primary);
}

#[tokio::test]
async fn who_is_no_replica_of_this_primary_is_an_error() {
    let primary = mariadb::start().await;
    let replica = mariadb::start_replica(&primary).await;
    let by_itself = |server: &Server| MysqlReplica::by_gtid("r", admin_of(server));
    let said = refusal(by_itself(&primary)).await;
    assert!(said.contains("is no replica"), "{said}");
    // It is told to follow itself, by which it follows another server than it says.
    let said = refusal(by_itself(&replica).primary(admin_of(&replica))).await;
    assert!(said.contains("follows server 1"), "{said}");
    let said = refusal(by_itself(&replica).channel("other")).await;
    assert!(said.contains("no channel of this name"), "{said}");

    // Privileges.
    let said = refusal(MysqlReplica::by_gtid("r", user_of(&replica, "app"))).await;
    assert!(said.contains("SLAVE MONITOR"), "{said}");
    let watching = MysqlReplica::by_gtid("r", user_of(&replica, "watcher"));
    assert!(watching.poll().await.unwrap().followers()[0].sample.is_ok());
    let by_file = || {
        let (replica, primary) = (user_of(&replica, "watcher"), user_of(&primary, "watcher"));
        MysqlReplica::by_file("r", replica, primary)
    };
    let said = refusal(by_file()).await;
    assert!(said.contains("BINLOG MONITOR"), "{said}");
    let mut admin = mariadb::admin(primary.port).await;
    // Over the socket a user of any host is not one of this host.
    let grant = "GRANT BINLOG MONITOR ON *.* TO watcher@'%', watcher@'localhost'";
    run(&mut admin, grant).await;
    let granted = by_file().poll().await;
    assert!(
        granted.is_ok(),
        "{granted:?} {:?}",
        granted.as_ref().unwrap_err().error()
    );

    let wrong = mariadb::address("app", replica.port).replace(crate::server::PASSWORD, "no");
    let nobody = mariadb::address("app", free_port());
    for (url, words) in [
        (wrong, "refuses the login"),
        (nobody, "accepts no connection"),
    ] {
        let source = MysqlReplica::by_gtid("r", MysqlServer::connect(&url).unwrap());
        let said = refusal(source).await;
        assert!(said.contains(words), "{said}");
    }

    // Without ids the primary is needed.
    let mut on_replica = mariadb::admin(replica.port).await;
    for sql in [
        "STOP SLAVE",
        "CHANGE MASTER TO MASTER_USE_GTID=no",
        "START SLAVE",
    ] {
        run(&mut on_replica, sql).await;
    }
    Watched::start(by_itself(&replica))
        .failed("MASTER_USE_GTID=slave_pos")
        .await;
    let mut with_primary = Watched::start(by_itself(&replica).primary(admin_of(&primary)));
    load(&mut admin, 10).await;
    with_primary.caught_up("r").await;
    drop(with_primary);
    mariadb::end(replica);
    mariadb::end(primary);
}
