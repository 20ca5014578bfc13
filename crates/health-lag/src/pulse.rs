//! Whether the process could run all the time, by looks that were promised: what lies between the
//! last before one that is missed, and the next that comes, is no silence of a follower.
//!
//! It reads no clock; whom the time is forgiven, `judge` says.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::history::nanoseconds;

/// The next look is promised no later than this, so that a suspension shows.
pub(crate) const BEAT: Duration = Duration::from_secs(1);
/// A look that comes so much later than promised was held up: by a suspension of the process, or
/// by a runtime that stalled.
const LATE: Duration = Duration::from_secs(1);
const NEVER: u64 = u64::MAX;

/// When whoever watches looks next, and for how long nobody could, all in all.
#[derive(Debug)]
pub(crate) struct Pulse {
    /// In nanoseconds; [`NEVER`] if nothing is promised.
    promised: AtomicU64,
    /// In milliseconds, and after 49 days from zero on.
    missed: AtomicU32,
    /// When it was promised. Held by who changes the others.
    since: Mutex<Duration>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            promised: AtomicU64::new(NEVER),
            missed: AtomicU32::default(),
            since: Mutex::default(),
        }
    }
}

impl Pulse {
    /// It is `now`, and the next look comes `at` this time at the latest. Who promises looks first.
    pub(crate) fn promise(&self, now: Duration, at: Duration) {
        *self.lock() = now;
        self.promised.store(nanoseconds(at), Ordering::Release);
    }

    /// Nothing is promised: until it is, all time counts.
    pub(crate) fn withdraw(&self) {
        self.promised.store(NEVER, Ordering::Release);
    }

    /// Anybody looks at `now`. If that is late, the time since there was a promise was missed; and as
    /// nobody vouches for the time from now on until there is another, it counts.
    pub(crate) fn look(&self, now: Duration) {
        if !self.is_late(now) {
            return;
        }
        let since = self.lock();
        if self.is_late(now) {
            let missed = now.saturating_sub(*since).as_millis();
            // Who sees that nothing is promised any more sees this too.
            let low = u32::try_from(missed & u128::from(u32::MAX)).unwrap_or_default();
            self.missed.fetch_add(low, Ordering::Relaxed);
            self.withdraw();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Duration> {
        self.since.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_late(&self, now: Duration) -> bool {
        let promised = self.promised.load(Ordering::Acquire);
        nanoseconds(now).saturating_sub(promised) > nanoseconds(LATE)
    }

    /// What was missed, all in all, in milliseconds; it wraps.
    pub(crate) fn missed(&self) -> u32 {
        self.missed.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    enum Step {
        Promise(u64),
        Withdraw,
        Look,
    }

    #[test]
    fn what_was_missed() {
        use Step::{Look, Promise, Withdraw};
        let millis = Duration::from_millis;
        // When, what is done, and what was missed by then.
        for (case, steps) in [
            ("nothing is promised", &[(90_000, Look, 0)][..]),
            (
                "in time, and up to a second late",
                &[
                    (0, Promise(1_000), 0),
                    (1_000, Look, 0),
                    (1_000, Promise(2_000), 0),
                    (3_000, Look, 0),
                ],
            ),
            (
                "suspended, and then nobody vouches until there is another promise",
                &[
                    (0, Promise(1_000), 0),
                    (61_000, Look, 61_000),
                    (61_001, Look, 61_000),
                    (161_000, Look, 61_000),
                    (161_000, Promise(162_000), 61_000),
                    (165_000, Look, 65_000),
                ],
            ),
            (
                "withdrawn",
                &[(0, Promise(1_000), 0), (10, Withdraw, 0), (61_000, Look, 0)],
            ),
            (
                "for longer than can be counted",
                &[(0, Promise(0), 0), (5_000_000_000, Look, 705_032_704)],
            ),
        ] {
            let pulse = Pulse::default();
            for (at, step, missed) in steps {
                match step {
                    Promise(next) => pulse.promise(millis(*at), millis(*next)),
                    Withdraw => pulse.withdraw(),
                    Look => pulse.look(millis(*at)),
                }
                assert_eq!(pulse.missed(), *missed, "{case}: at {at}");
            }
        }
    }

    #[test]
    fn of_many_who_look_at_once_each_sees_all() {
        for round in 0..200 {
            let pulse = Pulse::default();
            pulse.promise(Duration::ZERO, Duration::from_secs(1));
            std::thread::scope(|scope| {
                for _ in 0..4 {
                    scope.spawn(|| {
                        pulse.look(Duration::from_secs(61));
                        assert_eq!(pulse.missed(), 61_000, "{round}");
                    });
                }
            });
        }
    }
}
