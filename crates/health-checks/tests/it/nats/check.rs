//! The check on a server, through both doors.

use std::time::Duration;

use async_nats::ConnectOptions;
use health_checks::nats::NatsCheck;
use health_core::{Cause, CheckState, CheckStatus, Registration};
use rustix::process::Signal;

use super::{start, url};
use crate::harness::{Monitored, PATIENCE, alone, connections, leaks_nothing, result};
use crate::server::{Server, free_port};
use crate::stores::{SECRET, detail, nothing_left, refuses};

/// A check that shows each result at once, and gives up soon.
fn hasty(check: NatsCheck) -> Registration {
    check
        .registration()
        .thresholds(1, 1)
        .timeout(Duration::from_secs(1))
}

fn connecting(server: &Server) -> NatsCheck {
    NatsCheck::new(&url(server)).unwrap()
}

async fn shared(server: &Server) -> NatsCheck {
    NatsCheck::client(async_nats::connect(url(server)).await.unwrap())
}

#[tokio::test]
async fn a_server_that_carries_messages_is_healthy_through_each_door() {
    let server = start(&[]);
    let nobody = format!("127.0.0.1:{}", free_port());
    for check in [
        connecting(&server),
        shared(&server).await,
        NatsCheck::new(&format!("{nobody},{}", url(&server))).unwrap(),
    ] {
        let state = result(check).await;
        assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
        assert!(detail(&state, "latency_ms").parse::<f64>().unwrap() > 0.0);
        assert!(detail(&state, "version").starts_with("\"2."));
    }
}

#[tokio::test]
async fn credentials_are_judged_and_never_told() {
    let server = start(&["--user", "alice", "--pass", "right"]);
    let user = |password: &str| {
        ConnectOptions::with_user_and_password("alice".to_owned(), password.to_owned())
    };
    let at = |user: &str| format!("nats://{user}127.0.0.1:{}", server.port);
    for check in [
        NatsCheck::with_options(&at(""), user("right")),
        NatsCheck::new(&at("alice:r%69ght@")),
        // Those in the URL take the place of the others.
        NatsCheck::with_options(&at("alice:right@"), user(SECRET)),
    ] {
        let state = result(check.unwrap()).await;
        assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
    }
    let token = ConnectOptions::with_token(SECRET.to_owned());
    for check in [
        NatsCheck::with_options(&at(""), user(SECRET)),
        NatsCheck::with_options(&at(""), token),
        NatsCheck::new(&at(&format!("alice:{SECRET}@"))),
        NatsCheck::new(&at(&format!("{SECRET}@"))),
        NatsCheck::new(&at("")),
    ] {
        refuses(check.unwrap(), "rejects the credentials").await;
    }
}

#[tokio::test]
async fn a_token_in_the_url_is_judged_and_never_told() {
    let server = start(&["--auth", "right"]);
    let at = |token: &str| {
        let url = format!("nats://{token}@127.0.0.1:{}", server.port);
        NatsCheck::new(&url).unwrap()
    };
    let state = result(at("r%69ght")).await;
    assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
    refuses(at(SECRET), "rejects the credentials").await;
}

#[tokio::test]
async fn what_is_not_there_is_unhealthy() {
    for (place, words) in [
        (format!("127.0.0.1:{}", free_port()), "cannot be reached"),
        ("db.invalid:4222".to_owned(), "cannot be found by name"),
    ] {
        let url = format!("nats://{SECRET}:{SECRET}@{place}");
        refuses(NatsCheck::new(&url).unwrap(), words).await;
    }
}

#[tokio::test]
async fn a_killed_server_is_unhealthy_until_it_is_back() {
    let mut server = start(&[]);
    for check in [connecting(&server), shared(&server).await] {
        let monitored = Monitored::start(hasty(check));
        // The service's client was made before the kill of the turn before.
        monitored
            .ask_until("the connection", CheckState::healthy)
            .await;
        server.kill();
        let state = monitored.ask().await;
        assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");
        server.restart();
        monitored
            .ask_until("the server's return", CheckState::healthy)
            .await;
        monitored.stop().await;
    }
}

#[tokio::test]
async fn a_suspended_server_is_a_timeout_until_it_goes_on() {
    let server = start(&[]);
    for check in [connecting(&server), shared(&server).await] {
        let words = "nats did not answer in time; see whether it is suspended";
        server.hang_under(hasty(check), words).await;
    }
}

#[tokio::test]
async fn a_server_that_will_leave_is_degraded() {
    let server = start(&[]);
    let monitored = Monitored::start(hasty(connecting(&server)));
    assert!(monitored.ask().await.healthy());
    server.signal(Signal::USR2);
    let state = monitored
        .ask_until("the lame duck", |state| {
            state.status == CheckStatus::Degraded
        })
        .await;
    assert!(state.message.contains("about to leave"), "{state:?}");
    monitored.stop().await;
}

#[tokio::test]
async fn one_connection_is_kept_and_nothing_is_left_after_a_drop() {
    let mut server = start(&[]);
    // With time enough: a run that a busy machine makes late begins another connection.
    let patient = connecting(&server).registration().timeout(PATIENCE);
    let monitored = Monitored::start(patient);
    for _ in 0..100 {
        let state = monitored.ask().await;
        assert!(state.healthy(), "{state:?}");
        assert_eq!(connections(server.port), 1);
    }
    monitored.stop().await;
    nothing_left(server.port).await;

    // Dropped at its deadline, too.
    let monitored = Monitored::start(hasty(connecting(&server)));
    monitored.ask_until("an answer", CheckState::healthy).await;
    server.suspend();
    assert_eq!(monitored.ask().await.cause, Cause::Timeout);
    assert_eq!(monitored.ask().await.cause, Cause::Timeout);
    monitored.stop().await;
    nothing_left(server.port).await;
    server.resume();

    // And with the server gone for good, whose client goes on trying otherwise.
    let monitored = Monitored::start(hasty(connecting(&server)));
    monitored
        .ask_until("the server's return", CheckState::healthy)
        .await;
    server.kill();
    assert!(!monitored.ask().await.healthy());
    monitored.stop().await;
    nothing_left(server.port).await;
}

/// Ten thousand runs of a check against one server, whose connections are counted.
fn ten_thousand_runs(test: &str, check: impl AsyncFnOnce(&Server) -> NatsCheck) {
    alone(test, || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let server = start(&[]);
            leaks_nothing(check(&server).await).await;
            nothing_left(server.port).await;
        });
    });
}

#[test]
fn ten_thousand_runs_by_itself_leak_nothing() {
    ten_thousand_runs(
        "nats::check::ten_thousand_runs_by_itself_leak_nothing",
        async |server| connecting(server),
    );
}

#[test]
fn ten_thousand_runs_on_a_shared_client_leak_nothing() {
    ten_thousand_runs(
        "nats::check::ten_thousand_runs_on_a_shared_client_leak_nothing",
        async |server| shared(server).await,
    );
}
