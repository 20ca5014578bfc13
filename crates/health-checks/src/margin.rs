//! A little before a deadline, so that who waits can still say what it waited for.
//!
//! Pure. Nothing here waits.

use std::time::{Duration, Instant};

/// How much of the time is left to say so.
pub(crate) const TO_SAY_SO: u32 = 20;

/// `deadline`, less one part in `parts` of the time until then.
pub(crate) fn before(now: Instant, deadline: Instant, parts: u32) -> Instant {
    let left = deadline.saturating_duration_since(now);
    deadline
        .checked_sub(left / parts.max(1))
        .unwrap_or(deadline)
}

/// `deadline`, less a tenth of the time until then, and `most` at the most: for what says so
/// in no time.
pub(crate) fn short(now: Instant, deadline: Instant, most: Duration) -> Instant {
    let left = deadline.saturating_duration_since(now);
    deadline
        .checked_sub((left / 10).min(most))
        .unwrap_or(deadline)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn a_part_of_the_time_is_left() {
        let now = clock::instant();
        let at = |ms| now + Duration::from_millis(ms);
        for (deadline, parts, until) in [(0, 20, 0), (1000, 20, 950), (1000, 4, 750), (1000, 0, 0)]
        {
            assert_eq!(before(now, at(deadline), parts), at(until));
        }
        let most = Duration::from_millis(20);
        for (deadline, until) in [(0, 0), (100, 90), (200, 180), (1000, 980)] {
            assert_eq!(short(now, at(deadline), most), at(until));
        }
        // What has passed stays so.
        assert_eq!(before(at(5), now, 20), now);
        assert_eq!(short(at(5), now, most), now);
    }
}
