//! What is said when something about a follower changes for the worse, and when it is over.
//!
//! It decides nothing; see `alerting`.

use std::time::Duration;

use serde::Serialize;

use crate::lag::seconds;

/// What an alert is about. There is at most one of a kind for a follower.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlertKind {
    /// The lag is above a limit; it escalates from warning to critical.
    Lag,
    /// Behind, and no progress.
    Stalled,
    /// Nothing heard.
    NoData,
    /// Applied more than the leader has.
    FollowerAhead,
    /// The critical limit will be crossed soon, as the forecast has it.
    PredictedBreach,
}

/// A step in the life of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlertEvent {
    /// It holds, but not for long enough.
    Pending,
    /// It holds.
    Firing,
    /// It was firing, and is worse now.
    Escalated,
    /// It is over.
    Resolved,
}

/// One entry of the log of alerts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alert {
    /// Its number in the log; consecutive, from 1.
    pub sequence: u64,
    /// The follower.
    pub follower: std::sync::Arc<str>,
    /// What it is about.
    pub kind: AlertKind,
    /// What happened.
    pub event: AlertEvent,
    /// How bad it is.
    pub level: crate::level::Level,
    /// When, since the monitor's origin.
    #[serde(serialize_with = "seconds", rename = "at_seconds")]
    pub at: Duration,
    /// A sentence for people.
    pub message: String,
}
