//! What publishes and keeps values, as the loopback checks use it.

use std::time::Duration;

use health_checks::distributed::{KeyValue, KeyValueCheck, PubSub, PubSubCheck};
use health_checks::redis::{RedisKeyValue, RedisPubSub};
use redis::io::tcp::TcpSettings;
use redis::{Client, IntoConnectionInfo};

use super::{clients, connection, start, tell, url};
use crate::harness::{PATIENCE, alone, connections, eventually, leaks_nothing};

#[tokio::test]
async fn values_are_kept_for_a_while_and_deleted() {
    let server = start(&[]);
    let mut other = connection(&server).await;
    for store in [
        RedisKeyValue::new(&url(&server)).unwrap(),
        RedisKeyValue::client(connection(&server).await),
    ] {
        let value = b"not text: \xff\0\r\n".as_slice();
        assert_eq!(store.get("probe").await.unwrap(), None);
        store.put("probe", b"old").await.unwrap();
        store.put("probe", value).await.unwrap();
        assert_eq!(store.get("probe").await.unwrap().as_deref(), Some(value));
        let left: i64 = tell(&mut other, "TTL probe").await;
        assert!((1..=300).contains(&left), "{left}");
        store.delete("probe").await.unwrap();
        store.delete("probe").await.unwrap();
        assert_eq!(store.get("probe").await.unwrap(), None);
    }
}

#[tokio::test]
async fn messages_arrive_and_no_subscription_is_left() {
    let server = start(&[]);
    let mut other = connection(&server).await;
    let broker = RedisPubSub::new(&url(&server)).unwrap();
    for close in [true, false] {
        let mut messages = broker.subscribe("probe").await.unwrap();
        broker.publish("elsewhere", b"other").await.unwrap();
        broker.publish("probe", b"\xff\0").await.unwrap();
        assert_eq!(messages.next().await.unwrap().unwrap(), b"\xff\0");
        if close {
            messages.close().await.unwrap();
        } else {
            drop(messages);
        }
        let unsubscribed = async {
            while !tell::<Vec<String>>(&mut other, "PUBSUB CHANNELS")
                .await
                .is_empty()
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, unsubscribed).await.unwrap();
        assert_eq!(clients(&mut other).await, 1);
    }
}

#[tokio::test]
async fn what_is_gone_is_an_error_and_ends_subscriptions() {
    let mut server = start(&[]);
    let broker = RedisPubSub::new(&url(&server)).unwrap();
    let store = RedisKeyValue::new(&url(&server)).unwrap();
    let mut messages = broker.subscribe("probe").await.unwrap();
    store.put("probe", b"").await.unwrap();
    server.kill();
    assert_eq!(messages.next().await.unwrap(), None);
    assert!(broker.publish("probe", b"").await.is_err());
    assert!(broker.subscribe("probe").await.is_err());
    assert!(store.get("probe").await.is_err());
    server.restart();
    assert_eq!(store.get("probe").await.unwrap(), None);
    broker.publish("probe", b"").await.unwrap();
}

#[tokio::test]
async fn the_loopbacks_recover_from_a_kill() {
    let mut server = start(&[]);
    let broker = RedisPubSub::new(&url(&server)).unwrap();
    server.kill_under(PubSubCheck::new(broker)).await;
    let store = RedisKeyValue::new(&url(&server)).unwrap();
    server.kill_under(KeyValueCheck::new(store)).await;
}

#[test]
fn ten_thousand_messages_leak_nothing() {
    alone(
        "redis::adapters::ten_thousand_messages_leak_nothing",
        || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let server = start(&[]);
                let mut other = connection(&server).await;
                // Each run has a connection of its own. Reset at its end, it takes no place in
                // the kernel's table of those that wait.
                let reset = TcpSettings::default().set_linger_time(Duration::ZERO);
                let info = url(&server).into_connection_info().unwrap();
                let client = Client::open(info.set_tcp_settings(reset)).unwrap();
                leaks_nothing(PubSubCheck::new(RedisPubSub::with_options(client))).await;
                eventually("the end of the connections", || {
                    let left = connections(server.port);
                    (left > 1).then_some(left)
                })
                .await;
                let left: Vec<String> = tell(&mut other, "PUBSUB CHANNELS").await;
                assert_eq!((left.len(), clients(&mut other).await), (0, 0));
            });
        },
    );
}

#[test]
fn ten_thousand_values_leak_nothing() {
    alone("redis::adapters::ten_thousand_values_leak_nothing", || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let server = start(&[]);
            let mut other = connection(&server).await;
            let store = RedisKeyValue::new(&url(&server)).unwrap();
            leaks_nothing(KeyValueCheck::new(store)).await;
            assert_eq!(tell::<u64>(&mut other, "DBSIZE").await, 0);
        });
    });
}
