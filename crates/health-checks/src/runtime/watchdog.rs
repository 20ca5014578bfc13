//! Judges whether a loop goes on: it beats, and silence is a bad sign.
//!
//! It ends and restarts nothing; who probes liveness does.

use std::future::ready;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::clock;
use crate::invalid::InvalidCheck;
use health_core::{Outcome, Registration, check_fn};

const NAME: &str = "watchdog";
/// The value of a clock that has not struck.
const NEVER: u64 = 0;

/// Watches a loop that calls [`Heartbeat::beat`] each time around, on any thread or
/// task.
///
/// - A beat within half of the longest silence that is allowed: healthy.
/// - Silent for longer than that half, or not beaten yet: degraded.
/// - Silent for longer than the whole, from the beginning too: unhealthy.
/// - Every heartbeat dropped: unhealthy at once, as the loop has ended, by a panic
///   maybe. Unregister the check of a loop that ends by intent.
///
/// It counts for **liveness** by default, besides health and readiness, as a
/// loop that hangs is what a restart mends; set other
/// [`probes`](Registration::probes) if it is not so. Two unhealthy runs in a row are
/// needed, so that a process which was suspended may beat before it is judged.
/// It is non-critical elsewhere.
///
/// Registered as `watchdog` (a second one needs another name), four times in the
/// longest silence (every 1 s to 30 s), with a timeout of 5 s. Its details are
/// `silent_ms`, `max_silence_ms` and `beats`.
///
/// ```
/// use std::time::Duration;
/// use health_checks::runtime::WatchdogCheck;
/// # use health_core::Health;
/// # let health = Health::new();
/// let (heartbeat, check) = WatchdogCheck::new(Duration::from_secs(60))?;
/// health.register(check.registration().named("ingest-loop"))?;
/// for _batch in 0..3 {
///     heartbeat.beat();
///     // work
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct WatchdogCheck {
    beats: Arc<Beats>,
    holder: Weak<()>,
    degraded_after: Duration,
    unhealthy_after: Duration,
}

/// What a loop holds, to show that it goes on. Clones beat for the same watchdog: any
/// of them is enough.
#[derive(Clone, Debug)]
#[must_use = "a loop that drops its heartbeat reads as ended"]
pub struct Heartbeat {
    beats: Arc<Beats>,
    _holder: Arc<()>,
}

#[derive(Debug)]
struct Beats {
    origin: Instant,
    /// Nanoseconds from the origin to the last beat.
    last: AtomicU64,
    count: AtomicU64,
}

impl Heartbeat {
    /// The loop has come around. It never waits and takes no lock: a look at the clock and
    /// two atomic writes.
    pub fn beat(&self) {
        self.beats.beat(clock::instant());
    }
}

impl Beats {
    fn beat(&self, now: Instant) {
        let since = now.saturating_duration_since(self.origin).as_nanos();
        let since = u64::try_from(since).unwrap_or(u64::MAX).max(1);
        // The latest of several threads.
        self.last.fetch_max(since, Ordering::Relaxed);
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    /// How long it is silent, since it was made if it has never beaten, and its beats.
    fn silence(&self, now: Instant) -> (Duration, u64) {
        let last = Duration::from_nanos(self.last.load(Ordering::Relaxed));
        let since = now.saturating_duration_since(self.origin);
        (
            since.saturating_sub(last),
            self.count.load(Ordering::Relaxed),
        )
    }
}

impl WatchdogCheck {
    /// A heartbeat, and the check that it is never silent for longer than `max_silence`:
    /// from 1 ms to 30 days.
    pub fn new(max_silence: Duration) -> Result<(Heartbeat, Self), InvalidCheck> {
        const DAYS: u64 = 30;
        let range = Duration::from_millis(1)..=Duration::from_hours(24 * DAYS);
        if !range.contains(&max_silence) {
            return Err(InvalidCheck::new(
                NAME,
                format!("cannot allow a silence of {max_silence:?}; give 1 ms to {DAYS} days"),
            ));
        }
        let beats = Arc::new(Beats {
            origin: clock::instant(),
            last: AtomicU64::new(NEVER),
            count: AtomicU64::new(0),
        });
        let holder = Arc::new(());
        let check = Self {
            beats: Arc::clone(&beats),
            holder: Arc::downgrade(&holder),
            degraded_after: max_silence / 2,
            unhealthy_after: max_silence,
        };
        let heartbeat = Heartbeat {
            beats,
            _holder: holder,
        };
        Ok((heartbeat, check))
    }

    /// Degraded after this silence, in place of half of the longest.
    pub fn degraded_after(mut self, silence: Duration) -> Result<Self, InvalidCheck> {
        if silence.is_zero() || silence > self.unhealthy_after {
            return Err(InvalidCheck::new(
                NAME,
                format!(
                    "cannot be degraded after {silence:?}; give over 0, at most the longest silence of {:?}",
                    self.unhealthy_after
                ),
            ));
        }
        self.degraded_after = silence;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let (least, most) = (Duration::from_secs(1), Duration::from_secs(30));
        let every = (self.unhealthy_after / 4).clamp(least, most);
        check_fn(NAME, move |_| {
            let (silence, beats) = self.beats.silence(clock::instant());
            ready(self.outcome(silence, beats, self.holder.strong_count() > 0))
        })
        .description("whether a loop goes on")
        .every(every)
        .timeout(Duration::from_secs(5))
        .thresholds(2, 1)
        .live()
        .passive()
    }

    fn outcome(&self, silence: Duration, beats: u64, held: bool) -> Outcome {
        let (silent, most) = (silence.as_millis(), self.unhealthy_after.as_millis());
        let outcome = if !held {
            Outcome::unhealthy("the loop has ended: its heartbeat was dropped")
        } else if silence > self.unhealthy_after {
            let since = if beats == 0 {
                "has never beaten in"
            } else {
                "is silent for"
            };
            Outcome::unhealthy(format!("the loop {since} {silent} ms, limit {most} ms"))
        } else if beats == 0 {
            Outcome::degraded(format!("the loop has not beaten yet, limit {most} ms"))
        } else if silence > self.degraded_after {
            Outcome::degraded(format!(
                "the loop is silent for {silent} ms, limit {most} ms"
            ))
        } else {
            Outcome::healthy()
        };
        outcome
            .detail("silent_ms", whole(silent))
            .detail("max_silence_ms", whole(most))
            .detail("beats", beats)
    }
}

fn whole(milliseconds: u128) -> u64 {
    u64::try_from(milliseconds).unwrap_or(u64::MAX)
}

impl From<WatchdogCheck> for Registration {
    fn from(check: WatchdogCheck) -> Self {
        check.registration()
    }
}

#[cfg(test)]
mod tests {
    use health_core::{Probe, Status};

    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn silence() {
        use Status::{Degraded, Healthy, Unhealthy};
        let (_heartbeat, check) = WatchdogCheck::new(100 * MS).unwrap();
        for (silent, beats, held, status, words) in [
            (0, 1, true, Healthy, ""),
            (50, 1, true, Healthy, ""),
            (51, 1, true, Degraded, "silent for 51 ms, limit 100 ms"),
            (100, 9, true, Degraded, "silent for 100 ms"),
            (101, 9, true, Unhealthy, "silent for 101 ms"),
            (0, 0, true, Degraded, "not beaten yet"),
            (101, 0, true, Unhealthy, "never beaten in 101 ms"),
            (0, 9, false, Unhealthy, "has ended"),
        ] {
            let outcome = check.outcome(silent * MS, beats, held);
            assert_eq!(outcome.status(), status, "{outcome:?}");
            assert!(outcome.message().contains(words), "{outcome:?}");
            assert_eq!(outcome.details()["beats"], beats);
        }
    }

    #[test]
    fn the_latest_beat_counts() {
        let (heartbeat, check) = WatchdogCheck::new(100 * MS).unwrap();
        let beats = &heartbeat.beats;
        let at = |ms: u32| beats.origin + ms * MS;
        assert_eq!(check.beats.silence(at(70)), (70 * MS, 0));
        beats.beat(at(80));
        // From a thread that looked at the clock before.
        beats.beat(at(60));
        assert_eq!(check.beats.silence(at(90)), (10 * MS, 2));
        beats.beat(at(0));
        assert_eq!(check.beats.silence(at(0)), (Duration::ZERO, 3));
    }

    #[test]
    fn what_means_nothing_is_refused() {
        for silence in [Duration::ZERO, Duration::MAX] {
            let refused = WatchdogCheck::new(silence).unwrap_err();
            assert!(refused.to_string().starts_with("watchdog: "));
        }
        for silence in [Duration::ZERO, 101 * MS] {
            let (_heartbeat, check) = WatchdogCheck::new(100 * MS).unwrap();
            assert!(check.degraded_after(silence).is_err());
        }
    }

    #[test]
    fn it_counts_for_liveness() {
        let (_heartbeat, check) = WatchdogCheck::new(20 * Duration::from_secs(1)).unwrap();
        let registration = check.registration();
        assert!(registration.spec().probes.contains(Probe::Live));
        let every = Duration::from_secs(5);
        assert_eq!(registration.spec().schedule.period(), every);
    }
}
