//! Until when a run, and each part of it, may take. The clock itself is read in `crate::clock`.

use std::time::{Duration, Instant};

use health_core::CheckContext;

use crate::clock;
use crate::margin;

/// What a run keeps of its time to say what it waited for, before the monitor drops it.
const TO_SAY_SO: Duration = Duration::from_millis(20);

/// When a run gives up by itself.
pub(super) fn limit(cx: &CheckContext) -> Instant {
    margin::short(clock::instant(), cx.deadline(), TO_SAY_SO)
}

/// An equal share of the time until `limit` for the first of `parts`.
pub(super) fn share(now: Instant, limit: Instant, parts: usize) -> Instant {
    let parts = u32::try_from(parts).unwrap_or(u32::MAX).max(1);
    now + limit.saturating_duration_since(now) / parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_gets_its_share() {
        let now = clock::instant();
        let limit = now + Duration::from_secs(6);
        for (parts, seconds) in [(0, 6), (1, 6), (2, 3), (3, 2)] {
            assert_eq!(share(now, limit, parts), now + Duration::from_secs(seconds));
        }
        assert_eq!(share(limit, now, 2), limit);
    }
}
