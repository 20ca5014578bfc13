//! A server that hangs, or is gone, and comes back: each door says so, and recovers.

use std::sync::Arc;

use health_checks::postgres::PostgresCheck;
use health_core::{Cause, CheckState};

use super::check::{SHORT, connect, pool};
use super::cluster::{self, address};
use crate::harness::Monitored;
use crate::server::Server;
use crate::stores::{assert_says, says};

pub(super) async fn suspended(server: &Server) {
    let port = server.port;
    let kept = Monitored::start(connect(port).registration().timeout(SHORT).thresholds(1, 1));
    // A kept connection is given up, and a new one is not given.
    server
        .suspend_under(&kept, "did not answer the query in time")
        .await;
    let words = "gave no connection in time";
    kept.ask_until(words, |state| says(state, words)).await;
    server.resume();
    kept.ask_until("the return", CheckState::healthy).await;
    kept.stop().await;
}

pub(super) async fn suspended_under_a_shared_client(server: &Server) {
    let client = cluster::client(server.port).await;
    let shared = PostgresCheck::client(client.clone())
        .registration()
        .timeout(SHORT)
        .thresholds(1, 1);
    let pooled = PostgresCheck::pool(pool(&address("app", server.port), 1));
    let shared = Monitored::start(shared);
    let pooled = Monitored::start(pooled.registration().timeout(SHORT).thresholds(1, 1));
    for monitored in [&shared, &pooled] {
        monitored
            .ask_until("a first answer", CheckState::healthy)
            .await;
    }
    server.suspend();
    for monitored in [&shared, &pooled] {
        // Twice: the second run begins with the query of the first underway.
        for _ in 0..2 {
            let state = monitored
                .ask_until("a timeout", |state| {
                    says(state, "did not answer the query in time")
                })
                .await;
            assert_eq!(state.cause, Cause::Timeout);
        }
    }
    server.resume();
    for monitored in [shared, pooled] {
        monitored.ask_until("the return", CheckState::healthy).await;
        monitored.stop().await;
    }
    assert_eq!(Arc::strong_count(&client), 1, "the check keeps no client");
}

/// However many runs a hang outlives, one query of theirs waits on the server.
pub(super) async fn asked_once(server: &Server) {
    let admin = cluster::admin(server.port).await;
    let log = "ALTER ROLE app SET log_statement = 'all'";
    admin.batch_execute(log).await.unwrap();
    let client = cluster::client(server.port).await;
    let pool = pool(&address("app", server.port), 3);
    for check in [PostgresCheck::client(client), PostgresCheck::pool(pool)] {
        let check = check.registration().timeout(SHORT).thresholds(1, 1);
        let monitored = Monitored::start(check);
        monitored.ask_until("an answer", CheckState::healthy).await;
        server.suspend();
        let before = asked(server);
        let mut runs = 0;
        for _ in 0..5 {
            let state = monitored.ask().await;
            assert_eq!(state.cause, Cause::Timeout);
            runs = state.runs;
        }
        server.resume();
        let state = monitored.ask_until("the return", CheckState::healthy).await;
        // One of the hang, and one of each run since.
        let (since, asked) = (state.runs - runs, asked(server) - before);
        assert!((1..=since + 1).contains(&asked), "{asked} in {since} runs");
        monitored.stop().await;
    }
    let log = "ALTER ROLE app RESET log_statement";
    admin.batch_execute(log).await.unwrap();
}

/// How often it was asked by a check, by its own log.
fn asked(server: &Server) -> u64 {
    let log = std::fs::read_to_string(server.directory().join("server.log")).unwrap();
    log.matches("statement: SELECT 1").count() as u64
}

pub(super) async fn killed(server: &mut Server) {
    let port = server.port;
    let address = address("app", port);
    let client = cluster::client(port).await;
    let shared = Monitored::start(PostgresCheck::client(client));
    let own = Monitored::start(connect(port));
    let pooled = Monitored::start(PostgresCheck::pool(pool(&address, 2)));
    for monitored in [&shared, &own, &pooled] {
        assert!(monitored.ask().await.healthy());
    }
    server.kill();
    for (monitored, words) in [
        (&shared, "closed the connection"),
        (&own, "accepts no connection; start it"),
        (&pooled, "accepts no connection; start it"),
    ] {
        monitored.ask_until(words, |state| says(state, words)).await;
    }
    server.restart();
    for monitored in [&own, &pooled] {
        monitored.ask_until("the return", CheckState::healthy).await;
    }
    // The service itself has to reconnect.
    let state = shared.ask().await;
    assert_says(&state, "closed the connection");
    for monitored in [shared, own, pooled] {
        monitored.stop().await;
    }
}
