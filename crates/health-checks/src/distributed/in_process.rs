//! Publish/subscribe and key-value within this process, ready to be used and checked.
//!
//! Nothing leaves the process. For those with faults see `testing`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::hub::{Feed, Hub};
use super::{AdapterError, KeyValue, Messages, PubSub};

/// How many keys a store takes, unless told otherwise.
const MOST_KEYS: usize = 10_000;
/// The longest value that a store takes, in bytes.
const MOST_BYTES: usize = 1 << 20;

/// Publish/subscribe within this process, on tokio's broadcast channels.
///
/// A subscriber may be 256 messages behind; one that falls behind further gets an
/// error in place of what it missed. A topic is there while it has a subscriber.
/// Clones are the same one.
///
/// ```
/// use health_checks::distributed::{InProcessPubSub, PubSubCheck};
///
/// let events = InProcessPubSub::default();
/// let registration = PubSubCheck::new(events.clone()).registration();
/// ```
#[derive(Clone, Debug, Default)]
pub struct InProcessPubSub(Hub<Arc<[u8]>>);

impl InProcessPubSub {
    /// How many topics somebody is subscribed to.
    pub fn topics(&self) -> usize {
        self.0.topic_count()
    }

    /// How many subscriptions there are.
    pub fn subscriptions(&self) -> usize {
        self.0.subscription_count()
    }
}

#[async_trait]
impl PubSub for InProcessPubSub {
    async fn subscribe(&self, topic: &str) -> Result<Box<dyn Messages>, AdapterError> {
        Ok(Box::new(Subscribed(self.0.subscribe(topic))))
    }

    async fn publish(&self, topic: &str, message: &[u8]) -> Result<(), AdapterError> {
        self.0.publish(topic, message.into());
        Ok(())
    }
}

struct Subscribed(Feed<Arc<[u8]>>);

#[async_trait]
impl Messages for Subscribed {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, AdapterError> {
        let message = self.0.next().await?;
        Ok(message.map(|message| message.to_vec()))
    }

    async fn close(self: Box<Self>) -> Result<(), AdapterError> {
        Ok(())
    }
}

/// A store within this process: 10,000 keys, and 1 MiB a value, at most. Clones
/// are the same one.
///
/// ```
/// use health_checks::distributed::{InMemoryKeyValue, KeyValueCheck};
///
/// let store = InMemoryKeyValue::default();
/// let registration = KeyValueCheck::new(store.clone()).registration();
/// ```
#[derive(Clone, Debug)]
pub struct InMemoryKeyValue {
    values: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    most_keys: usize,
}

impl Default for InMemoryKeyValue {
    fn default() -> Self {
        Self::with_capacity(MOST_KEYS)
    }
}

impl InMemoryKeyValue {
    /// A store of at most so many keys.
    pub fn with_capacity(keys: usize) -> Self {
        Self {
            values: Arc::default(),
            most_keys: keys,
        }
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.values().len()
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.values().is_empty()
    }

    fn values(&self) -> MutexGuard<'_, HashMap<String, Vec<u8>>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl KeyValue for InMemoryKeyValue {
    async fn put(&self, key: &str, value: &[u8]) -> Result<(), AdapterError> {
        if value.len() > MOST_BYTES {
            let bytes = value.len();
            return Err(format!("a value of {bytes} bytes; {MOST_BYTES} are the most").into());
        }
        let mut values = self.values();
        if values.len() >= self.most_keys && !values.contains_key(key) {
            let most = self.most_keys;
            return Err(format!("the store is full: it holds {most} keys").into());
        }
        values.insert(key.to_owned(), value.to_vec());
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, AdapterError> {
        Ok(self.values().get(key).cloned())
    }

    async fn delete(&self, key: &str) -> Result<(), AdapterError> {
        self.values().remove(key);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_topic_lives_as_long_as_its_subscriptions() {
        let events = InProcessPubSub::default();
        events.publish("a", b"to nobody").await.unwrap();
        let mut first = events.subscribe("a").await.unwrap();
        let mut second = events.clone().subscribe("a").await.unwrap();
        let other = events.subscribe("b").await.unwrap();
        assert_eq!((events.topics(), events.subscriptions()), (2, 3));
        events.publish("a", b"1").await.unwrap();
        assert_eq!(first.next().await.unwrap(), Some(b"1".to_vec()));
        drop(first);
        assert_eq!(second.next().await.unwrap(), Some(b"1".to_vec()));
        assert_eq!((events.topics(), events.subscriptions()), (2, 2));
        drop(second);
        other.close().await.unwrap();
        assert_eq!((events.topics(), events.subscriptions()), (0, 0));
    }

    #[tokio::test]
    async fn who_falls_behind_is_told() {
        let events = InProcessPubSub::default();
        let mut messages = events.subscribe("a").await.unwrap();
        for _ in 0..super::super::hub::CAPACITY + 3 {
            events.publish("a", b"x").await.unwrap();
        }
        let error = messages.next().await.unwrap_err().to_string();
        assert!(error.contains("missed 3 messages"), "{error}");
        assert!(messages.next().await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_store_is_bounded() {
        let store = InMemoryKeyValue::with_capacity(1);
        store.put("a", b"1").await.unwrap();
        store.put("a", b"2").await.unwrap();
        assert!(store.put("b", b"1").await.is_err());
        let huge = vec![0; MOST_BYTES + 1];
        assert!(store.put("a", &huge).await.is_err());
        assert_eq!(store.get("a").await.unwrap(), Some(b"2".to_vec()));
        store.delete("a").await.unwrap();
        store.delete("a").await.unwrap();
        assert_eq!((store.get("a").await.unwrap(), store.len()), (None, 0));
    }
}
