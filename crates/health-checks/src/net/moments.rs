//! Instants and spans of a run. The clock itself is read in `crate::clock`.

use std::time::{Duration, Instant};

use health_core::CheckContext;

use crate::clock;

/// What a run keeps of its time to say what it waited for, before the monitor drops it.
const TO_SAY_SO: Duration = Duration::from_millis(20);

/// When a run gives up by itself.
pub(super) fn limit(cx: &CheckContext) -> Instant {
    let left = cx.deadline().saturating_duration_since(clock::instant());
    cx.deadline()
        .checked_sub(TO_SAY_SO.min(left / 10))
        .unwrap_or(cx.deadline())
}

/// An equal share of the time until `limit` for the first of `parts`.
pub(super) fn share(now: Instant, limit: Instant, parts: usize) -> Instant {
    let parts = u32::try_from(parts).unwrap_or(u32::MAX).max(1);
    now + limit.saturating_duration_since(now) / parts
}

/// The value of `latency_ms`: since `begin`, to a hundredth of a millisecond.
pub(super) fn latency_ms(begin: Instant) -> f64 {
    milliseconds(clock::instant().saturating_duration_since(begin))
}

fn milliseconds(span: Duration) -> f64 {
    (span.as_secs_f64() * 100_000.0).round() / 100.0
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

    #[test]
    fn latency_is_rounded() {
        for (micros, shown) in [
            (0, 0.0),
            (4, 0.0),
            (5, 0.01),
            (12_345, 12.35),
            (2_000_000, 2000.0),
        ] {
            assert!((milliseconds(Duration::from_micros(micros)) - shown).abs() < 1e-9);
        }
    }
}
