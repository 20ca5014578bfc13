//! One server is broken in every way, and each door says how; one test, as it starts servers.

use std::time::Duration;

use health_checks::mysql::{DatabaseRole, MysqlCheck};
use health_core::{Cause, CheckState, CheckStatus};
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Pool, PoolConstraints, PoolOpts};

use super::mariadb::{self, address};
use super::outage;
use crate::harness::{Monitored, result};
use crate::server::PASSWORD;
use crate::server::Server;
use crate::stores::{assert_says, says};

pub(super) const SHORT: Duration = Duration::from_millis(500);

/// A pool of a service, which does not change over to the socket. It asks nothing of the server
/// when it gets a connection back, which could be underway when that is suspended.
pub(super) fn pool(address: &str, size: usize) -> Pool {
    let constraints = PoolConstraints::new(size, size).unwrap();
    let pool = PoolOpts::default()
        .with_constraints(constraints)
        .with_reset_connection(false);
    let opts = OptsBuilder::from_opts(Opts::from_url(address).unwrap())
        .prefer_socket(false)
        .pool_opts(pool);
    Pool::new(opts)
}

pub(super) fn connect(port: u16) -> MysqlCheck {
    MysqlCheck::new(&address("app", port)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_every_state() {
    let mut server = mariadb::start().await;
    by_every_door(&server).await;
    what_is_wrong_with_the_login(&server).await;
    read_only(&server).await;
    connections_run_out(&server).await;
    a_pool_runs_out(&server).await;
    roles(&server).await;
    outage::suspended(&server).await;
    outage::suspended_under_a_pool(&server).await;
    outage::killed(&mut server).await;
    mariadb::end(server);
}

async fn by_every_door(server: &Server) {
    let port = server.port;
    let over_tcp = OptsBuilder::from_opts(Opts::from_url(&address("app", port)).unwrap());
    for check in [
        connect(port),
        MysqlCheck::with_options(over_tcp.prefer_socket(false)),
        MysqlCheck::pool(pool(&address("app", port), 1)),
    ] {
        let state = result(check).await;
        assert!(state.healthy(), "{state:?}");
        assert_eq!(state.message, "mysql answers");
        let details = state.details.as_ref().unwrap();
        assert!(details["latency_ms"].as_f64().unwrap() > 0.0, "{details:?}");
    }
}

async fn what_is_wrong_with_the_login(server: &Server) {
    let port = server.port;
    // Bound, so that nobody else listens there either.
    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind(([127, 0, 0, 1], 0).into()).unwrap();
    let closed_port = closed.local_addr().unwrap().port();
    for (address, words) in [
        (
            format!("mysql://app:wrong-{PASSWORD}@127.0.0.1:{port}/service"),
            "refuses the login",
        ),
        (
            format!("mysql://app@127.0.0.1:{port}/service"),
            "refuses the login",
        ),
        (
            format!("mysql://nobody:{PASSWORD}@127.0.0.1:{port}/service"),
            "refuses the login",
        ),
        (
            format!("mysql://app:{PASSWORD}@127.0.0.1:{port}/elsewhere"),
            "no such database",
        ),
        (
            format!("mysql://app:{PASSWORD}@127.0.0.1:{closed_port}/service"),
            "start it",
        ),
        (
            format!("mysql://app:{PASSWORD}@db.invalid:{port}/service"),
            "cannot be reached",
        ),
    ] {
        let state = result(MysqlCheck::new(&address).unwrap()).await;
        assert_says(&state, words);
        assert_eq!(state.cause, Cause::Reported);
        let state = result(MysqlCheck::pool(pool(&address, 1))).await;
        assert_says(&state, words);
    }
}

async fn read_only(server: &Server) {
    let mut admin = mariadb::admin(server.port).await;
    let monitored = Monitored::start(connect(server.port).expect_writable());
    let state = monitored.ask().await;
    assert_eq!(state.message, "mysql answers, takes writes");
    for (value, writable) in [("on", false), ("off", true)] {
        let set = format!("SET GLOBAL read_only = {value}");
        admin.query_drop(set).await.unwrap();
        // Down after three, up after two.
        let state = monitored
            .ask_until("the setting", |state| state.healthy() == writable)
            .await;
        if !writable {
            assert_says(&state, "read_only is on");
        }
    }
    monitored.stop().await;
    admin.disconnect().await.unwrap();
}

async fn connections_run_out(server: &Server) {
    let port = server.port;
    let monitored = Monitored::start(connect(port).thresholds(0.5, 0.9).unwrap());
    let state = monitored
        .ask_until("those of earlier to leave", CheckState::healthy)
        .await;
    assert_eq!(state.details.as_ref().unwrap()["connections_limit"], 10);

    let mut taken = Vec::new();
    let opts = Opts::from_url(&(address("app", port) + "?prefer_socket=false")).unwrap();
    let state = loop {
        while let Ok(conn) = Conn::new(opts.clone()).await {
            taken.push(conn);
        }
        // Those of earlier may leave meanwhile; then there are more to be taken.
        let late = result(connect(port)).await;
        if !late.healthy() {
            break late;
        }
    };
    assert_says(&state, "has no connection left");
    let state = monitored
        .ask_until("no connection left", |state| {
            says(state, "raise max_connections")
        })
        .await;
    assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");

    taken.truncate(5);
    let state = monitored
        .ask_until("a few left", |state| state.status == CheckStatus::Degraded)
        .await;
    assert_says(&state, "connections in use");
    drop(taken);
    monitored.ask_until("most left", CheckState::healthy).await;
    monitored.stop().await;
}

async fn a_pool_runs_out(server: &Server) {
    let pool = pool(&address("app", server.port), 1);
    let taken = pool.get_conn().await.unwrap();
    let check = MysqlCheck::pool(pool.clone()).registration();
    let monitored = Monitored::start(check.timeout(SHORT).thresholds(1, 1));
    let words = "the pool gave no connection to mysql in time";
    let state = monitored.ask_until(words, |state| says(state, words)).await;
    assert_eq!(state.cause, Cause::Timeout);
    drop(taken);
    monitored.ask_until("the pool", CheckState::healthy).await;

    pool.disconnect().await.unwrap();
    let state = monitored.ask().await;
    assert_says(&state, "the pool gives no connection to mysql");
    assert_eq!(state.cause, Cause::Reported);
    monitored.stop().await;
}

async fn roles(primary: &Server) {
    let replica = mariadb::start_replica(primary).await;
    let watch = |server: &Server, role| {
        let check = MysqlCheck::new(&address("watcher", server.port)).unwrap();
        check.expect_role(role)
    };
    for (server, role) in [
        (primary, DatabaseRole::Primary),
        (&replica, DatabaseRole::Replica),
    ] {
        for expected in [DatabaseRole::Primary, DatabaseRole::Replica] {
            let state = result(watch(server, expected)).await;
            assert_eq!(state.healthy(), expected == role, "{state:?}");
            assert_eq!(state.details.as_ref().unwrap()["role"], role.to_string());
        }
    }
    let state = result(connect(replica.port).expect_role(DatabaseRole::Replica)).await;
    assert_says(&state, "SLAVE MONITOR");

    // It stops to follow, and then it follows no more.
    let mut admin = mariadb::admin(replica.port).await;
    let as_replica = watch(&replica, DatabaseRole::Replica).registration();
    let monitored = Monitored::start(as_replica.thresholds(1, 1));
    let state = monitored.ask().await;
    assert!(state.healthy(), "{state:?}");
    for (sql, words) in [
        ("STOP SLAVE", "does not follow"),
        (
            "RESET SLAVE ALL",
            "is a primary where a replica is expected",
        ),
    ] {
        admin.query_drop(sql).await.unwrap();
        let state = monitored.ask().await;
        assert_says(&state, words);
    }
    monitored.stop().await;
    mariadb::end(replica);
}
