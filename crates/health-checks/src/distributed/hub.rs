//! Topics within this process, on tokio's broadcast channels.
//!
//! What is sent, and what happens to it on its way, is the caller's business.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast::{Receiver, Sender, channel, error::RecvError};

use super::AdapterError;

/// How many messages a subscriber may be behind.
pub(crate) const CAPACITY: usize = 256;

type Topics<M> = HashMap<String, Sender<M>>;

/// Topics, each of which is there only while somebody is subscribed to it.
#[derive(Debug)]
pub(crate) struct Hub<M>(Arc<Mutex<Topics<M>>>);

impl<M> Default for Hub<M> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<M> Clone for Hub<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M: Clone> Hub<M> {
    pub(crate) fn subscribe(&self, topic: &str) -> Feed<M> {
        let receiver = self
            .topics()
            .entry(topic.to_owned())
            .or_insert_with(|| channel(CAPACITY).0)
            .subscribe();
        Feed {
            hub: self.clone(),
            topic: topic.to_owned(),
            receiver: Some(receiver),
        }
    }

    /// Hands `message` to all who are subscribed now; to none is no error.
    pub(crate) fn publish(&self, topic: &str, message: M) {
        if let Some(sender) = self.topics().get(topic) {
            // An error says that nobody is subscribed any more.
            let _ = sender.send(message);
        }
    }
}

impl<M> Hub<M> {
    /// How many topics there are.
    pub(crate) fn topic_count(&self) -> usize {
        self.topics().len()
    }

    /// How many subscriptions there are, over all topics.
    pub(crate) fn subscription_count(&self) -> usize {
        self.topics().values().map(Sender::receiver_count).sum()
    }

    fn topics(&self) -> MutexGuard<'_, Topics<M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One subscription; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Feed<M> {
    hub: Hub<M>,
    topic: String,
    receiver: Option<Receiver<M>>,
}

impl<M: Clone> Feed<M> {
    /// The next message. Cancel safe.
    pub(crate) async fn next(&mut self) -> Result<Option<M>, AdapterError> {
        let Some(receiver) = &mut self.receiver else {
            return Ok(None);
        };
        match receiver.recv().await {
            Ok(message) => Ok(Some(message)),
            Err(RecvError::Closed) => Ok(None),
            Err(RecvError::Lagged(missed)) => {
                Err(format!("the subscriber fell behind, and missed {missed} messages").into())
            }
        }
    }
}

impl<M> Drop for Feed<M> {
    fn drop(&mut self) {
        self.receiver = None;
        let mut topics = self.hub.topics();
        if topics
            .get(&self.topic)
            .is_some_and(|sender| sender.receiver_count() == 0)
        {
            topics.remove(&self.topic);
        }
    }
}
