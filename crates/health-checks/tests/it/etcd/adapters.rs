//! What keeps values, as the loopback checks use it.

use health_checks::distributed::KeyValue;
use health_checks::etcd::EtcdKeyValue;

use super::{client, endpoint, start};

#[tokio::test]
async fn values_are_kept_by_a_lease_and_deleted() {
    let server = start(&[]);
    let mut other = client(&server).await;
    // It answers once it has a leader.
    while other.get("probe", None).await.is_err() {
        tokio::task::yield_now().await;
    }
    for store in [
        EtcdKeyValue::connect([endpoint(&server)]).unwrap(),
        EtcdKeyValue::shared(client(&server).await),
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
