//! When the next poll begins. Pure.

use std::time::{Duration, Instant};

/// A poll that ends so long after it had to was held up with the whole process, or its runtime.
const LATE: Duration = Duration::from_secs(1);

/// How often polls are begun.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Usually.
    pub(super) interval: Duration,
    /// At least, while polls fail.
    pub(super) slowest: Duration,
}

impl Pace {
    /// The begin of the poll after one that took from `begin` to `end`, and was the last of so many
    /// `failures` in a row. What was missed meanwhile is not made up for, and a server that hangs
    /// is left alone for a while. A poll that ended long after it had to, which is once it and the
    /// one before had their `limit` each, says nothing of the server: the process was suspended, and
    /// the next begins at once.
    pub(super) fn next(
        self,
        begin: Instant,
        end: Instant,
        limit: Duration,
        failures: u32,
    ) -> Instant {
        if end.saturating_duration_since(begin) > limit.saturating_mul(2).saturating_add(LATE) {
            return end;
        }
        let doublings = failures.saturating_sub(1).min(20);
        let longest = self.slowest.max(self.interval);
        let wait = self.interval.saturating_mul(1 << doublings).min(longest);
        if failures > 0 {
            end + wait
        } else {
            (begin + wait).max(end)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments() {
        let ms = Duration::from_millis;
        let begin = crate::clock::instant();
        for (interval, slowest, took, failures, expected) in [
            (1_000, 10_000, 3, 0, 1_000),
            (1_000, 10_000, 1_000, 0, 1_000),
            (1_000, 10_000, 2_500, 0, 2_500),
            (1_000, 10_000, 3, 1, 1_003),
            (1_000, 10_000, 3, 2, 2_003),
            (1_000, 10_000, 3, 4, 8_003),
            (1_000, 10_000, 3, 5, 10_003),
            (1_000, 10_000, 3, u32::MAX, 10_003),
            (1_000, 10_000, 5_000, 1, 6_000),
            (60_000, 10_000, 3, 9, 60_003),
            (1_000, 0, 3, 9, 1_003),
            // The limit is 5 s.
            (1_000, 10_000, 11_000, 1, 12_000),
            (1_000, 10_000, 11_001, 1, 11_001),
            (60_000, 10_000, 90_000, 9, 90_000),
            (60_000, 10_000, 90_000, 0, 90_000),
        ] {
            let pace = Pace {
                interval: ms(interval),
                slowest: ms(slowest),
            };
            let next = pace.next(begin, begin + ms(took), ms(5_000), failures);
            assert_eq!(next, begin + ms(expected), "{pace:?} {took} {failures}");
        }
    }
}
