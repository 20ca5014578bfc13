//! What is shown of one check or component: an immutable snapshot of it.
//!
//! Made by the engine on each change, shared by `Arc`; it decides nothing.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::spec::Spec;
use crate::status::{Cause, CheckStatus, Status};
use crate::tallies::SCORE_ONE;

/// A check or component as it stood at one moment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CheckState {
    /// How it is registered. For a component, `schedule` and `timeout` say
    /// nothing, and `max_age` is its heartbeat.
    pub spec: Arc<Spec>,
    /// Whether it is a component, which reports by itself.
    pub component: bool,
    /// Whether it is switched on.
    pub enabled: bool,
    /// The outward status, thresholds applied.
    pub status: CheckStatus,
    /// The status that counts; `None` is unknown.
    pub effective: Option<Status>,
    /// What the last result said, before thresholds.
    pub raw: Option<Status>,
    /// Why the status is what it is.
    pub cause: Cause,
    /// The public message of the last result; empty when there is none.
    pub message: Cow<'static, str>,
    /// The public details of the last result that had any.
    pub details: Option<Arc<Map<String, Value>>>,
    /// How many parts of its details did not fit the bound.
    pub details_dropped: u32,
    /// How long the last run took.
    pub latency: Option<Duration>,
    /// When the last result was measured.
    pub at: Option<SystemTime>,
    /// Since when it has this status.
    pub since: SystemTime,
    /// How many results it has given, with those that it only said again.
    pub runs: u64,
    /// How many of them in a row, up to the last, were unhealthy.
    pub consecutive_failures: u64,
    /// When it was last healthy or degraded.
    pub last_success: Option<SystemTime>,
    pub(crate) score: u64,
    /// Whether it counts in the tallies (a pending or disabled one does not).
    pub(crate) counted: bool,
}

impl CheckState {
    /// The name.
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Whether there is fresh evidence that it is healthy. Degraded is not healthy.
    pub fn healthy(&self) -> bool {
        self.status == CheckStatus::Healthy
    }

    /// The share of remembered runs that were healthy (degraded ones count
    /// half), in 0..=1; 0 before the first.
    #[allow(clippy::cast_precision_loss, reason = "at most a million")]
    pub fn score(&self) -> f64 {
        self.score as f64 / SCORE_ONE as f64
    }

    /// The message, or what the cause says when there is none.
    pub fn reason(&self) -> &str {
        match (self.cause, self.message.as_ref()) {
            (Cause::Stale, _) => "no fresh result: the last one is past its max age",
            (Cause::Pending, _) => "no result yet",
            (Cause::Disabled, _) => "disabled",
            (_, "") => match self.cause {
                Cause::Timeout => "no result in time",
                Cause::Panic => "check panicked",
                Cause::Dropped => "its owner is gone",
                _ => self.status.as_str(),
            },
            (_, message) => message,
        }
    }

    /// The same, found by a reader to be past its max age, or past the time in
    /// which the first result was due.
    pub(crate) fn as_stale(&self) -> Self {
        if self.cause == Cause::Pending {
            return Self {
                counted: true,
                ..self.clone()
            };
        }
        Self {
            status: CheckStatus::Unknown,
            effective: None,
            cause: Cause::Stale,
            ..self.clone()
        }
    }
}
