//! The loopback through publish/subscribe, under every fault.

use std::time::Duration;

use health_checks::distributed::{InProcessPubSub, PubSubCheck};
use health_checks::testing::{Fault, FaultyPubSub};
use health_core::{Cause, CheckStatus, Registration, Schedule};
use tokio::time::sleep;

use super::detail;
use crate::harness::{Monitored, result};

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[allow(clippy::too_many_lines, reason = "a table")]
#[tokio::test(start_paused = true)]
async fn each_fault_is_told_apart_and_leaves_nothing() {
    use Cause::{Panic, Reported, Timeout};
    use CheckStatus::{Degraded, Healthy, Unhealthy};
    let none = Fault::None;
    for (subscribe, publish, status, cause, word, message) in [
        (none, none, Healthy, Reported, "ok", "the message took 0 ms"),
        (
            none,
            Fault::Drop,
            Unhealthy,
            Timeout,
            "timeout",
            "did not come within 10 s",
        ),
        (
            none,
            Fault::Delay(secs(1) / 2),
            Healthy,
            Reported,
            "ok",
            "the message took 500 ms",
        ),
        (
            none,
            Fault::Delay(secs(2)),
            Degraded,
            Reported,
            "ok",
            "the message took 2 s, limit 1 s",
        ),
        (
            none,
            Fault::Delay(secs(11)),
            Unhealthy,
            Timeout,
            "timeout",
            "did not come within 10 s",
        ),
        (
            none,
            Fault::Corrupt,
            Unhealthy,
            Reported,
            "corrupt",
            "integrity violation",
        ),
        (
            none,
            Fault::Duplicate,
            Degraded,
            Reported,
            "duplicate",
            "came 2 times",
        ),
        (
            none,
            Fault::Fail,
            Unhealthy,
            Reported,
            "failed",
            "publishing failed",
        ),
        (
            none,
            Fault::Hang,
            Unhealthy,
            Timeout,
            "timeout",
            "publishing took longer than 10 s",
        ),
        (
            none,
            Fault::HangAfter,
            Unhealthy,
            Timeout,
            "timeout",
            "publishing took longer",
        ),
        (none, Fault::Panic, Unhealthy, Panic, "", "check panicked"),
        (
            Fault::Drop,
            none,
            Unhealthy,
            Timeout,
            "timeout",
            "did not come within 10 s",
        ),
        (
            Fault::Delay(secs(3)),
            none,
            Healthy,
            Reported,
            "ok",
            "the message took 0 ms",
        ),
        (
            Fault::Delay(secs(11)),
            none,
            Unhealthy,
            Timeout,
            "timeout",
            "subscribing took longer",
        ),
        (
            Fault::Corrupt,
            none,
            Unhealthy,
            Reported,
            "corrupt",
            "integrity violation",
        ),
        (
            Fault::Duplicate,
            none,
            Degraded,
            Reported,
            "duplicate",
            "came 2 times",
        ),
        (
            Fault::Fail,
            none,
            Unhealthy,
            Reported,
            "failed",
            "subscribing failed",
        ),
        (
            Fault::Hang,
            none,
            Unhealthy,
            Timeout,
            "timeout",
            "subscribing took longer than 10 s",
        ),
        (Fault::Panic, none, Unhealthy, Panic, "", "check panicked"),
    ] {
        let broker = FaultyPubSub::default();
        broker.on_subscribe().always(subscribe);
        broker.on_publish().always(publish);
        let state = result(PubSubCheck::new(broker.clone())).await;
        let case = format!("{subscribe:?} {publish:?}: {state:?}");
        assert_eq!((state.status, state.cause), (status, cause), "{case}");
        assert!(state.message.contains(message), "{case}");
        assert_eq!(
            detail(&state, "result").as_str().unwrap_or_default(),
            word,
            "{case}"
        );
        assert_eq!((broker.topics(), broker.subscriptions()), (0, 0), "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_leaves_nothing() {
    let broker = FaultyPubSub::default();
    broker.on_publish().always(Fault::Hang);
    let check = Monitored::start(PubSubCheck::new(broker.clone()));
    sleep(secs(1)).await;
    assert_eq!(broker.subscriptions(), 1, "in the midst of a run");
    check.stop().await;
    assert_eq!((broker.topics(), broker.subscriptions()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn it_recovers_and_remembers() {
    let broker = FaultyPubSub::default();
    let faults = [Fault::None, Fault::Drop, Fault::Corrupt];
    broker.on_publish().script(faults, Fault::None);
    let check = Monitored::start(PubSubCheck::new(broker.clone()));
    for (healthy, rate, failures) in [
        (true, 1.0, 0),
        (false, 0.5, 1),
        (false, 1.0 / 3.0, 2),
        (true, 0.5, 0),
    ] {
        let state = check.ask().await;
        assert_eq!(state.healthy(), healthy, "{state:?}");
        assert_eq!(detail(&state, "success_rate"), rate);
        assert_eq!(detail(&state, "consecutive_failures"), failures);
        assert!(detail(&state, "last_success_unix_seconds").is_u64());
        assert_eq!(detail(&state, "latency_ms").is_null(), !healthy);
    }
    check.stop().await;
}

#[tokio::test(start_paused = true)]
async fn replicas_share_the_topic() {
    let events = InProcessPubSub::default();
    let checks = [(); 10].map(|()| Monitored::start(PubSubCheck::new(events.clone())));
    for check in &checks {
        let state = check.ask().await;
        assert!(state.healthy(), "{state:?}");
    }
    for check in checks {
        check.stop().await;
    }
    assert_eq!(events.subscriptions(), 0);
}

#[test]
fn constructors_validate_and_default() {
    let check = || PubSubCheck::new(InProcessPubSub::default());
    for refused in [
        check().topic(""),
        check().topic("t".repeat(257)),
        check().wait(Duration::ZERO),
        check().wait(Duration::MAX),
        check().degraded_after(Duration::ZERO),
        check().degraded_after(Duration::MAX),
    ] {
        let refused = refused.err().unwrap().to_string();
        assert!(refused.starts_with("pub-sub: "), "{refused}");
    }
    assert!(check().topic("t".repeat(256)).is_ok());
    let registration: Registration = check().into();
    let spec = registration.spec();
    assert_eq!(
        (
            spec.name.as_str(),
            spec.schedule,
            spec.timeout,
            spec.shared_dependency
        ),
        ("pub-sub", Schedule::Every(secs(60)), secs(15), true)
    );
}
