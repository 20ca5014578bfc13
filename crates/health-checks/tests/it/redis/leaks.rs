//! One connection is kept, and nothing is left: here, and on the server.

use health_checks::redis::{DatabaseRole, RedisCheck};
use health_core::Cause;
use redis::InfoDict;
use redis::aio::MultiplexedConnection;
use tokio::runtime::Handle;

use super::check::{connecting, hasty};
use super::{clients, connection, start, tell};
use crate::harness::{Monitored, alone, connections, eventually, leaks_nothing, result};
use crate::server::Server;

/// Waits until this runtime has no other tasks than these.
async fn tasks(expected: usize) {
    eventually("the end of the tasks", || {
        let tasks = Handle::current().metrics().num_alive_tasks();
        (tasks != expected).then_some(tasks)
    })
    .await;
}

#[tokio::test]
async fn one_connection_is_kept_and_nothing_is_left_after_a_drop() {
    let server = start(&[]);
    let mut other = connection(&server).await;
    let before = Handle::current().metrics().num_alive_tasks();
    let monitored = Monitored::start(connecting(&server).expect_role(DatabaseRole::Primary));
    for _ in 0..100 {
        assert!(monitored.ask().await.healthy());
        assert_eq!(clients(&mut other).await, 1);
    }
    monitored.stop().await;
    eventually("the end of the connection", || {
        let left = connections(server.port) - 1;
        (left > 0).then_some(left)
    })
    .await;
    tasks(before).await;

    // Dropped at its deadline, too.
    server.suspend();
    let state = result(hasty(connecting(&server))).await;
    assert_eq!(state.cause, Cause::Timeout, "{state:?}");
    tasks(before).await;
    server.resume();
    eventually("the end of the connection", || {
        let left = connections(server.port) - 1;
        (left > 0).then_some(left)
    })
    .await;
}

/// Ten thousand runs of a check against one server, which counts its clients.
fn ten_thousand_runs(test: &str, check: impl AsyncFnOnce(&Server) -> RedisCheck) {
    alone(test, || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let server = start(&["--maxmemory", "1gb"]);
            let mut other = connection(&server).await;
            let before = connections_ever(&mut other).await;
            let check = check(&server).await;
            let check = check
                .expect_role(DatabaseRole::Primary)
                .thresholds(0.5, 0.9);
            leaks_nothing(check.unwrap()).await;
            eventually("the end of the connection", || {
                let left = connections(server.port) - 1;
                (left > 0).then_some(left)
            })
            .await;
            assert_eq!(connections_ever(&mut other).await, before + 1);
        });
    });
}

async fn connections_ever(other: &mut MultiplexedConnection) -> u64 {
    let stats: InfoDict = tell(other, "INFO stats").await;
    stats.get("total_connections_received").unwrap()
}

#[test]
fn ten_thousand_runs_by_itself_leak_nothing() {
    ten_thousand_runs(
        "redis::leaks::ten_thousand_runs_by_itself_leak_nothing",
        async |server| connecting(server),
    );
}

#[test]
fn ten_thousand_runs_on_a_shared_connection_leak_nothing() {
    ten_thousand_runs(
        "redis::leaks::ten_thousand_runs_on_a_shared_connection_leak_nothing",
        async |server| RedisCheck::client(connection(server).await),
    );
}
