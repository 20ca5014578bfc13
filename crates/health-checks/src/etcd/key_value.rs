//! etcd as something that keeps values. Whether it works is judged in `distributed`.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use etcd_client::{Client, ConnectOptions, LeaseGrantOptions, PutOptions};

use super::advice::{is_there_already, is_unknown};
use super::door::Door;
use crate::distributed::{AdapterError, KeyValue};
use crate::invalid::InvalidCheck;

/// How long a value stays that nobody deletes, as its writer was killed.
const LEASE_SECONDS: i64 = 300;

/// An etcd cluster that keeps values, each by a lease of 300 s that ends with it.
#[derive(Debug)]
#[must_use = "it does nothing until a check uses it"]
pub struct EtcdKeyValue {
    door: Door,
    leases: Leases,
}

/// The leases that this one makes.
#[derive(Debug, Default)]
struct Leases {
    /// Its keys come from the operating system's randomness.
    random: RandomState,
    made: AtomicU64,
    /// The key that was put last, and its lease.
    last: Mutex<Option<(String, i64)>>,
}

impl Leases {
    /// A lease for `key`, which the cluster is yet to grant: whatever becomes of the answer,
    /// its number is known, and a delete ends it.
    fn next(&self, key: &str) -> i64 {
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        // From 1 up: none other is a lease to etcd.
        let lease = i64::try_from(self.random.hash_one(made) >> 1)
            .unwrap_or(0)
            .max(1);
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some((key.to_owned(), lease));
        lease
    }

    /// The lease of `key`, if that was put last. It is told again to whoever deletes again,
    /// as a grant without an answer may yet take effect.
    fn of(&self, key: &str) -> Option<i64> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let last = last.as_ref().filter(|(put, _)| put == key);
        last.map(|(_, lease)| *lease)
    }
}

impl EtcdKeyValue {
    /// Connects to endpoints by itself, as [`EtcdCheck::new`](super::EtcdCheck::new) does.
    pub fn new(endpoints: &str) -> Result<Self, InvalidCheck> {
        Self::with_options(endpoints, ConnectOptions::new())
    }

    /// The same with options, as [`EtcdCheck::with_options`](super::EtcdCheck::with_options)
    /// takes them.
    pub fn with_options(endpoints: &str, options: ConnectOptions) -> Result<Self, InvalidCheck> {
        Ok(Self::through(Door::own("etcd", endpoints, options)?))
    }

    /// Through a client of the service.
    pub fn client(client: Client) -> Self {
        Self::through(Door::Shared(client))
    }

    fn through(door: Door) -> Self {
        Self {
            door,
            leases: Leases::default(),
        }
    }
}

#[async_trait]
impl KeyValue for EtcdKeyValue {
    async fn put(&self, key: &str, value: &[u8]) -> Result<(), AdapterError> {
        let lease = self.leases.next(key);
        let put = self.door.with(|client| async move {
            let numbered = LeaseGrantOptions::new().with_id(lease);
            let mut leases = client.lease_client();
            match leases.grant(LEASE_SECONDS, Some(numbered)).await {
                // By a connection that broke before the answer.
                Err(error) if !is_there_already(&error) => return Err(error),
                _ => {}
            }
            let options = PutOptions::new().with_lease(lease);
            client.kv_client().put(key, value, Some(options)).await
        });
        Box::pin(put).await?;
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, AdapterError> {
        let get = self
            .door
            .with(|client| async move { client.kv_client().get(key, None).await });
        let found = Box::pin(get).await?;
        Ok(found.kvs().first().map(|found| found.value().to_vec()))
    }

    async fn delete(&self, key: &str) -> Result<(), AdapterError> {
        let lease = self.leases.of(key);
        let delete = self.door.with(|client| async move {
            if let Some(lease) = lease {
                // A lease takes its keys with it, and no put that is late brings them back.
                match client.lease_client().revoke(lease).await {
                    Err(error) if !is_unknown(&error) => return Err(error),
                    Err(_unknown) => {}
                    Ok(_) => return Ok(()),
                }
            }
            client.kv_client().delete(key, None).await?;
            Ok(())
        });
        Box::pin(delete).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lease_of_the_last_key_is_known() {
        let leases = Leases::default();
        assert_eq!(leases.of("a"), None);
        let first = leases.next("a");
        assert_eq!((leases.of("a"), leases.of("b")), (Some(first), None));
        assert_eq!(leases.of("a"), Some(first));
        let second = leases.next("b");
        assert!(first > 0 && second > 0 && first != second);
        assert_eq!((leases.of("a"), leases.of("b")), (None, Some(second)));
    }
}
