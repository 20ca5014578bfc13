//! What becomes of something that is sent round: the words the loopbacks share.
//!
//! Pure; nothing is sent here.

use std::fmt;
use std::time::Duration;

/// It came back whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Arrival {
    pub(super) latency: Duration,
    pub(super) copies: u32,
}

/// Why it did not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// The step did not end within the time.
    Late(Step, Duration),
    /// The step ended with an error.
    Failed(Step),
    /// It came back changed.
    Changed,
    /// Nothing more can come.
    Ended,
}

impl Failure {
    /// The word for it in the details.
    pub(super) fn result(self) -> &'static str {
        match self {
            Self::Late(..) => "timeout",
            Self::Changed => "corrupt",
            Self::Failed(_) | Self::Ended => "failed",
        }
    }
}

/// What a run was about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Subscribe,
    Publish,
    /// Waiting for it to come, or to show.
    Wait,
    Put,
    Get,
    /// Deleting what an earlier run may have left.
    Clear,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Subscribe => "subscribing",
            Self::Publish => "publishing",
            Self::Wait => "waiting",
            Self::Put => "putting",
            Self::Get => "getting",
            Self::Clear => "deleting the key of an earlier run",
        })
    }
}
