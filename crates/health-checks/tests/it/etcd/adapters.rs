//! What keeps values, as the loopback checks use it.

use etcd_client::GetOptions;
use health_checks::distributed::{KeyValue, KeyValueCheck};
use health_checks::etcd::EtcdKeyValue;

use super::relay::Relay;
use super::{client, endpoint, ready, start};
use crate::harness::{alone, leaks_nothing};
use crate::server::Server;

#[tokio::test]
async fn values_are_kept_by_a_lease_and_deleted() {
    let server = start(&[]);
    ready(&server).await;
    let mut other = client(&server).await;
    for store in [
        EtcdKeyValue::new(&endpoint(&server)).unwrap(),
        EtcdKeyValue::client(client(&server).await),
    ] {
        let value = b"not text: \xff\0\r\n".as_slice();
        assert_eq!(store.get("probe").await.unwrap(), None);
        store.put("probe", value).await.unwrap();
        assert_eq!(store.get("probe").await.unwrap().as_deref(), Some(value));
        let found = other.get("probe", None).await.unwrap();
        let lease = other.lease_time_to_live(found.kvs()[0].lease(), None).await;
        assert_eq!(lease.unwrap().granted_ttl(), 300);
        store.delete("probe").await.unwrap();
        store.delete("probe").await.unwrap();
        assert_eq!(store.get("probe").await.unwrap(), None);
        assert!(other.leases().await.unwrap().leases().is_empty());
    }
}

async fn leases(server: &Server) -> usize {
    client(server).await.leases().await.unwrap().leases().len()
}

/// A connection that breaks after a lease was granted costs none: it is known, used, and ended.
#[tokio::test]
async fn a_lease_without_an_answer_is_no_lease_left() {
    let server = start(&[]);
    ready(&server).await;
    let relay = Relay::to(server.port).await;
    let store = EtcdKeyValue::new(&format!("127.0.0.1:{}", relay.port)).unwrap();
    assert_eq!(store.get("probe").await.unwrap(), None);
    relay.cut();
    store.put("probe", b"value").await.unwrap();
    assert!(relay.is_cut());
    assert_eq!(leases(&server).await, 1);
    assert_eq!(
        store.get("probe").await.unwrap().as_deref(),
        Some(&b"value"[..])
    );
    store.delete("probe").await.unwrap();
    assert_eq!(leases(&server).await, 0);
    assert_eq!(store.get("probe").await.unwrap(), None);
}

#[tokio::test]
async fn a_lease_is_ended_by_a_later_delete() {
    let mut server = start(&[]);
    ready(&server).await;
    let store = EtcdKeyValue::new(&endpoint(&server)).unwrap();
    store.put("probe", b"value").await.unwrap();
    server.kill();
    assert!(store.delete("probe").await.is_err());
    server.restart();
    ready(&server).await;
    assert_eq!(leases(&server).await, 1);
    store.delete("probe").await.unwrap();
    assert_eq!(leases(&server).await, 0);
    assert_eq!(store.get("probe").await.unwrap(), None);
}

#[tokio::test]
async fn the_loopback_recovers_from_a_kill() {
    let mut server = start(&[]);
    ready(&server).await;
    for store in [
        EtcdKeyValue::new(&endpoint(&server)).unwrap(),
        EtcdKeyValue::client(client(&server).await),
    ] {
        server.kill_under(KeyValueCheck::new(store)).await;
    }
    let mut other = client(&server).await;
    let all = GetOptions::new().with_all_keys().with_count_only();
    assert_eq!(other.get("", Some(all)).await.unwrap().count(), 0);
}

#[test]
fn ten_thousand_values_leak_nothing() {
    alone("etcd::adapters::ten_thousand_values_leak_nothing", || {
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(async {
            let server = start(&[]);
            ready(&server).await;
            let mut other = client(&server).await;
            let store = EtcdKeyValue::new(&endpoint(&server)).unwrap();
            leaks_nothing(KeyValueCheck::new(store)).await;
            assert!(other.leases().await.unwrap().leases().is_empty());
        });
    });
}
