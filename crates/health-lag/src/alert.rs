//! What is said when something about a follower changes for the worse, and when it is over.
//!
//! It decides nothing; see `alerting`.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::lag::seconds;
use crate::level::Level;

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

impl AlertKind {
    /// Each of them.
    pub const ALL: [Self; 5] = [
        Self::Lag,
        Self::Stalled,
        Self::NoData,
        Self::FollowerAhead,
        Self::PredictedBreach,
    ];

    /// As it is written: `lag`, `stalled`, `no_data`, `follower_ahead`, `predicted_breach`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Lag => "lag",
            Self::Stalled => "stalled",
            Self::NoData => "no_data",
            Self::FollowerAhead => "follower_ahead",
            Self::PredictedBreach => "predicted_breach",
        }
    }
}

/// A step in the life of an alert. Within the [cooldown](crate::LagPolicy::cooldown) of the last that
/// was said, only what is worse fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AlertEvent {
    /// It holds, but not for long enough. Not said within the cooldown.
    Pending,
    /// It holds.
    Firing,
    /// It was firing, and is worse now.
    Escalated,
    /// It is over, or did not hold for long enough.
    Resolved,
}

impl AlertEvent {
    /// Each of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Firing, Self::Escalated, Self::Resolved];

    /// As it is written: `pending`, `firing`, `escalated`, `resolved`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Escalated => "escalated",
            Self::Resolved => "resolved",
        }
    }
}

/// An alert that is pending or firing.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ActiveAlert {
    /// The follower.
    pub follower: Arc<str>,
    /// What it is about.
    pub kind: AlertKind,
    /// Whether it fires; otherwise it is pending.
    pub firing: bool,
    /// How bad it is.
    pub level: Level,
    /// For how long it has held.
    #[serde(serialize_with = "seconds", rename = "lasted_seconds")]
    pub lasted: Duration,
}

/// One entry of the log of alerts.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alert {
    /// Its number in the log; consecutive, from 1.
    pub sequence: u64,
    /// The follower.
    pub follower: Arc<str>,
    /// What it is about.
    pub kind: AlertKind,
    /// What happened.
    pub event: AlertEvent,
    /// How bad it is.
    pub level: Level,
    /// When, since the monitor's origin.
    #[serde(serialize_with = "seconds", rename = "at_seconds")]
    pub at: Duration,
    /// A sentence for people.
    pub message: String,
}
