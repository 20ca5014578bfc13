//! The one place of this crate that reads the clocks. It decides nothing.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the file the ban points to"
)]

use std::time::{Instant, SystemTime};

use crate::span::millis;

/// The monotonic clock, as the runtime sees it, so that a paused runtime pauses it.
pub(crate) fn instant() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// The milliseconds since `begin`, to the microsecond.
pub(crate) fn since_ms(begin: Instant) -> f64 {
    millis(instant().saturating_duration_since(begin))
}

/// The wall clock.
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}
