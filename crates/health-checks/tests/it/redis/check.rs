//! The check on a server, through both doors.

use std::time::Duration;

use health_checks::redis::{DatabaseRole, RedisCheck};
use health_core::{Cause, CheckState, CheckStatus, Registration};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, InfoDict};

use super::{connection, start, tell, url};
use crate::harness::{Monitored, result};
use crate::server::{Server, free_port};
use crate::stores::{SECRET, detail, refused, refuses};

/// A check that shows each result at once, and gives up soon.
pub(super) fn hasty(check: RedisCheck) -> Registration {
    check
        .registration()
        .thresholds(1, 1)
        .timeout(Duration::from_millis(500))
}

pub(super) fn connecting(server: &Server) -> RedisCheck {
    RedisCheck::new(&url(server)).unwrap()
}

#[tokio::test]
async fn a_server_that_answers_is_healthy_through_each_door() {
    let server = start(&[]);
    let client = Client::open(url(&server)).unwrap();
    for check in [
        connecting(&server),
        RedisCheck::with_options(client),
        RedisCheck::client(connection(&server).await),
    ] {
        let state = result(check).await;
        assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
        assert_eq!(state.message, "redis answers");
        assert!(detail(&state, "latency_ms").parse::<f64>().unwrap() >= 0.0);
    }
}

#[tokio::test]
async fn credentials_are_judged_and_never_told() {
    let server = start(&["--requirepass", "right"]);
    let at = |user: &str| format!("redis://{user}127.0.0.1:{}/1", server.port);
    let state = result(RedisCheck::new(&at(":right@")).unwrap()).await;
    assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
    for (user, words) in [
        (format!(":{SECRET}@"), "rejects the credentials"),
        (format!("{SECRET}:{SECRET}@"), "rejects the credentials"),
    ] {
        refuses(RedisCheck::new(&at(&user)).unwrap(), words).await;
    }
    refuses(connecting(&server), "asks for a password").await;
}

#[tokio::test]
async fn what_is_not_there_or_is_no_redis_is_unhealthy() {
    let nobody = format!("redis://:{SECRET}@127.0.0.1:{}", free_port());
    refuses(RedisCheck::new(&nobody).unwrap(), "accepts no connection").await;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let garbage = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.writable().await.unwrap();
            let _ = stream.try_write(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    let strange = format!("redis://:{SECRET}@127.0.0.1:{port}");
    refuses(RedisCheck::new(&strange).unwrap(), "redis").await;
    garbage.abort();
}

#[tokio::test]
async fn a_killed_server_is_unhealthy_until_it_is_back() {
    let mut server = start(&[]);
    let monitored = Monitored::start(hasty(connecting(&server)));
    assert!(monitored.ask().await.healthy());

    server.kill();
    refused(&*monitored.ask().await, "accepts no connection");
    server.restart();
    let state = monitored.ask().await;
    assert!(state.healthy(), "{state:?}");

    // What the kept connection was closed for is over.
    server.kill();
    server.restart();
    let state = monitored.ask().await;
    assert!(state.healthy(), "{state:?}");
    monitored.stop().await;
}

#[tokio::test]
async fn a_suspended_server_is_a_timeout_until_it_goes_on() {
    let server = start(&[]);
    // The check's own deadline ends one, the connection's the other.
    for check in [
        connecting(&server),
        RedisCheck::client(connection(&server).await),
    ] {
        let words = "redis did not answer in time; see whether it is busy or suspended";
        server
            .hang_under(hasty(check).timeout(Duration::from_secs(1)), words)
            .await;
    }
}

/// However many runs a hang outlives, one command of theirs waits on the server.
#[tokio::test]
async fn a_suspended_server_is_asked_once() {
    let server = start(&[]);
    // Without a timeout of its own, which would give commands up and forget them.
    let patient = AsyncConnectionConfig::new().set_response_timeout(None);
    let client = Client::open(url(&server)).unwrap();
    let shared = client.get_multiplexed_async_connection_with_config(&patient);
    let monitored = Monitored::start(hasty(RedisCheck::client(shared.await.unwrap())));
    monitored.ask_until("an answer", CheckState::healthy).await;
    let mut other = connection(&server).await;
    let before = pings(&mut other).await;
    server.suspend();
    let mut runs = 0;
    for _ in 0..5 {
        let state = monitored.ask().await;
        assert_eq!(state.cause, Cause::Timeout);
        runs = state.runs;
    }
    server.resume();
    let state = monitored.ask_until("the return", CheckState::healthy).await;
    // One of the hang, and one of each run since.
    let (since, asked) = (state.runs - runs, pings(&mut other).await - before);
    assert!((1..=since + 1).contains(&asked), "{asked} in {since} runs");
    monitored.stop().await;
}

/// How often the server was pinged.
async fn pings(other: &mut MultiplexedConnection) -> u64 {
    let stats: InfoDict = tell(other, "INFO commandstats").await;
    let stats: String = stats.get("cmdstat_ping").unwrap();
    let calls = stats.split([',', '=']).nth(1).unwrap();
    calls.parse().unwrap()
}

/// What was measured is told, though the rest failed; what was not is absent.
#[tokio::test]
async fn a_latency_is_told_where_there_is_one() {
    let server = start(&[]);
    let mut other = connection(&server).await;
    let () = tell(&mut other, "ACL SETUSER narrow on >right +ping").await;
    let url = format!("redis://narrow:right@127.0.0.1:{}", server.port);
    let narrow = RedisCheck::new(&url).unwrap();
    let state = result(narrow.expect_role(DatabaseRole::Primary)).await;
    refused(&state, "ACL SETUSER");
    assert!(detail(&state, "latency_ms").parse::<f64>().unwrap() > 0.0);

    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let state = result(RedisCheck::new(&nobody).unwrap()).await;
    refused(&state, "accepts no connection");
    let details = state.details.as_ref();
    assert!(details.is_none_or(|details| !details.contains_key("latency_ms")));
}

#[tokio::test]
async fn roles_of_a_real_pair() {
    let mut master = start(&[]);
    let port = master.port;
    let replica = Server::start(move |directory, own| {
        let mut command = super::command(directory, own, &[]);
        command.args(["--replicaof", "127.0.0.1", &port.to_string()]);
        command
    });
    let expecting =
        |server: &Server, role| Monitored::start(hasty(connecting(server).expect_role(role)));

    let follower = expecting(&replica, DatabaseRole::Replica);
    let state = follower.ask_until("the link", CheckState::healthy).await;
    assert_eq!(detail(&state, "role"), "\"replica\"");

    let leader = expecting(&master, DatabaseRole::Primary);
    let state = leader
        .ask_until("the replica", |state| {
            detail(state, "connected_replicas") == "1"
        })
        .await;
    assert!(state.healthy(), "{state:?}");

    let wrong = result(connecting(&replica).expect_role(DatabaseRole::Primary)).await;
    refused(&wrong, "is a replica where a primary is expected");
    let wrong = result(connecting(&master).expect_role(DatabaseRole::Replica)).await;
    refused(&wrong, "is a primary where a replica is expected");

    master.kill();
    let state = follower
        .ask_until("the loss of the link", |state| !state.healthy())
        .await;
    refused(&state, "no link to its primary");
    follower.stop().await;
    leader.stop().await;
}

#[tokio::test]
async fn memory_against_maxmemory() {
    let server = start(&[]);
    let mut other = connection(&server).await;
    let judged = |degraded, unhealthy| {
        let check = connecting(&server).thresholds(degraded, unhealthy).unwrap();
        result(check)
    };
    for state in [
        judged(0.5, 0.9).await,
        result(connecting(&server).memory()).await,
    ] {
        assert_eq!(state.status, CheckStatus::Degraded, "{state:?}");
        assert!(state.message.contains("no maxmemory"), "{state:?}");
    }

    let () = tell(&mut other, "CONFIG SET maxmemory 100mb").await;
    let state = result(connecting(&server).memory()).await;
    assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
    assert!(state.message.ends_with("limit 80 %"), "{state:?}");
    for (degraded, unhealthy, status) in [
        (0.9, 0.9, CheckStatus::Healthy),
        (1e-6, 0.9, CheckStatus::Degraded),
        (1e-6, 1e-6, CheckStatus::Unhealthy),
    ] {
        let state = judged(degraded, unhealthy).await;
        assert_eq!(state.status, status, "{state:?}");
        assert!(state.message.contains("memory "), "{state:?}");
        assert_eq!(detail(&state, "max_memory_bytes"), "104857600");
        assert_eq!(detail(&state, "eviction_policy"), "\"noeviction\"");
    }
}

#[tokio::test]
async fn a_server_that_loads_its_data_is_unhealthy_until_it_has() {
    // Loading takes a millisecond a key, and the server looks at its clients meanwhile.
    let mut server = start(&[
        "--key-load-delay",
        "1000",
        "--loading-process-events-interval-bytes",
        "1024",
        "--enable-debug-command",
        "yes",
    ]);
    let mut other = connection(&server).await;
    let () = tell(&mut other, "DEBUG POPULATE 1000").await;
    let () = tell(&mut other, "SAVE").await;
    let monitored = Monitored::start(hasty(connecting(&server)).timeout(Duration::from_secs(9)));
    server.kill();
    server.restart();
    let state = monitored
        .ask_until("the loading", |state| state.message.contains("loading"))
        .await;
    refused(&state, "redis is loading its data; wait");
    monitored.ask_until("the data", CheckState::healthy).await;
    monitored.stop().await;
}

#[tokio::test]
async fn a_server_that_takes_no_more_clients_is_unhealthy() {
    let server = start(&[]);
    let mut other = connection(&server).await;
    let () = tell(&mut other, "CONFIG SET maxclients 1").await;
    refuses(connecting(&server), "redis").await;
}
