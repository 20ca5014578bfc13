//! What is known of a source that is polled, for people. A fold of what polls bring. Pure.
//!
//! A monitor judges samples; this keeps the last of each follower.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::source::{FollowerReading, LeaderReading};
use crate::source_error::SourceError;

/// A source that is polled, after one of its polls.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PollState {
    /// How many polls have ended.
    pub polls: u64,
    /// How many of them brought nothing at all: errors, timeouts and panics.
    pub failed: u64,
    /// How many ran out of time.
    pub timed_out: u64,
    /// How many panicked.
    pub panicked: u64,
    /// How often there was no room for a follower, or its name was too long or empty.
    pub refused: u64,
    /// How many followers were forgotten.
    pub forgotten: u64,
    /// How often the sink panicked.
    pub sink_panicked: u64,
    /// Why the last poll brought nothing.
    pub error: Option<SourceError>,
    /// How far the leader was at the last poll that told.
    pub leader: Option<LeaderReading>,
    /// The followers that are known, by name.
    pub followers: BTreeMap<String, FollowerState>,
}

/// What the last poll brought of a follower: an error if the poll failed.
#[derive(Clone, Debug, Serialize)]
#[serde(transparent)]
pub struct FollowerState(Arc<FollowerReading>);

impl FollowerState {
    /// It itself.
    pub fn reading(&self) -> &FollowerReading {
        &self.0
    }
}

impl PollState {
    pub(super) fn ended(&mut self, error: Option<SourceError>) {
        use health_core::Cause;

        self.polls += 1;
        if let Some(error) = &error {
            self.failed += 1;
            match error.cause() {
                Cause::Timeout => self.timed_out += 1,
                Cause::Panic => self.panicked += 1,
                _ => {}
            }
            // What was known is not known any more.
            for (name, state) in &mut self.followers {
                let reading = FollowerReading::new(name.clone(), Err(error.clone()));
                *state = FollowerState(Arc::new(reading));
            }
        }
        self.error = error;
    }

    pub(super) fn told(&mut self, reading: FollowerReading) {
        let name = reading.follower.clone();
        self.followers
            .insert(name, FollowerState(Arc::new(reading)));
    }

    pub(super) fn forget(&mut self, follower: &str) {
        self.followers.remove(follower);
        self.forgotten += 1;
    }
}
