//! A replica by a heartbeat: written by the source, by somebody else, by nobody.

use std::time::Duration;

use health_lag::mysql::MysqlHeartbeat;

use super::{admin_of, mariadb, run};
use crate::server::Server;
use crate::watched::Watched;

const SOON: Duration = Duration::from_secs(2);

fn source(replica: &Server, primary: &Server) -> MysqlHeartbeat {
    let (replica, primary) = (admin_of(replica), admin_of(primary));
    MysqlHeartbeat::new("r", replica, primary, "service.heartbeat").unwrap()
}

#[tokio::test]
async fn a_heartbeat_of_its_own() {
    let mut primary = mariadb::start().await;
    let replica = mariadb::start_replica(&primary).await;
    let mut on_primary = mariadb::admin(primary.port).await;
    let mut on_replica = mariadb::admin(replica.port).await;
    let mut reader = Watched::start(source(&replica, &primary).silence(SOON));
    reader
        .failed("the primary has no heartbeat; run what writes it")
        .await;

    // Who is asked twice is behind nobody.
    let same = source(&primary, &primary).write();
    Watched::start(same)
        .failed("the replica is its primary, or has its server_id")
        .await;

    let mut writer = Watched::start_with(source(&replica, &primary).write(), SOON);
    let first = writer.caught_up("r").await;
    assert_eq!(first.epoch, 1);
    let later = writer
        .sample("r", "progress", |sample| sample.applied > first.leader)
        .await;
    assert!(later.leader >= later.applied);
    reader.caught_up("r").await;

    run(&mut on_replica, "STOP SLAVE SQL_THREAD").await;
    for watched in [&mut writer, &mut reader] {
        watched
            .sample("r", "a replica that stands still", |sample| {
                sample.behind() > 500_000
            })
            .await;
    }
    run(&mut on_replica, "START SLAVE SQL_THREAD").await;
    writer.caught_up("r").await;

    // However the log is made, and whatever the clock does.
    for format in ["STATEMENT", "ROW"] {
        run(
            &mut on_primary,
            &format!("SET GLOBAL binlog_format = '{format}'"),
        )
        .await;
        let ahead = "UPDATE service.heartbeat SET ts = '2099-01-01T00:00:00.000000'";
        run(&mut on_primary, ahead).await;
        let far = writer
            .sample("r", "the time to come", |sample| {
                sample.applied > 4_000_000_000_000_000
            })
            .await;
        writer
            .sample("r", "progress", |sample| sample.applied > far.applied)
            .await;
    }

    // A primary that takes no writes is not written to, even by those who may.
    run(&mut on_primary, "SET GLOBAL read_only = 1").await;
    writer
        .failed("the primary is read-only, and no heartbeat is written")
        .await;
    // What nobody writes proves nothing.
    reader
        .failed("the heartbeat on the primary stands still for")
        .await;
    run(&mut on_primary, "SET GLOBAL read_only = 0").await;
    writer.caught_up("r").await;

    primary.suspend();
    writer.failed("gave no answer within 2s").await;
    primary.resume();
    writer.caught_up("r").await;
    primary.kill();
    writer.failed("accepts no connection; start it").await;
    primary.restart();
    writer.caught_up("r").await;
    drop((writer, reader));
    mariadb::end(replica);
    mariadb::end(primary);
}

#[tokio::test]
async fn the_heartbeat_of_somebody_else() {
    let primary = mariadb::start().await;
    let replica = mariadb::start_replica(&primary).await;
    let mut on_primary = mariadb::admin(primary.port).await;
    // As `pt-heartbeat` makes it.
    run(
        &mut on_primary,
        "CREATE TABLE service.heartbeat (ts varchar(26) NOT NULL, \
         server_id int unsigned NOT NULL PRIMARY KEY, file varchar(255) DEFAULT NULL, \
         position bigint unsigned DEFAULT NULL, relay_master_log_file varchar(255) DEFAULT NULL, \
         exec_master_log_pos bigint unsigned DEFAULT NULL)",
    )
    .await;
    let write = |text: &str| {
        format!(
            "REPLACE INTO service.heartbeat (ts, server_id, file, position) \
             VALUES ('{text}', 1, 'mysqld-bin.000001', 342)"
        )
    };
    run(&mut on_primary, &write("1970-01-01T00:00:07.000500")).await;
    let mut watched = Watched::start(source(&replica, &primary));
    let sample = watched.caught_up("r").await;
    assert_eq!((sample.leader, sample.epoch), (7_000_500, 1));
    run(&mut on_primary, &write("soon")).await;
    watched.failed("the heartbeat is no time").await;
    run(&mut on_primary, "DROP TABLE service.heartbeat").await;
    run(
        &mut on_primary,
        "CREATE TABLE service.heartbeat (ts datetime(6), server_id int PRIMARY KEY)",
    )
    .await;
    let time = "REPLACE INTO service.heartbeat VALUES ('1970-01-02 00:00:00.25', 1)";
    run(&mut on_primary, time).await;
    let sample = watched.caught_up("r").await;
    assert_eq!(sample.leader, 86_400_250_000);
    drop(watched);
    mariadb::end(replica);
    mariadb::end(primary);
}
