//! The check on a member, through both doors.

use std::time::Duration;

use etcd_client::{AlarmAction, AlarmOptions, AlarmType, Client, ConnectOptions};
use health_checks::etcd::EtcdCheck;
use health_core::{Cause, CheckState, CheckStatus, Registration};

use super::{client, endpoint, member, ready, start};
use crate::harness::{Monitored, alone, connections, leaks_nothing, result};
use crate::server::{Server, free_port};
use crate::stores::{SECRET, detail, nothing_left, refused, refuses};

/// A check that shows each result at once.
fn hasty(check: EtcdCheck) -> Registration {
    check.registration().thresholds(1, 1)
}

fn connecting(server: &Server) -> EtcdCheck {
    EtcdCheck::new(&endpoint(server)).unwrap()
}

/// Whoever fails has a password that must not be told.
fn with_secret(endpoint: &str) -> EtcdCheck {
    let options = ConnectOptions::new().with_user("root", SECRET);
    EtcdCheck::with_options(endpoint, options).unwrap()
}

#[tokio::test]
async fn a_member_of_a_quorum_is_healthy_through_each_door() {
    let server = start(&[]);
    ready(&server).await;
    for check in [
        connecting(&server),
        EtcdCheck::client(client(&server).await),
    ] {
        let state = result(check).await;
        assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
        assert!(detail(&state, "latency_ms").parse::<f64>().unwrap() > 0.0);
        assert!(detail(&state, "db_size_bytes").parse::<u64>().unwrap() > 0);
        assert!(detail(&state, "db_used_bytes").parse::<u64>().unwrap() > 0);
        assert_eq!(detail(&state, "is_leader"), "true");
        assert_eq!(detail(&state, "alarms"), "[]");
    }
}

#[tokio::test]
async fn credentials_are_judged_and_never_told() {
    let server = start(&[]);
    ready(&server).await;
    refuses(with_secret(&endpoint(&server)), "knows no users").await;
    let mut admin = client(&server).await;
    admin.user_add("root", "right", None).await.unwrap();
    admin.user_grant_role("root", "root").await.unwrap();
    admin.user_add("guest", "right", None).await.unwrap();
    admin.auth_enable().await.unwrap();

    // A guest may read nothing, and is answered all the same.
    let endpoint = endpoint(&server);
    for user in ["root", "guest"] {
        let options = ConnectOptions::new().with_user(user, "right");
        for check in [
            EtcdCheck::with_options(&endpoint, options.clone()),
            EtcdCheck::new(&format!("http://{user}:r%69ght@{endpoint}")),
            // Those in the URL take the place of the others.
            EtcdCheck::with_options(
                &format!("{user}:right@{endpoint}"),
                options.clone().with_user("root", SECRET),
            ),
        ] {
            let state = result(check.unwrap()).await;
            assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
        }
    }
    refuses(with_secret(&endpoint), "rejects the credentials").await;
    let in_the_url = format!("http://root:{SECRET}@{endpoint}");
    let in_the_url = EtcdCheck::new(&in_the_url).unwrap();
    refuses(in_the_url, "rejects the credentials").await;
    refuses(connecting(&server), "asks for a user").await;
}

#[tokio::test]
async fn what_is_not_there_is_unhealthy() {
    let check = |scheme: &str| with_secret(&format!("{scheme}127.0.0.1:{}", free_port()));
    refuses(check("http://"), "cannot be reached").await;
    refuses(check("https://"), "correct the endpoints").await;
    let nowhere = format!("http://root:{SECRET}@db.invalid:2379");
    refuses(EtcdCheck::new(&nowhere).unwrap(), "cannot be reached").await;
}

#[tokio::test]
async fn a_killed_server_is_unhealthy_until_it_is_back() {
    let mut server = start(&[]);
    ready(&server).await;
    for check in [
        connecting(&server),
        EtcdCheck::client(client(&server).await),
    ] {
        let monitored = Monitored::start(hasty(check));
        // The service's client was made before the kill of the turn before.
        monitored
            .ask_until("the connection", CheckState::healthy)
            .await;
        server.kill();
        refused(&*monitored.ask().await, "cannot be reached");
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
    ready(&server).await;
    let impatient = ConnectOptions::new().with_timeout(Duration::from_millis(500));
    let impatient = Client::connect([endpoint(&server)], Some(impatient)).await;
    // The check's own deadline ends one, the client's the other.
    for check in [connecting(&server), EtcdCheck::client(impatient.unwrap())] {
        let words = "etcd did not answer in time; see whether it is suspended";
        server
            .hang_under(hasty(check).timeout(Duration::from_secs(2)), words)
            .await;
    }
}

#[tokio::test]
async fn an_alarm_is_unhealthy_until_it_is_disarmed() {
    let server = start(&["--quota-backend-bytes", "100000"]);
    ready(&server).await;
    let monitored = Monitored::start(hasty(connecting(&server)));
    let mut filling = client(&server).await;
    let mut filled = 0;
    while filling.put("key", vec![0; 10_000], None).await.is_ok() {
        filled += 1;
        assert!(filled < 1000);
    }
    let state = monitored
        .ask_until("the alarm", |state| !state.healthy())
        .await;
    refused(&state, "space quota");
    assert_eq!(detail(&state, "alarms"), "[\"NOSPACE\"]");

    let (disarm, space) = (AlarmAction::Deactivate, AlarmType::Nospace);
    let raised = filling.alarm(AlarmAction::Get, space, None).await.unwrap();
    let mut of_member = AlarmOptions::new();
    of_member.with_member(raised.alarms()[0].member_id());
    filling.alarm(disarm, space, Some(of_member)).await.unwrap();
    monitored
        .ask_until("the end of the alarm", CheckState::healthy)
        .await;
    monitored.stop().await;
}

#[tokio::test]
async fn a_member_without_a_quorum_is_unhealthy() {
    let peers = [("one", free_port()), ("two", free_port())];
    let start = move |name: &'static str| {
        Server::start(move |directory, port| member(directory, port, name, &peers))
    };
    // Neither accepts clients before both are there.
    let two = std::thread::spawn(move || start("two"));
    let one = start("one");
    let mut two = two.join().unwrap();
    ready(&one).await;

    let monitored = Monitored::start(hasty(connecting(&one)).timeout(Duration::from_secs(2)));
    assert!(monitored.ask().await.healthy());
    two.kill();
    monitored
        .ask_until("the loss of the leader", |state| {
            state.message.contains("no leader")
        })
        .await;
    two.restart();
    monitored.ask_until("the quorum", CheckState::healthy).await;
    monitored.stop().await;
}

#[tokio::test]
async fn one_connection_is_kept_and_nothing_is_left_after_a_drop() {
    let server = start(&[]);
    ready(&server).await;
    nothing_left(server.port).await;
    let monitored = Monitored::start(hasty(connecting(&server)));
    for _ in 0..100 {
        assert!(monitored.ask().await.healthy());
        assert_eq!(connections(server.port), 1);
    }
    monitored.stop().await;
    nothing_left(server.port).await;

    // Dropped at its deadline, too.
    server.suspend();
    let state = result(hasty(connecting(&server)).timeout(Duration::from_millis(500))).await;
    assert_eq!(state.cause, Cause::Timeout, "{state:?}");
    server.resume();
    nothing_left(server.port).await;
}

/// Ten thousand runs of a check against one server, whose connections are counted.
fn ten_thousand_runs(test: &str, check: impl AsyncFnOnce(&Server) -> EtcdCheck) {
    alone(test, || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let server = start(&[]);
            ready(&server).await;
            leaks_nothing(check(&server).await).await;
            nothing_left(server.port).await;
        });
    });
}

#[test]
fn ten_thousand_runs_by_itself_leak_nothing() {
    ten_thousand_runs(
        "etcd::check::ten_thousand_runs_by_itself_leak_nothing",
        async |server| connecting(server),
    );
}

#[test]
fn ten_thousand_runs_on_a_shared_client_leak_nothing() {
    ten_thousand_runs(
        "etcd::check::ten_thousand_runs_on_a_shared_client_leak_nothing",
        async |server| EtcdCheck::client(client(server).await),
    );
}
