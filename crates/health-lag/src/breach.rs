//! When a lag will cross a limit, or be worked off.
//!
//! It works nothing out; see `estimate`.

use std::time::Duration;

use serde::Serialize;

use crate::lag::{optional_seconds, seconds};

/// When something will have happened: a limit crossed, or all of it caught up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Crossing {
    /// It has already.
    Already,
    /// After these times from now on.
    In {
        /// The earliest that the interval allows.
        #[serde(serialize_with = "seconds", rename = "earliest_seconds")]
        earliest: Duration,
        /// As the forecast has it.
        #[serde(serialize_with = "seconds", rename = "likely_seconds")]
        likely: Duration,
        /// The latest that the interval allows; `None`: perhaps never.
        #[serde(serialize_with = "optional_seconds", rename = "latest_seconds")]
        latest: Option<Duration>,
    },
    /// Not as things go.
    Never,
    /// Too little is known.
    Unknown,
}
