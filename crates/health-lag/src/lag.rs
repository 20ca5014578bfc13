//! How far behind in time, and how fast both sides go.
//!
//! It measures nothing; see `timeline` and `rate`.

use std::time::Duration;

use serde::Serialize;

/// The age of the oldest entry that is not applied yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", content = "seconds", rename_all = "snake_case")]
pub enum Lag {
    /// Interpolated between two known positions of the leader.
    Exact(#[serde(serialize_with = "seconds")] Duration),
    /// Older than everything that is known of the leader.
    AtLeast(#[serde(serialize_with = "seconds")] Duration),
}

impl Lag {
    /// What is known of it.
    pub fn duration(self) -> Duration {
        match self {
            Self::Exact(lag) | Self::AtLeast(lag) => lag,
        }
    }
}

/// How fast leader and follower move, in positions a second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// How fast the leader writes.
    pub leader_per_second: f64,
    /// How fast the follower applies.
    pub applied_per_second: f64,
}

/// A time as seconds, as everything that leaves this crate has it.
pub(crate) fn seconds<S: serde::Serializer>(time: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_f64(time.as_secs_f64())
}

/// The same of one that may be missing.
#[expect(clippy::ref_option, reason = "serde hands over a reference")]
pub(crate) fn optional_seconds<S: serde::Serializer>(
    time: &Option<Duration>,
    to: S,
) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => seconds(time, to),
        None => to.serialize_none(),
    }
}
