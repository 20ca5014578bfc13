//! Publish/subscribe whose calls go wrong as a test wants it. It decides no fault.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio::time::sleep_until;

use super::fault::{Fault, Faults, corrupt, failure};
use crate::clock;
use crate::distributed::hub::{Feed, Hub};
use crate::distributed::{AdapterError, Messages, PubSub};

/// Publish/subscribe within this process, with faults. Clones are the same one.
///
/// | fault | in publishing | in subscribing |
/// |---|---|---|
/// | `Drop` | the message is lost | no message ever comes |
/// | `Delay` | it comes so much later, and those after it not before | subscribing takes so long |
/// | `Corrupt` | it comes changed | all come changed |
/// | `Duplicate` | it comes twice | all come twice |
/// | `Fail`, `Hang`, `Panic` | so does the call | so does the call |
/// | `HangAfter` | it comes, and the call never returns | as `Hang` |
#[derive(Clone, Debug, Default)]
pub struct FaultyPubSub {
    hub: Hub<Sent>,
    on_publish: Faults,
    on_subscribe: Faults,
}

#[derive(Clone, Debug)]
struct Sent {
    bytes: Arc<[u8]>,
    due: Option<Instant>,
}

impl FaultyPubSub {
    /// The faults of publishing.
    pub fn on_publish(&self) -> &Faults {
        &self.on_publish
    }

    /// The faults of subscribing.
    pub fn on_subscribe(&self) -> &Faults {
        &self.on_subscribe
    }

    /// How many topics somebody is subscribed to.
    pub fn topics(&self) -> usize {
        self.hub.topic_count()
    }

    /// How many subscriptions there are.
    pub fn subscriptions(&self) -> usize {
        self.hub.subscription_count()
    }

    fn send(&self, topic: &str, bytes: &[u8], delay: Option<Duration>) {
        let due = delay.and_then(|delay| clock::instant().checked_add(delay));
        let bytes = bytes.into();
        self.hub.publish(topic, Sent { bytes, due });
    }
}

#[expect(clippy::panic, reason = "a fault that a test may want")]
#[async_trait]
impl PubSub for FaultyPubSub {
    async fn subscribe(&self, topic: &str) -> Result<Box<dyn Messages>, AdapterError> {
        let fault = self.on_subscribe.next();
        match fault {
            Fault::Delay(delay) => tokio::time::sleep(delay).await,
            Fault::Fail => return Err(failure("subscribing")),
            Fault::Hang | Fault::HangAfter => pending().await,
            Fault::Panic => panic!("subscribing panicked as the test wants it"),
            Fault::None | Fault::Drop | Fault::Corrupt | Fault::Duplicate => {}
        }
        Ok(Box::new(Subscribed {
            feed: self.hub.subscribe(topic),
            fault,
            waiting: None,
            again: None,
        }))
    }

    async fn publish(&self, topic: &str, message: &[u8]) -> Result<(), AdapterError> {
        match self.on_publish.next() {
            Fault::None => self.send(topic, message, None),
            Fault::Drop => {}
            Fault::Delay(delay) => self.send(topic, message, Some(delay)),
            Fault::Corrupt => self.send(topic, &corrupt(message), None),
            Fault::Duplicate => {
                self.send(topic, message, None);
                self.send(topic, message, None);
            }
            Fault::Fail => return Err(failure("publishing")),
            Fault::Hang => pending().await,
            Fault::HangAfter => {
                self.send(topic, message, None);
                pending::<()>().await;
            }
            Fault::Panic => panic!("publishing panicked as the test wants it"),
        }
        Ok(())
    }
}

struct Subscribed {
    feed: Feed<Sent>,
    fault: Fault,
    /// Received, and not due yet.
    waiting: Option<Sent>,
    /// Returned, and to be returned again.
    again: Option<Vec<u8>>,
}

#[async_trait]
impl Messages for Subscribed {
    async fn next(&mut self) -> Result<Option<Vec<u8>>, AdapterError> {
        if let Some(bytes) = self.again.take() {
            return Ok(Some(bytes));
        }
        loop {
            if self.waiting.is_none() {
                self.waiting = self.feed.next().await?;
            }
            let Some(sent) = &self.waiting else {
                return Ok(None);
            };
            if let Some(due) = sent.due {
                sleep_until(due.into()).await;
            }
            let bytes = sent.bytes.to_vec();
            self.waiting = None;
            match self.fault {
                Fault::Drop => {}
                Fault::Corrupt => return Ok(Some(corrupt(&bytes))),
                Fault::Duplicate => {
                    self.again = Some(bytes.clone());
                    return Ok(Some(bytes));
                }
                _ => return Ok(Some(bytes)),
            }
        }
    }

    async fn close(self: Box<Self>) -> Result<(), AdapterError> {
        Ok(())
    }
}
