//! How bad a lag is.
//!
//! The limits and their hysteresis are another's; see `judge`.

use serde::Serialize;

/// How bad a lag is, the worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Below both limits.
    #[default]
    Normal,
    /// Above the first, 5 s unless set.
    Warning,
    /// Above the second, 30 s unless set.
    Critical,
}

impl Level {
    /// Each of them.
    pub const ALL: [Self; 3] = [Self::Normal, Self::Warning, Self::Critical];

    /// As it is written: `normal`, `warning`, `critical`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}
