//! How others learn of what happens: events, streams of them, and the trait of those who are told.
//!
//! Nothing is decided here; who is told when is the business of `driver`.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde::Serialize;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::alert::Alert;
use crate::judge::Standing;
use crate::lag::seconds;

/// How many items a slow subscriber may lie behind before it loses the oldest.
pub(crate) const BACKLOG: usize = 256;

/// A follower stands otherwise than before.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Transition {
    /// The follower.
    pub follower: Arc<str>,
    /// When, since the monitor's origin.
    #[serde(serialize_with = "seconds", rename = "at_seconds")]
    pub at: Duration,
    /// How it stood.
    pub from: Standing,
    /// How it stands.
    pub to: Standing,
}

/// What happens in a monitor.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
#[non_exhaustive]
pub enum LagEvent {
    /// A follower stands otherwise than before.
    Transition(Arc<Transition>),
    /// An alert took a step.
    Alert(Arc<Alert>),
}

/// What a subscriber receives.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LagNotice<T> {
    /// The next item.
    Item(T),
    /// The subscriber was too slow: so many of the oldest are lost to it.
    Missed {
        /// How many.
        count: u64,
    },
}

/// A stream of events or alerts, from the moment of subscribing.
#[derive(Debug)]
pub struct LagSubscription<T> {
    items: Receiver<T>,
    missed: u64,
}

impl<T: Clone> LagSubscription<T> {
    pub(crate) fn new(items: Receiver<T>) -> Self {
        Self { items, missed: 0 }
    }

    /// The next notice; `None` once the monitor is gone. Cancel safe.
    pub async fn next(&mut self) -> Option<LagNotice<T>> {
        match self.items.recv().await {
            Ok(item) => Some(LagNotice::Item(item)),
            Err(RecvError::Closed) => None,
            Err(RecvError::Lagged(count)) => {
                self.missed += count;
                Some(LagNotice::Missed { count })
            }
        }
    }

    /// How many were lost to this subscriber in all.
    pub fn missed(&self) -> u64 {
        self.missed
    }
}

/// Learns of everything that happens, in order.
///
/// Called on a task of its own: a slow observer slows nobody down, but loses the oldest events and
/// is told how many. A panic is caught and counted
/// ([`LagMonitor::observer_panics`](crate::LagMonitor::observer_panics)).
///
/// ```
/// use async_trait::async_trait;
/// use health_lag::{LagEvent, LagNotice, LagObserver};
///
/// struct Pager;
///
/// #[async_trait]
/// impl LagObserver for Pager {
///     async fn observe(&self, notice: &LagNotice<LagEvent>) {
///         if let LagNotice::Item(LagEvent::Alert(alert)) = notice {
///             eprintln!("{}: {}", alert.follower, alert.message);
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait LagObserver: Send + Sync + 'static {
    /// Takes note of one thing.
    async fn observe(&self, notice: &LagNotice<LagEvent>);
}
