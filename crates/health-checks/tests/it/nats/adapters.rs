//! What publishes, as the loopback checks use it.

use health_checks::distributed::{PubSub, PubSubCheck};
use health_checks::nats::NatsPubSub;

use super::{start, url};
use crate::harness::{alone, leaks_nothing};

#[tokio::test]
async fn messages_arrive_through_each_door() {
    let server = start(&[]);
    let client = async_nats::connect(url(&server)).await.unwrap();
    for broker in [
        NatsPubSub::new(&url(&server)).unwrap(),
        NatsPubSub::client(client.clone()),
    ] {
        let mut messages = broker.subscribe("probe").await.unwrap();
        broker.publish("elsewhere", b"other").await.unwrap();
        // From another connection, too, as the subscription is known by now.
        client.publish("probe", "1".into()).await.unwrap();
        assert_eq!(messages.next().await.unwrap().unwrap(), b"1");
        broker.publish("probe", b"\xff\0").await.unwrap();
        assert_eq!(messages.next().await.unwrap().unwrap(), b"\xff\0");
        messages.close().await.unwrap();
        assert!(broker.subscribe("not a subject").await.is_err());
    }
}

#[tokio::test]
async fn the_loopback_recovers_from_a_kill() {
    let mut server = start(&[]);
    let client = async_nats::connect(url(&server)).await.unwrap();
    for broker in [
        NatsPubSub::new(&url(&server)).unwrap(),
        NatsPubSub::client(client),
    ] {
        server.kill_under(PubSubCheck::new(broker)).await;
    }
}

#[test]
fn ten_thousand_messages_leak_nothing() {
    alone("nats::adapters::ten_thousand_messages_leak_nothing", || {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let server = start(&[]);
            let broker = NatsPubSub::new(&url(&server)).unwrap();
            leaks_nothing(PubSubCheck::new(broker)).await;
        });
    });
}
