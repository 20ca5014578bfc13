//! How a component came to its end. Who ends it, and when, is decided elsewhere.

use serde::{Serialize, Serializer};

/// How a component came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ending {
    /// In time, by itself.
    Done,
    /// It was asked to hurry, and then ended by itself.
    Hurried,
    /// With an error.
    Failed,
    /// With a panic.
    Panicked,
    /// Not in time; it was aborted.
    Aborted,
    /// Its turn never came: the time was up before.
    Skipped,
}

impl Ending {
    /// Its name on the wire and in the log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Hurried => "hurried",
            Self::Failed => "failed",
            Self::Panicked => "panicked",
            Self::Aborted => "aborted",
            Self::Skipped => "skipped",
        }
    }

    /// Whether it ended as it should.
    pub const fn is_clean(self) -> bool {
        matches!(self, Self::Done | Self::Hurried)
    }
}

impl Serialize for Ending {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
