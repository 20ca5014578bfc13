//! What keeps values under keys. Whether it works is not judged here.

use std::sync::Arc;

use async_trait::async_trait;

use super::AdapterError;

/// Something that keeps values under keys.
///
/// Every method may be dropped at any await; what it had begun may then happen or
/// not. It may hang or panic: the deadline of the run covers the one, the
/// monitor's isolation the other.
#[async_trait]
pub trait KeyValue: Send + Sync + 'static {
    /// Sets `key` to `value`, whether or not it was there.
    async fn put(&self, key: &str, value: &[u8]) -> Result<(), AdapterError>;

    /// The value of `key`; `None` when there is no such key.
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, AdapterError>;

    /// Deletes `key`; no error when there is no such key.
    async fn delete(&self, key: &str) -> Result<(), AdapterError>;
}

#[async_trait]
impl<K: KeyValue + ?Sized> KeyValue for Arc<K> {
    async fn put(&self, key: &str, value: &[u8]) -> Result<(), AdapterError> {
        self.as_ref().put(key, value).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, AdapterError> {
        self.as_ref().get(key).await
    }

    async fn delete(&self, key: &str) -> Result<(), AdapterError> {
        self.as_ref().delete(key).await
    }
}
