//! Who may keep a node up that wants to go down because a critical check fails.
//!
//! Only the words; asking, waiting and backing off is the shutdown's business.

use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

/// May veto a shutdown that a critical failure asks for, never one asked for by a signal.
///
/// A cluster with a disruption budget is one, an operator's switch another. Silence, a
/// panic or an error is a veto: the node stays up, unready, and asks again later.
///
/// ```
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use async_trait::async_trait;
/// use health_core::{CriticalFailure, Guard, Veto};
///
/// struct Switch(AtomicBool);
///
/// #[async_trait]
/// impl Guard for Switch {
///     async fn permit(&self, _failure: &CriticalFailure) -> Result<(), Veto> {
///         if self.0.load(Ordering::Relaxed) {
///             Ok(())
///         } else {
///             Err(Veto::new("an operator keeps it up"))
///         }
///     }
/// }
/// ```
#[async_trait]
pub trait Guard: Send + Sync + 'static {
    /// Whether the node may go down for `failure`. Dropped if it takes too long.
    async fn permit(&self, failure: &CriticalFailure) -> Result<(), Veto>;
}

/// A critical check that has failed for as long as the policy asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriticalFailure {
    /// The node's name.
    pub node_id: String,
    /// The check's name.
    pub check: String,
    /// How many runs in a row it has failed.
    pub runs: u64,
    /// For how long.
    pub lasted: Duration,
    /// What it says, in public.
    pub message: String,
}

/// Why the node stays up.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Veto(String);

impl Veto {
    /// A veto, and its reason for the log.
    pub fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
