//! The doubles with faults: whatever they do, the checks on them leave nothing behind.

use std::time::Duration;

use health_checks::distributed::{KeyValue, KeyValueCheck, Messages, PubSub, PubSubCheck};
use health_checks::testing::{Fault, FaultyKeyValue, FaultyPubSub};
use health_core::Cause;
use tokio::time::{Instant, timeout};

use crate::harness::Monitored;

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

const ANY: [Fault; 10] = [
    Fault::None,
    Fault::None,
    Fault::Drop,
    Fault::Delay(ms(50)),
    Fault::Delay(ms(30_000)),
    Fault::Corrupt,
    Fault::Duplicate,
    Fault::Fail,
    Fault::HangAfter,
    Fault::Panic,
];

#[tokio::test(start_paused = true)]
async fn no_order_of_faults_leaves_a_subscription() {
    let broker = FaultyPubSub::default();
    broker.on_subscribe().seeded(1, ANY);
    broker.on_publish().seeded(2, ANY);
    let check = Monitored::start(PubSubCheck::new(broker.clone()));
    let mut healthy = 0;
    for _ in 0..500 {
        let state = check.ask().await;
        healthy += u32::from(state.healthy());
        assert_eq!((broker.topics(), broker.subscriptions()), (0, 0));
    }
    assert!((1..499).contains(&healthy), "{healthy}");
    check.stop().await;
}

#[tokio::test(start_paused = true)]
async fn no_order_of_faults_leaves_more_than_a_key() {
    let store = FaultyKeyValue::default();
    store.on_put().seeded(1, ANY);
    store.on_get().seeded(2, ANY);
    // Deletions that are lost without an error are beyond any check.
    let deletions = ANY.into_iter().filter(|fault| *fault != Fault::Drop);
    store.on_delete().seeded(3, deletions);
    let check = Monitored::start(KeyValueCheck::new(store.clone()));
    let mut healthy = 0;
    for _ in 0..500 {
        let state = check.ask().await;
        healthy += u32::from(state.healthy());
        assert!(store.keys().len() <= 1, "{:?}", store.keys());
    }
    assert!((1..499).contains(&healthy), "{healthy}");
    for faults in [store.on_put(), store.on_get(), store.on_delete()] {
        faults.always(Fault::None);
    }
    assert!(check.ask().await.healthy());
    assert!(store.keys().is_empty());
    check.stop().await;
}

/// What comes of one message within a second.
async fn received(messages: &mut dyn Messages) -> Option<Vec<u8>> {
    timeout(ms(1000), messages.next()).await.ok()?.unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_delayed_message_is_not_lost_with_a_wait_that_is_given_up() {
    let broker = FaultyPubSub::default();
    broker
        .on_publish()
        .script([Fault::Delay(ms(2500))], Fault::None);
    let mut messages = broker.subscribe("t").await.unwrap();
    let begin = Instant::now();
    broker.publish("t", b"late").await.unwrap();
    broker.publish("t", b"next").await.unwrap();
    assert_eq!(received(messages.as_mut()).await, None);
    assert_eq!(received(messages.as_mut()).await, None);
    assert_eq!(received(messages.as_mut()).await.unwrap(), b"late");
    assert_eq!(received(messages.as_mut()).await.unwrap(), b"next");
    assert_eq!(begin.elapsed(), ms(2500));
}

#[tokio::test(start_paused = true)]
async fn a_delayed_value_shows_when_it_is_due() {
    let store = FaultyKeyValue::default();
    store
        .on_put()
        .script([Fault::None, Fault::Delay(ms(100))], Fault::None);
    store.put("k", b"old").await.unwrap();
    store.put("k", b"new").await.unwrap();
    assert_eq!(store.get("k").await.unwrap().unwrap(), b"old");
    tokio::time::sleep(ms(100)).await;
    assert_eq!(store.get("k").await.unwrap().unwrap(), b"new");
    store.delete("k").await.unwrap();
    assert_eq!(store.get("k").await.unwrap(), None);
    assert!(store.keys().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_test_may_change_the_faults_at_any_time() {
    let broker = FaultyPubSub::default();
    let check = Monitored::start(PubSubCheck::new(broker.clone()));
    for (fault, cause, healthy) in [
        (Fault::None, Cause::Reported, true),
        (Fault::Drop, Cause::Timeout, false),
        (Fault::Panic, Cause::Panic, false),
        (Fault::None, Cause::Reported, true),
    ] {
        broker.on_publish().always(fault);
        let state = check.ask().await;
        assert_eq!(
            (state.cause, state.healthy()),
            (cause, healthy),
            "{state:?}"
        );
    }
    check.stop().await;
}
