//! One server is broken in every way, and each door says how; one test, as it starts servers.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use health_checks::postgres::{DatabaseRole, PostgresCheck, PostgresPool};
use health_core::{Cause, CheckState, CheckStatus};
use tokio_postgres::{Client, NoTls};

use super::cluster::{self, address};
use super::{outage, tls};
use crate::harness::{Monitored, result};
use crate::server::PASSWORD;
use crate::server::Server;
use crate::stores::{assert_says, says};

pub(super) const SHORT: Duration = Duration::from_millis(500);

/// What a service writes.
pub(super) struct Deadpool(pub(super) deadpool_postgres::Pool);

#[async_trait]
impl PostgresPool for Deadpool {
    type Connection = deadpool_postgres::Object;

    async fn get(&self) -> Result<Self::Connection, Box<dyn Error + Send + Sync>> {
        Ok(self.0.get().await?)
    }

    fn client(connection: &Self::Connection) -> &Client {
        connection
    }
}

pub(super) fn pool(address: &str, size: usize) -> Deadpool {
    let manager = deadpool_postgres::Manager::new(address.parse().unwrap(), NoTls);
    let pool = deadpool_postgres::Pool::builder(manager).max_size(size);
    Deadpool(pool.build().unwrap())
}

pub(super) fn connect(port: u16) -> PostgresCheck {
    PostgresCheck::new(&address("app", port)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_every_state() {
    let mut server = cluster::start().await;
    by_every_door(&server).await;
    what_is_wrong_with_the_login(&server).await;
    tls::absent(&server).await;
    read_only(&server).await;
    connections_run_out(&server).await;
    a_pool_runs_out(&server).await;
    roles(&server).await;
    outage::suspended(&server).await;
    outage::suspended_under_a_shared_client(&server).await;
    outage::asked_once(&server).await;
    outage::killed(&mut server).await;
    cluster::end(server);
}

async fn by_every_door(server: &Server) {
    let port = server.port;
    for check in [
        connect(port),
        PostgresCheck::with_options(address("app", port).parse().unwrap(), NoTls).unwrap(),
        PostgresCheck::client(cluster::client(port).await),
        PostgresCheck::pool(pool(&address("app", port), 1)),
    ] {
        let state = result(check).await;
        assert!(state.healthy(), "{state:?}");
        assert_eq!(state.message, "postgres answers");
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
            format!("postgres://app:wrong-{PASSWORD}@127.0.0.1:{port}/service"),
            "refuses the login",
        ),
        (
            format!("postgres://app@127.0.0.1:{port}/service"),
            "refuses the login",
        ),
        (
            format!("postgres://nobody:{PASSWORD}@127.0.0.1:{port}/service"),
            "refuses the login",
        ),
        (
            format!("postgres://app:{PASSWORD}@127.0.0.1:{port}/elsewhere"),
            "no such database",
        ),
        (
            format!("postgres://app:{PASSWORD}@127.0.0.1:{closed_port}/service"),
            "start it",
        ),
        (
            format!("postgres://app:{PASSWORD}@db.invalid:{port}/service"),
            "cannot be reached",
        ),
    ] {
        let state = result(PostgresCheck::new(&address).unwrap()).await;
        assert_says(&state, words);
        assert_eq!(state.cause, Cause::Reported);
        let state = result(PostgresCheck::pool(pool(&address, 1))).await;
        assert_says(&state, words);
    }
    let mut config: tokio_postgres::Config = address("app", port).parse().unwrap();
    config.ssl_mode(tokio_postgres::config::SslMode::Require);
    let state = result(PostgresCheck::with_options(config, NoTls).unwrap()).await;
    assert_says(&state, "no TLS");
}

async fn read_only(server: &Server) {
    let admin = cluster::admin(server.port).await;
    let monitored = Monitored::start(connect(server.port).expect_writable());
    assert_eq!(
        monitored.ask().await.message,
        "postgres answers, takes writes"
    );
    for (value, writable) in [("on", false), ("off", true)] {
        let alter = format!("ALTER SYSTEM SET default_transaction_read_only = {value}");
        admin.batch_execute(&alter).await.unwrap();
        admin
            .batch_execute("SELECT pg_reload_conf()")
            .await
            .unwrap();
        // Down after three, up after two.
        let state = monitored
            .ask_until("the setting", |state| state.healthy() == writable)
            .await;
        if !writable {
            assert_says(&state, "default_transaction_read_only is on");
        }
    }
    monitored.stop().await;
}

async fn connections_run_out(server: &Server) {
    let port = server.port;
    let monitored = Monitored::start(connect(port).thresholds(0.5, 0.9).unwrap());
    let state = monitored.ask().await;
    assert!(state.healthy(), "{state:?}");
    let details = state.details.as_ref().unwrap();
    // Ten less those of superusers, who have left.
    assert_eq!(details["connections_limit"], 7);

    let mut clients = Vec::new();
    let state = loop {
        while let Ok(client) = cluster::open(&address("app", port)).await {
            clients.push(client);
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
            let used = state
                .details
                .as_ref()
                .map(|details| &details["connections_used"]);
            says(state, "raise max_connections") && used.is_some_and(|used| *used == 7)
        })
        .await;
    assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");

    clients.truncate(3);
    let state = monitored
        .ask_until("a few left", |state| state.status == CheckStatus::Degraded)
        .await;
    assert_says(&state, "connections in use");
    drop(clients);
    monitored.ask_until("most left", CheckState::healthy).await;
    monitored.stop().await;
}

async fn a_pool_runs_out(server: &Server) {
    let pool = pool(&address("app", server.port), 1);
    let taken = pool.0.get().await.unwrap();
    let monitored = Monitored::start(
        PostgresCheck::pool(pool)
            .registration()
            .timeout(SHORT)
            .thresholds(1, 1),
    );
    let words = "the pool gave no connection to postgres in time";
    let state = monitored.ask_until(words, |state| says(state, words)).await;
    assert_eq!(state.cause, Cause::Timeout);
    drop(taken);
    monitored.ask_until("the pool", CheckState::healthy).await;
    monitored.stop().await;
}

async fn roles(primary: &Server) {
    let mut standby = cluster::start_standby(primary);
    // It is let in only once the standby is consistent.
    drop(cluster::admin(standby.port).await);
    for (server, role, writable) in [
        (primary, DatabaseRole::Primary, true),
        (&standby, DatabaseRole::Replica, false),
    ] {
        for expected in [DatabaseRole::Primary, DatabaseRole::Replica] {
            let state = result(connect(server.port).expect_role(expected)).await;
            assert_eq!(state.healthy(), expected == role, "{state:?}");
            let details = state.details.as_ref().unwrap();
            assert_eq!(details["role"], role.to_string());
            assert_eq!(details["writable"], writable);
        }
        let state = result(connect(server.port).expect_writable()).await;
        assert_eq!(state.healthy(), writable, "{state:?}");
        assert!(writable || says(&state, "it is a replica"), "{state:?}");
    }

    // Promoted under a connection that is kept.
    let monitored = Monitored::start(connect(standby.port).expect_writable());
    let state = monitored.ask().await;
    assert_says(&state, "it is a replica");
    let admin = cluster::admin(standby.port).await;
    admin.batch_execute("SELECT pg_promote()").await.unwrap();
    monitored
        .ask_until("the promotion", CheckState::healthy)
        .await;
    monitored.stop().await;

    // One that lets nobody in says so.
    let data = standby.directory().join("data");
    std::fs::write(data.join("standby.signal"), "").unwrap();
    std::fs::write(data.join("postgresql.auto.conf"), "hot_standby = off\n").unwrap();
    standby.kill();
    standby.restart();
    let state = result(connect(standby.port)).await;
    assert_says(&state, "starting, shutting down or recovering");
    cluster::end(standby);
}
