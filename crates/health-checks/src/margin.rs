//! A little before a deadline, so that who waits can still say what it waited for.
//!
//! Pure. Nothing here waits.

use std::time::Instant;

/// How much of the time is left to say so.
pub(crate) const TO_SAY_SO: u32 = 20;

/// `deadline`, less one part in `parts` of the time until then.
pub(crate) fn before(now: Instant, deadline: Instant, parts: u32) -> Instant {
    let left = deadline.saturating_duration_since(now);
    deadline
        .checked_sub(left / parts.max(1))
        .unwrap_or(deadline)
}
