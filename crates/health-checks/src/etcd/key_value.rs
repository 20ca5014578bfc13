//! etcd as something that keeps values. Whether it works is judged in `distributed`.

use async_trait::async_trait;
use etcd_client::{Client, ConnectOptions, PutOptions};

use super::door::Door;
use crate::distributed::{AdapterError, KeyValue};
use crate::invalid::InvalidCheck;
use crate::kept::Kept;

/// How long a value stays that nobody deletes, as its writer was killed.
const LEASE_SECONDS: i64 = 300;

/// An etcd cluster that keeps values, each by a lease of 300 s.
#[derive(Debug)]
#[must_use = "it does nothing until a check uses it"]
pub struct EtcdKeyValue {
    door: Door,
    /// The key that was put last, and its lease.
    leased: Kept<(String, i64)>,
}

impl EtcdKeyValue {
    /// Through a client of the service.
    pub fn shared(client: Client) -> Self {
        Self::through(Door::Shared(client))
    }

    /// Connects to endpoints by itself, as [`EtcdCheck::connect`](super::EtcdCheck::connect)
    /// does.
    pub fn connect<E: Into<String>>(
        endpoints: impl IntoIterator<Item = E>,
    ) -> Result<Self, InvalidCheck> {
        let endpoints = endpoints.into_iter().map(Into::into).collect();
        Ok(Self::through(Door::own("etcd", endpoints)?))
    }

    fn through(door: Door) -> Self {
        Self {
            door,
            leased: Kept::default(),
        }
    }

    /// Connects with these options, such as credentials; a shared client has its own already.
    pub fn options(mut self, options: ConnectOptions) -> Self {
        if let Door::Own { way, .. } = &mut self.door {
            way.options = options;
        }
        self
    }
}

#[async_trait]
impl KeyValue for EtcdKeyValue {
    async fn put(&self, key: &str, value: &[u8]) -> Result<(), AdapterError> {
        let put = self.door.with(|client| async move {
            let granted = client.lease_client().grant(LEASE_SECONDS, None).await?;
            let lease = granted.id();
            // Kept before the value is there, so that a delete ends it in any case.
            self.leased.keep((key.to_owned(), lease));
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
        let lease = self.leased.take().filter(|(leased, _)| leased == key);
        let lease = lease.map(|(_, lease)| lease);
        let delete = self.door.with(|client| async move {
            client.kv_client().delete(key, None).await?;
            if let Some(lease) = lease {
                client.lease_client().revoke(lease).await?;
            }
            Ok(())
        });
        Box::pin(delete).await?;
        Ok(())
    }
}
