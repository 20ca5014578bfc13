//! What can be published to and subscribed to. Whether it works is not judged here.

use std::sync::Arc;

use async_trait::async_trait;

use super::AdapterError;

/// Something that takes messages on topics and hands them to subscribers.
///
/// Every method may be dropped at any await, and must then leave nothing behind
/// that grows with the number of calls. It may hang or panic: the deadline of the
/// run covers the one, the monitor's isolation the other.
#[async_trait]
pub trait PubSub: Send + Sync + 'static {
    /// Subscribes to `topic`: what is published once this has returned arrives.
    /// Dropping the subscription ends it.
    async fn subscribe(&self, topic: &str) -> Result<Box<dyn Messages>, AdapterError>;

    /// Publishes `message` on `topic`.
    async fn publish(&self, topic: &str, message: &[u8]) -> Result<(), AdapterError>;
}

/// One subscription.
#[async_trait]
pub trait Messages: Send {
    /// The next message; `Ok(None)` when the subscription has ended. Cancel safe:
    /// a message is either returned, or still to come.
    async fn next(&mut self) -> Result<Option<Vec<u8>>, AdapterError>;

    /// Ends the subscription, so that nothing is left behind on the server. Dropping
    /// it must do so too, as far as a drop can.
    async fn close(self: Box<Self>) -> Result<(), AdapterError>;
}

#[async_trait]
impl<P: PubSub + ?Sized> PubSub for Arc<P> {
    async fn subscribe(&self, topic: &str) -> Result<Box<dyn Messages>, AdapterError> {
        self.as_ref().subscribe(topic).await
    }

    async fn publish(&self, topic: &str, message: &[u8]) -> Result<(), AdapterError> {
        self.as_ref().publish(topic, message).await
    }
}
