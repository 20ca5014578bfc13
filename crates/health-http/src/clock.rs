//! The one place where this crate reads time.
//!
//! It decides nothing.

#![allow(
    clippy::disallowed_methods,
    reason = "this is the clock file: everything else takes time as an argument"
)]

use tokio::time::Instant;

/// Monotonic time; under tokio's paused clock, that clock.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The wall clock, for display.
pub(crate) fn wall() -> std::time::SystemTime {
    std::time::SystemTime::now()
}
