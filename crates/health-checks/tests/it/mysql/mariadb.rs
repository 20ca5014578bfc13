//! MariaDB servers of the tests' own.
//!
//! They refuse to run as root, and change to their own user then.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts};

use crate::harness::PATIENCE;
use crate::server::PASSWORD;
use crate::server::Server;

/// A server with the database `service`, a user `app` that is nobody special, and a user
/// `watcher` that sees replication.
pub(super) async fn start() -> Server {
    let server = start_bare(1);
    let mut admin = admin(server.port).await;
    admin.query_drop("CREATE DATABASE service").await.unwrap();
    // Over the socket a user of any host is not one of this host.
    for host in ["%", "localhost"] {
        for sql in [
            format!("CREATE USER app@'{host}' IDENTIFIED BY '{PASSWORD}'"),
            format!("CREATE USER watcher@'{host}' IDENTIFIED BY '{PASSWORD}'"),
            format!("GRANT ALL ON service.* TO app@'{host}', watcher@'{host}'"),
            format!("GRANT SLAVE MONITOR, REPLICATION SLAVE ON *.* TO watcher@'{host}'"),
        ] {
            admin.query_drop(sql).await.unwrap();
        }
    }
    admin.disconnect().await.unwrap();
    server
}

/// A server that has replayed all that `primary` did.
pub(super) async fn start_replica(primary: &Server) -> Server {
    let replica = start_bare(2);
    let mut admin = admin(replica.port).await;
    let follow = format!(
        "CHANGE MASTER TO master_host='127.0.0.1', master_port={}, master_user='watcher', \
         master_password='{PASSWORD}', master_use_gtid=slave_pos",
        primary.port
    );
    for sql in [&follow as &str, "START SLAVE"] {
        admin.query_drop(sql).await.unwrap();
    }
    let mut source = self::admin(primary.port).await;
    let position: Option<String> = source
        .query_first("SELECT @@gtid_binlog_pos")
        .await
        .unwrap();
    let wait = format!("SELECT MASTER_GTID_WAIT('{}', 60)", position.unwrap());
    let reached: Option<i32> = admin.query_first(wait).await.unwrap();
    assert_eq!(reached, Some(0), "the replica does not catch up");
    for conn in [admin, source] {
        conn.disconnect().await.unwrap();
    }
    replica
}

fn start_bare(id: u32) -> Server {
    Server::start(move |directory, port| {
        let data = directory.join("data");
        if !data.exists() {
            let temporary = directory.join("tmp");
            std::fs::create_dir(&temporary).unwrap();
            std::fs::set_permissions(&temporary, PermissionsExt::from_mode(0o777)).unwrap();
            let mut install = Command::new("mariadb-install-db");
            install
                .args(["--no-defaults", "--auth-root-authentication-method=normal"])
                .args(["--skip-test-db", "--skip-name-resolve"]);
            let output = for_user(&mut install, &data).output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
        let mut serve = Command::new("mariadbd");
        serve
            .args([
                "--no-defaults",
                "--skip-networking=0",
                "--skip-name-resolve",
            ])
            .args([
                "--bind-address=127.0.0.1",
                "--max-connections=10",
                "--log-bin",
            ])
            .args([
                "--innodb-flush-log-at-trx-commit=0",
                "--performance-schema=off",
            ])
            .arg(format!("--server-id={id}"))
            .arg(format!("--port={port}"))
            .arg(format!("--socket={}", data.join("socket").display()));
        for_user(&mut serve, &data);
        serve
    })
}

fn for_user<'a>(command: &'a mut Command, data: &Path) -> &'a mut Command {
    if rustix::process::getuid().is_root() {
        command.arg("--user=mysql");
    }
    // In a directory that they share they remove each other's files.
    let temporary = data.with_file_name("tmp");
    command.arg(format!("--tmpdir={}", temporary.display()));
    command.arg(format!("--datadir={}", data.display()))
}

/// Where a user connects to.
pub(super) fn address(user: &str, port: u16) -> String {
    format!("mysql://{user}:{PASSWORD}@127.0.0.1:{port}/service")
}

/// The superuser's connection, once the server lets it in.
pub(super) async fn admin(port: u16) -> Conn {
    connected(&format!("mysql://root@127.0.0.1:{port}")).await
}

async fn connected(address: &str) -> Conn {
    let begin = Instant::now();
    loop {
        match Conn::new(Opts::from_url(address).unwrap()).await {
            Ok(conn) => return conn,
            Err(error) => assert!(begin.elapsed() < PATIENCE, "not let in: {error}"),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// How many connections a user has.
pub(super) async fn connections(admin: &mut Conn, user: &str) -> u64 {
    let sql = format!("SELECT count(*) FROM information_schema.processlist WHERE user = '{user}'");
    admin.query_first(sql).await.unwrap().unwrap()
}

/// Waits until a user has no connection.
pub(super) async fn no_connection(admin: &mut Conn, user: &str) {
    let begin = Instant::now();
    while connections(admin, user).await > 0 {
        assert!(begin.elapsed() < PATIENCE, "{user} is still connected");
    }
}

pub(super) fn end(server: Server) {
    server.end(rustix::process::Signal::TERM);
}
