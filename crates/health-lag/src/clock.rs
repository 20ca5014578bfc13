//! The one place of this crate that reads the clocks. It decides nothing.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the file the ban points to"
)]

use std::time::{Instant, SystemTime};

/// The monotonic clock, as the runtime sees it, so that a paused runtime pauses it;
/// outside of one the system's.
pub(crate) fn instant() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The wall clock, for display.
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}
