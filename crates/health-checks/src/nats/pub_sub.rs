//! NATS as something that publishes. Whether it works is judged in `distributed`.

use async_nats::{Client, ConnectOptions, Subscriber};
use async_trait::async_trait;
use futures_util::StreamExt;

use super::advice::Failure;
use super::door::{Door, Opened};
use crate::distributed::{AdapterError, Messages, PubSub};
use crate::invalid::InvalidCheck;

/// The publish/subscribe of a NATS server; a topic is a subject.
#[derive(Debug)]
#[must_use = "it does nothing until a check uses it"]
pub struct NatsPubSub {
    door: Door,
}

impl NatsPubSub {
    /// Connects by itself, as [`NatsCheck::new`](super::NatsCheck::new) does.
    pub fn new(urls: &str) -> Result<Self, InvalidCheck> {
        Self::with_options(urls, ConnectOptions::new())
    }

    /// The same with options, as [`NatsCheck::with_options`](super::NatsCheck::with_options)
    /// takes them.
    pub fn with_options(urls: &str, options: ConnectOptions) -> Result<Self, InvalidCheck> {
        Ok(Self {
            door: Door::own("nats", urls, options)?,
        })
    }

    /// Through a client of the service.
    pub fn client(client: Client) -> Self {
        Self {
            door: Door::Shared(client),
        }
    }

    async fn open(&self) -> Result<Opened, Failure> {
        self.door.open().await?.ok_or(Failure::Disconnected)
    }
}

#[async_trait]
impl PubSub for NatsPubSub {
    async fn subscribe(&self, topic: &str) -> Result<Box<dyn Messages>, AdapterError> {
        let opened = self.open().await?;
        let subscriber = opened.client.subscribe(topic.to_owned()).await?;
        // Once a later message is back, the server knows of the subscription.
        opened.echo().await?;
        let client = opened.client.clone();
        self.door.keep(opened);
        Ok(Box::new(Subscription { subscriber, client }))
    }

    async fn publish(&self, topic: &str, message: &[u8]) -> Result<(), AdapterError> {
        let opened = self.open().await?;
        let client = &opened.client;
        client
            .publish(topic.to_owned(), message.to_vec().into())
            .await?;
        client.flush().await?;
        self.door.keep(opened);
        Ok(())
    }
}

struct Subscription {
    subscriber: Subscriber,
    client: Client,
}

#[async_trait]
impl Messages for Subscription {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, AdapterError> {
        let message = self.subscriber.next().await;
        Ok(message.map(|message| message.payload.to_vec()))
    }

    async fn close(mut self: Box<Self>) -> Result<(), AdapterError> {
        self.subscriber.unsubscribe().await?;
        Ok(self.client.flush().await?)
    }
}
