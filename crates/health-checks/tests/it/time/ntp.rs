//! Drift against several servers, of which some lie, err, or say nothing.

use std::sync::Arc;
use std::time::Duration;

use health_checks::time::NtpDriftCheck;
use health_core::{CheckState, CheckStatus, Registration, Schedule};

use super::fake::{Answers, Fake};
use crate::harness::{Monitored, alone, descriptors, pass, resident_bytes, result};

/// The least time between two runs.
const LEAST: Duration = Duration::from_secs(15);
/// Long enough for servers of loopback on a busy machine, and short where one says nothing.
const TIMEOUT: Duration = Duration::from_secs(3);
/// Far more than such a machine takes to answer.
const DEGRADED: Duration = Duration::from_mins(1);
const UNHEALTHY: Duration = Duration::from_mins(30);

fn drift(servers: &[Fake]) -> Registration {
    NtpDriftCheck::new(servers.iter().map(|server| server.address.to_string()))
        .and_then(|check| check.thresholds(DEGRADED, UNHEALTHY))
        .unwrap()
        .registration()
        .timeout(TIMEOUT)
}

fn start(answers: &[Answers]) -> Vec<Fake> {
    answers
        .iter()
        .map(|answers| Fake::start(*answers))
        .collect()
}

async fn said(answers: &[Answers]) -> Arc<CheckState> {
    result(drift(&start(answers))).await
}

fn number(state: &CheckState, key: &str) -> f64 {
    state.details.as_ref().unwrap()[key].as_f64().unwrap()
}

#[tokio::test]
async fn drift_is_judged_by_the_median() {
    use Answers::{AfterStrays, Ahead, Silent};
    use CheckStatus::{Degraded, Healthy, Unhealthy};
    const HOURS: i64 = 7_200_000;
    const MINUTES: i64 = 300_000;
    for (answers, status, drift_ms) in [
        (&[Ahead(0)][..], Healthy, 0.0),
        (&[Ahead(0), Ahead(0), Ahead(0)], Healthy, 0.0),
        (
            &[Ahead(MINUTES), Ahead(MINUTES), Ahead(MINUTES)],
            Degraded,
            -300_000.0,
        ),
        (
            &[Ahead(-MINUTES), Ahead(-MINUTES), Ahead(-MINUTES)],
            Degraded,
            300_000.0,
        ),
        (
            &[Ahead(HOURS), Ahead(HOURS), Ahead(HOURS)],
            Unhealthy,
            -7_200_000.0,
        ),
        (&[Ahead(HOURS), Ahead(0), Ahead(0)], Healthy, 0.0),
        (&[Ahead(0), Ahead(-HOURS), Ahead(0), Silent], Healthy, 0.0),
        (&[AfterStrays, AfterStrays], Healthy, 0.0),
    ] {
        let state = said(answers).await;
        let told = format!("{answers:?}: {state:?}");
        assert_eq!(state.status, status, "{told}");
        assert!(
            (number(&state, "drift_ms") - drift_ms).abs() < 60_000.0,
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_server_that_lies_alone_is_named() {
    let servers = start(&[
        Answers::Ahead(0),
        Answers::Ahead(7_200_000),
        Answers::Ahead(0),
    ]);
    let state = result(drift(&servers)).await;
    let named = format!("; outvoted: {} (7200 s ahead)", servers[1].address);
    assert!(state.message.ends_with(&named), "{state:?}");
    assert!((number(&state, "outvoted") - 1.0).abs() < 0.1);
}

#[tokio::test]
async fn two_that_differ_prove_nothing() {
    let state = said(&[Answers::Ahead(0), Answers::Ahead(7_200_000)]).await;
    assert_eq!(state.status, CheckStatus::Unhealthy);
    assert!(
        state.message.contains("differ by up to 7200 s"),
        "{state:?}"
    );
}

#[tokio::test]
async fn what_proves_nothing_is_no_answer_and_says_why() {
    // Together, as some of them take their time to say nothing.
    let mut cases = tokio::task::JoinSet::new();
    for (answers, reason) in [
        (Answers::Kiss(*b"RATE"), "kiss code RATE"),
        (Answers::Kiss(*b"DENY"), "denies its service"),
        (Answers::Unsynchronised, "not synchronised"),
        (Answers::Silent, "no answer in time"),
        (Answers::Garbage, "no answer to the request"),
        (Answers::WrongOrigin, "no answer to the request"),
        (Answers::FromElsewhere, "no answer in time"),
        (Answers::Flood, "no answer to the request"),
    ] {
        cases.spawn(async move {
            let state = said(&[answers, answers, Answers::Ahead(0)]).await;
            let told = format!("{answers:?}: {state:?}");
            assert_eq!(state.status, CheckStatus::Unhealthy, "{told}");
            assert!(state.message.starts_with("clock not checked: 1 "), "{told}");
            assert!(state.message.contains(reason), "{told}");
        });
        cases.spawn(async move {
            // The others go on without it.
            let state = said(&[answers, Answers::Ahead(0), Answers::Ahead(0)]).await;
            assert_eq!(state.status, CheckStatus::Healthy, "{answers:?}: {state:?}");
            let failed = &state.details.as_ref().unwrap()["failed"];
            assert!(failed[0].as_str().unwrap().contains(reason), "{failed}");
        });
    }
    while let Some(case) = cases.join_next().await {
        case.unwrap();
    }
}

#[tokio::test]
async fn servers_that_are_not_there() {
    let closed = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = closed.local_addr().unwrap().to_string();
    drop(closed);
    for (server, reason) in [
        (address.as_str(), "not reachable"),
        ("no-such-host.invalid", "name not resolved"),
    ] {
        let check = NtpDriftCheck::new([server]).unwrap().registration();
        let state = result(check).await;
        assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");
        assert!(state.message.contains(reason), "{state:?}");
    }
}

#[tokio::test]
async fn a_name_is_resolved_and_its_addresses_are_tried() {
    // It means ::1 too where there is IPv6, and nobody answers there.
    let server = Fake::start(Answers::Ahead(0));
    let name = format!("localhost:{}", server.address.port());
    let check = NtpDriftCheck::new([name])
        .and_then(|check| check.thresholds(DEGRADED, UNHEALTHY))
        .unwrap();
    let state = result(check).await;
    assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
}

#[tokio::test]
async fn no_server_is_asked_twice_within_15_s() {
    let servers = start(&[Answers::Unsynchronised]);
    let hasty = drift(&servers).every(Duration::from_millis(1));
    assert_eq!(hasty.spec().schedule, Schedule::Every(LEAST));
    let monitored = Monitored::start(hasty.thresholds(3, 1));
    let first = monitored.ask().await;
    for asked in 1..=2 {
        for _ in 0..20 {
            let state = monitored.ask().await;
            assert_eq!(servers[0].asked(), asked);
            // What is said again is marked, and is no further failure.
            assert_eq!(state.consecutive_failures, asked as u64);
            let cached = state.details.as_ref().unwrap().get("cached_ms");
            assert_eq!(cached.is_some(), state.runs > asked as u64, "{state:?}");
            if asked == 1 {
                assert_eq!(state.at, first.at);
            }
        }
        pass(LEAST).await;
        monitored.ask().await;
    }
    assert_eq!(servers[0].asked(), 3);
    monitored.stop().await;
}

#[tokio::test]
async fn a_kiss_of_death_is_heeded() {
    let servers = start(&[Answers::Kiss(*b"RATE")]);
    let check = drift(&servers)
        .every(Duration::from_hours(1000))
        .jitter(Duration::ZERO);
    let monitored = Monitored::start(check);
    monitored.ask().await;
    for (after, asked) in [
        (LEAST, 1),
        (Duration::from_mins(14), 1),
        (Duration::from_mins(1), 2),
    ] {
        pass(after).await;
        let state = monitored.ask().await;
        assert_eq!(servers[0].asked(), asked, "{state:?}");
        if asked == 1 {
            assert!(state.message.contains("left alone"), "{state:?}");
        }
    }
    // Twice as long after the second.
    pass(Duration::from_mins(29)).await;
    monitored.ask().await;
    assert_eq!(servers[0].asked(), 2);
    monitored.stop().await;
}

#[test]
fn ten_thousand_runs_leak_nothing() {
    alone("time::ntp::ten_thousand_runs_leak_nothing", || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(async {
            let servers = start(&[Answers::Ahead(0), Answers::AfterStrays, Answers::Ahead(0)]);
            let monitored = Monitored::start(drift(&servers));
            let mut before = (0, 0);
            for run in 0..10_000 {
                let state = monitored.ask().await;
                assert_eq!(state.status, CheckStatus::Healthy, "{state:?}");
                pass(LEAST).await;
                if run == 100 {
                    before = (descriptors(), resident_bytes());
                }
            }
            assert_eq!(servers[0].asked(), 10_000);
            assert_eq!(descriptors(), before.0);
            assert!(resident_bytes() <= before.1 + (1 << 20));
            monitored.stop().await;
        });
    });
}

#[test]
fn defaults_can_be_overridden() {
    let registration = NtpDriftCheck::new(["a"]).unwrap().registration();
    let spec = registration.spec();
    assert_eq!(spec.name, "ntp-drift");
    assert_eq!(spec.schedule, Schedule::Every(Duration::from_mins(5)));
    assert_eq!(spec.timeout, Duration::from_secs(5));
    assert!(spec.shared_dependency);
}
