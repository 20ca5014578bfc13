//! Redis as something that publishes. Whether it works is judged in `distributed`.

use std::fmt;

use async_trait::async_trait;
use futures_util::StreamExt;
use redis::Client;
use redis::aio::PubSubStream;

use super::door::{self, Door};
use super::names::Names;
use crate::distributed::{AdapterError, Messages, PubSub};
use crate::invalid::InvalidCheck;

/// The publish/subscribe of a Redis server; a topic is a channel.
///
/// A subscription has a connection of its own, as Redis wants it; dropping it closes that.
#[must_use = "it does nothing until a check uses it"]
pub struct RedisPubSub {
    client: Client,
    names: Names,
    door: Door,
}

impl RedisPubSub {
    /// Connects to a URL by itself, as [`RedisCheck::new`](super::RedisCheck::new) does.
    pub fn new(url: &str) -> Result<Self, InvalidCheck> {
        Ok(Self::with_options(door::client("redis", url)?))
    }

    /// Connects by itself as a `redis::Client` says: one connection that is kept for
    /// publishing, and one for each subscription.
    pub fn with_options(client: Client) -> Self {
        Self {
            door: Door::own(client.clone()),
            client,
            names: Names::default(),
        }
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for RedisPubSub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisPubSub").finish_non_exhaustive()
    }
}

#[async_trait]
impl PubSub for RedisPubSub {
    async fn subscribe(&self, topic: &str) -> Result<Box<dyn Messages>, AdapterError> {
        let mut connection = self.names.subscriber(&self.client).await?;
        connection.subscribe(topic).await?;
        Ok(Box::new(Subscription(connection.into_on_message())))
    }

    async fn publish(&self, topic: &str, message: &[u8]) -> Result<(), AdapterError> {
        let (mut connection, _) = self.door.open().await?;
        let command = redis::cmd("PUBLISH").arg(topic).arg(message).to_owned();
        let () = self.door.ask(&mut connection, &command).await?;
        self.door.keep(connection);
        Ok(())
    }
}

struct Subscription(PubSubStream);

#[async_trait]
impl Messages for Subscription {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, AdapterError> {
        let message = self.0.next().await;
        Ok(message.map(|message| message.get_payload_bytes().to_vec()))
    }

    /// The server forgets a subscription with its connection.
    async fn close(self: Box<Self>) -> Result<(), AdapterError> {
        Ok(())
    }
}
