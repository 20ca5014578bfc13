//! The loopback through a store, under every fault.

use std::time::Duration;

use health_checks::distributed::{InMemoryKeyValue, KeyValueCheck};
use health_checks::testing::{Fault, FaultyKeyValue};
use health_core::{Cause, CheckStatus, Registration, Schedule};

use super::detail;
use crate::harness::result;

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[allow(clippy::too_many_lines, reason = "a table")]
#[tokio::test(start_paused = true)]
async fn each_fault_is_told_apart_and_leaves_nothing() {
    use Cause::{Panic, Reported, Timeout};
    use CheckStatus::{Degraded, Healthy, Unhealthy};
    let none = Fault::None;
    for (put, get, status, cause, word, message) in [
        (none, none, Healthy, Reported, "ok", "the value took 0 ms"),
        (
            Fault::Drop,
            none,
            Unhealthy,
            Timeout,
            "timeout",
            "did not show within 100 ms",
        ),
        (
            Fault::Delay(ms(95)),
            none,
            Healthy,
            Reported,
            "ok",
            "the value took 100 ms",
        ),
        (
            Fault::Delay(ms(150)),
            none,
            Unhealthy,
            Timeout,
            "timeout",
            "did not show within 100 ms",
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
            Fault::Fail,
            none,
            Unhealthy,
            Reported,
            "failed",
            "putting failed",
        ),
        (
            Fault::Hang,
            none,
            Unhealthy,
            Timeout,
            "timeout",
            "putting took longer than 15 s",
        ),
        (
            Fault::HangAfter,
            none,
            Unhealthy,
            Timeout,
            "timeout",
            "putting took longer than 15 s",
        ),
        (
            none,
            Fault::Drop,
            Unhealthy,
            Timeout,
            "timeout",
            "did not show within 100 ms",
        ),
        (
            none,
            Fault::Delay(ms(900)),
            Healthy,
            Reported,
            "ok",
            "the value took 900 ms",
        ),
        (
            none,
            Fault::Delay(secs(2)),
            Degraded,
            Reported,
            "ok",
            "the value took 2 s, limit 1 s",
        ),
        (
            none,
            Fault::Delay(secs(16)),
            Unhealthy,
            Timeout,
            "timeout",
            "getting took longer",
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
            Fault::Fail,
            Unhealthy,
            Reported,
            "failed",
            "getting failed",
        ),
        (
            none,
            Fault::Hang,
            Unhealthy,
            Timeout,
            "timeout",
            "getting took longer than 15 s",
        ),
        (Fault::Panic, none, Unhealthy, Panic, "", "check panicked"),
    ] {
        let store = FaultyKeyValue::default();
        store.on_put().always(put);
        store.on_get().always(get);
        let state = result(KeyValueCheck::new(store.clone())).await;
        let case = format!("{put:?} {get:?}: {state:?}");
        assert_eq!((state.status, state.cause), (status, cause), "{case}");
        assert!(state.message.contains(message), "{case}");
        assert_eq!(
            detail(&state, "result").as_str().unwrap_or_default(),
            word,
            "{case}"
        );
        assert!(store.keys().is_empty(), "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_may_take_as_long_as_it_is_given() {
    for (propagation, delay, looks, healthy) in [
        (ms(500), ms(450), 10, true),
        (ms(500), ms(550), 11, false),
        (Duration::ZERO, Duration::ZERO, 1, true),
        (Duration::ZERO, ms(1), 1, false),
        (Duration::MAX, secs(10), 11, false),
    ] {
        let store = FaultyKeyValue::default();
        store.on_put().always(Fault::Delay(delay));
        let check = KeyValueCheck::new(store.clone()).propagation(propagation);
        let state = result(check).await;
        assert_eq!(state.healthy(), healthy, "{state:?}");
        assert_eq!(detail(&state, "looks"), looks, "{state:?}");
        assert!(store.keys().is_empty(), "{state:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_store_is_unhealthy() {
    let store = InMemoryKeyValue::with_capacity(0);
    let state = result(KeyValueCheck::new(store)).await;
    assert_eq!(state.status, CheckStatus::Unhealthy);
    assert_eq!(&*state.message, "putting failed");
}

#[test]
fn constructors_validate_and_default() {
    let check = || KeyValueCheck::new(InMemoryKeyValue::default());
    for prefix in ["", "two words", "ümlaut", "line\nbreak", &"p".repeat(129)] {
        let refused = check().prefix(prefix).err().unwrap().to_string();
        assert!(refused.starts_with("key-value: "), "{refused}");
    }
    assert!(check().degraded_after(Duration::ZERO).is_err());
    assert!(check().degraded_after(Duration::MAX).is_err());
    let registration: Registration = check().into();
    let spec = registration.spec();
    assert_eq!(
        (
            spec.name.as_str(),
            spec.schedule,
            spec.timeout,
            spec.shared_dependency
        ),
        ("key-value", Schedule::Every(secs(90)), secs(20), true)
    );
}
