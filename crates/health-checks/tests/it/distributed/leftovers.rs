//! The key that a run of the loopback through a store may leave, and what becomes of it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use health_checks::distributed::KeyValueCheck;
use health_checks::testing::{Fault, FaultyKeyValue};
use health_core::{Cause, Check, CheckContext, CheckStatus, Outcome};
use tokio::time::timeout;

use super::detail;
use crate::harness::{Monitored, result};

/// Drops each run after a second.
struct Impatient(Arc<dyn Check>);

#[async_trait]
impl Check for Impatient {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let run = timeout(Duration::from_secs(1), self.0.check(cx)).await;
        run.unwrap_or_else(|_| Outcome::unhealthy("dropped"))
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_dropped_run_left_is_deleted_by_the_next() {
    let store = FaultyKeyValue::default();
    let registration = KeyValueCheck::new(store.clone()).registration();
    let check = Monitored::start(registration.wrap(Impatient));
    for cut in [store.on_put(), store.on_get(), store.on_delete()] {
        cut.always(Fault::HangAfter);
        assert!(!check.ask().await.healthy());
        cut.always(Fault::None);
        assert!(store.keys().len() <= 1, "{:?}", store.keys());
        let state = check.ask().await;
        assert!(state.healthy(), "{state:?}");
        assert!(store.keys().is_empty());
    }
    check.stop().await;
}

#[tokio::test(start_paused = true)]
async fn keys_that_cannot_be_deleted_do_not_add_up() {
    use CheckStatus::{Degraded, Unhealthy};
    for (fault, cause, refused) in [
        (
            Fault::Fail,
            Cause::Reported,
            "deleting the key of an earlier run failed; see whether the store is up",
        ),
        (
            Fault::Hang,
            Cause::Timeout,
            "deleting the key of an earlier run took longer than 15 s",
        ),
    ] {
        let store = FaultyKeyValue::default();
        store.on_delete().always(fault);
        let check = Monitored::start(KeyValueCheck::new(store.clone()));
        for (status, cause, message) in [
            (Degraded, Cause::Reported, "the next run will try again"),
            (Unhealthy, cause, refused),
            (Unhealthy, cause, refused),
        ] {
            let state = check.ask().await;
            assert_eq!((state.status, state.cause), (status, cause), "{state:?}");
            assert!(state.message.contains(message), "{state:?}");
            assert_eq!(store.keys().len(), 1);
        }
        store.on_delete().always(Fault::None);
        assert!(check.ask().await.healthy());
        assert!(store.keys().is_empty());
        check.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_is_a_timeout_in_each_run() {
    let store = FaultyKeyValue::default();
    for operation in [store.on_put(), store.on_delete()] {
        operation.always(Fault::Hang);
    }
    let check = Monitored::start(KeyValueCheck::new(store.clone()));
    for message in [
        "putting took longer than 15 s",
        "deleting the key of an earlier run took longer than 15 s",
        "deleting the key of an earlier run took longer than 15 s",
    ] {
        let state = check.ask().await;
        assert_eq!(state.status, CheckStatus::Unhealthy, "{state:?}");
        assert_eq!(state.cause, Cause::Timeout, "{state:?}");
        assert_eq!(&*state.message, message);
        assert_eq!(detail(&state, "result"), "timeout");
    }
    for operation in [store.on_put(), store.on_delete()] {
        operation.always(Fault::None);
    }
    let state = check.ask().await;
    assert!(state.healthy(), "{state:?}");
    assert!(store.keys().is_empty());
    check.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_put_without_an_answer_is_deleted_twice() {
    let store = FaultyKeyValue::default();
    store.on_put().script([Fault::Fail], Fault::None);
    store.on_get().always(Fault::Drop);
    let deletes = store.on_delete();
    // The key of the first run is deleted by it, and again by the second, whose own deletion fails.
    deletes.script([Fault::None, Fault::None], Fault::Fail);
    let check = Monitored::start(KeyValueCheck::new(store.clone()));
    for keys in [0, 1] {
        check.ask().await;
        assert_eq!(store.keys().len(), keys);
    }
    check.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_leftover_is_known_by_its_name() {
    let store = FaultyKeyValue::default();
    store.on_delete().always(Fault::Drop);
    let check = KeyValueCheck::new(store.clone())
        .prefix("orders-probe")
        .unwrap();
    result(check).await;
    let keys = store.keys();
    let parts: Vec<_> = keys[0].split('/').collect();
    let [prefix, seconds, id] = parts.as_slice() else {
        panic!("{keys:?}");
    };
    let age = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .unwrap()
        .as_secs()
        - seconds.parse::<u64>().unwrap();
    assert!(*prefix == "orders-probe" && age < 3600, "{keys:?}");
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()));
}
