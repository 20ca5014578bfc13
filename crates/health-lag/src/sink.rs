//! Who is told what a source brings.
//!
//! It judges nothing; a monitor does.

use crate::sample::Sample;
use crate::source_error::SourceError;

/// Takes what polls bring, one call at a time. A call should return soon: the next poll waits for
/// it. A panic in it is caught, logged and counted.
///
/// A closure that takes samples is one: `|follower: &str, sample: Sample| { … }`.
pub trait LagSink: Send + 'static {
    /// How far a follower and its leader are now.
    fn sample(&mut self, follower: &str, sample: Sample);

    /// How far the leader is now, after the samples of the same poll.
    fn leader(&mut self, position: u64, epoch: u64) {
        let _ = (position, epoch);
    }

    /// Nothing is known of this follower, or of all of them if it is `None`.
    fn failed(&mut self, follower: Option<&str>, error: &SourceError) {
        let _ = (follower, error);
    }

    /// The follower does not exist any more, or has been silent for so long that it counts as
    /// gone.
    fn forgotten(&mut self, follower: &str) {
        let _ = follower;
    }
}

impl<F: FnMut(&str, Sample) + Send + 'static> LagSink for F {
    fn sample(&mut self, follower: &str, sample: Sample) {
        self(follower, sample);
    }
}
