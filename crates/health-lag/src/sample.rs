//! One reading of a follower: where its leader is, and where it is.
//!
//! It judges nothing; `SampleError` names what a monitor refuses.

use std::time::Duration;

use serde::Serialize;

/// One reading of a follower. Positions are whole numbers that grow: bytes of a log, entries,
/// transactions.
///
/// ```
/// use health_lag::Sample;
///
/// let sample = Sample::new(132_651_720, 132_650_000).received(132_651_000).epoch(3);
/// # assert_eq!(sample.behind(), 1_720);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// How far the leader has written.
    pub leader: u64,
    /// How far the follower has applied.
    pub applied: u64,
    /// How far the follower has received.
    pub received: Option<u64>,
    /// How far the follower has made durable.
    pub flushed: Option<u64>,
    /// The lag as the source itself gives it; used only where positions tell less.
    pub hint: Option<Duration>,
    /// Which history of the leader this is: a timeline, a term, a replication id. Another one
    /// begins anew.
    pub epoch: u64,
}

impl Sample {
    /// A reading of both positions.
    pub fn new(leader: u64, applied: u64) -> Self {
        Self {
            leader,
            applied,
            received: None,
            flushed: None,
            hint: None,
            epoch: 0,
        }
    }

    /// How far the follower has received.
    pub fn received(mut self, position: u64) -> Self {
        self.received = Some(position);
        self
    }

    /// How far the follower has made durable.
    pub fn flushed(mut self, position: u64) -> Self {
        self.flushed = Some(position);
        self
    }

    /// The lag in seconds as the source itself gives it.
    ///
    /// # Errors
    ///
    /// Refuses what is no finite time from zero on.
    pub fn hint_seconds(mut self, seconds: f64) -> Result<Self, SampleError> {
        let hint = Duration::try_from_secs_f64(seconds).map_err(|_| SampleError::Hint(seconds))?;
        self.hint = Some(hint);
        Ok(self)
    }

    /// Which history of the leader it belongs to.
    pub fn epoch(mut self, epoch: u64) -> Self {
        self.epoch = epoch;
        self
    }

    /// How much the leader has that the follower has not applied.
    pub fn behind(&self) -> u64 {
        self.leader.saturating_sub(self.applied)
    }
}

/// Why a sample is refused. It is counted, and changes nothing else.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// A lag that is no time.
    #[error("a lag of {0} s is no finite time from zero on; leave it out if the source has none")]
    Hint(f64),
    /// Not later than the one before.
    #[error("the sample is {0:?} older than the last one, or as old; samples go forward in time")]
    NotLater(Duration),
    /// Of a follower that is gone.
    #[error("the follower is not registered any more; register it again")]
    Unregistered,
}
