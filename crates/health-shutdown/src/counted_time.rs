//! The time that counts for the critical trigger: not that in which nobody looked.
//!
//! It reads no clock, and decides nothing on failures.

use std::time::{Duration, Instant};

/// A look that comes so much later than it was asked for was held up: by a suspension, or by a
/// stalled runtime, which held the checks up too. The time until then does not count.
const LATE: Duration = Duration::from_secs(1);
/// No look is asked for sooner, whatever the clock does.
const BLINK: Duration = Duration::from_millis(1);
/// And none later, so that a suspension shows.
pub(crate) const TICK: Duration = Duration::from_secs(1);

/// Time since its making, less what was forgiven.
#[derive(Debug)]
pub(crate) struct CountedTime {
    origin: Instant,
    forgiven: Duration,
    promised: Option<Instant>,
}

impl CountedTime {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            origin: now,
            forgiven: Duration::ZERO,
            promised: None,
        }
    }

    /// How much of it has passed. It never goes back.
    pub(crate) fn age(&mut self, now: Instant) -> Duration {
        if let Some(promised) = self.promised
            && now.saturating_duration_since(promised) > LATE
        {
            self.forgiven += now - promised;
            self.promised = Some(now);
        }
        now.saturating_duration_since(self.origin)
            .saturating_sub(self.forgiven)
    }

    /// Whether the next look is due.
    pub(crate) fn is_due(&self, now: Instant) -> bool {
        self.promised.is_some_and(|promised| promised <= now)
    }

    pub(crate) fn promised(&self) -> Option<Instant> {
        self.promised
    }

    /// The next look comes after `wait`, or sooner; `None`: whenever there is news, and until then
    /// all time counts.
    pub(crate) fn promise(&mut self, now: Instant, wait: Option<Duration>) {
        self.promised = wait.map(|wait| now + wait.clamp(BLINK, TICK));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn time_in_which_nobody_looked_does_not_count() {
        let ms = Duration::from_millis;
        let start = clock::instant();
        // When it is looked at, what has counted by then, and the wait that is asked for.
        for (what, looks) in [
            (
                "nothing is asked for: all counts",
                &[(0, 0, None), (90_000, 90_000, None)][..],
            ),
            (
                "in time, and up to a second late",
                &[
                    (0, 0, Some(1_000)),
                    (1_000, 1_000, Some(1_000)),
                    (3_000, 3_000, Some(200)),
                    (3_200, 3_200, None),
                ],
            ),
            (
                "suspended: it stood still when the look was due",
                &[
                    (0, 0, Some(1_000)),
                    (61_000, 1_000, Some(1_000)),
                    (62_000, 2_000, Some(1_000)),
                    (162_000, 3_000, None),
                    (262_000, 103_000, None),
                ],
            ),
            (
                "a far look is no farther than a tick",
                &[(0, 0, Some(9_000)), (9_000, 1_000, None)],
            ),
            (
                "a clock that stands still",
                &[(5, 5, Some(0)), (5, 5, Some(0)), (5, 5, Some(0))],
            ),
        ] {
            let mut time = CountedTime::new(start);
            for (at, counted, wait) in looks {
                let now = start + ms(*at);
                assert_eq!(time.age(now), ms(*counted), "{what}: at {at}");
                time.promise(now, wait.map(ms));
                // No look is asked for at once: it would spin.
                assert!(!time.is_due(now), "{what}: at {at}");
            }
        }
    }
}
