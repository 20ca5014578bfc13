//! Ten thousand runs within the process, and nothing is left.

use health_checks::distributed::{InMemoryKeyValue, InProcessPubSub, KeyValueCheck, PubSubCheck};
use health_core::Registration;

use crate::harness::{alone, leaks_nothing};

fn run_often(registration: impl Into<Registration>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(leaks_nothing(registration));
}

#[test]
fn publishing_and_subscribing() {
    alone("distributed::leaks::publishing_and_subscribing", || {
        let events = InProcessPubSub::default();
        run_often(PubSubCheck::new(events.clone()));
        assert_eq!((events.topics(), events.subscriptions()), (0, 0));
    });
}

#[test]
fn putting_and_getting() {
    alone("distributed::leaks::putting_and_getting", || {
        let store = InMemoryKeyValue::default();
        run_often(KeyValueCheck::new(store.clone()));
        assert!(store.is_empty());
    });
}
