//! Faults that take more than a condition in the engine: what they do to an entry.

use crate::engine::entry::Entry;
use crate::evidence::Evidence;
use crate::hysteresis::Hysteresis;
use crate::moment::{Moment, Now};
use crate::status::{Cause, Status};

use super::Fault;

impl Fault {
    /// When a run has ended, and the next start is planned.
    pub(crate) fn plant_start(self, entry: &mut Entry, now: Now) {
        match self {
            Self::StartForgotten => entry.due = Moment::NEVER,
            Self::WallClockDecides if now.wall < std::time::SystemTime::UNIX_EPOCH => {
                entry.due = entry.due.after(entry.spec.timeout);
            }
            _ => {}
        }
    }

    /// Before a result is taken in.
    pub(crate) fn plant_result(self, entry: &mut Entry, evidence: &mut Evidence, now: Now) {
        match self {
            Self::RepeatIsFresh => evidence.measured.ago = None,
            Self::ResultCountsTwice => entry.record(evidence.clone(), None, now),
            Self::ThresholdsSkipped => entry.hysteresis = Hysteresis::default(),
            Self::TimeoutReadsHealthy if evidence.cause == Cause::Timeout => {
                evidence.status = Status::Healthy;
            }
            _ => {}
        }
    }
}
