//! Takes what the service records, from many threads at once. It judges nothing.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use super::sliding_window::{Counts, SlidingWindow};
use crate::clock;

/// How many threads may record at the same moment without waiting.
const STRIPES: usize = 8;

/// Records how the service's own work went; clones record into the same window.
///
/// Recording takes well under a microsecond, never waits for the check, and needs no
/// runtime. The memory is bounded: 150 KB, and as much again for each further thread
/// of at most 8 that were ever found recording at the same moment.
///
/// ```
/// use std::time::{Duration, Instant};
/// use health_checks::passive::RateCheck;
///
/// let check = RateCheck::new();
/// let requests = check.recorder();
/// let begin = Instant::now();
/// let answer: Result<(), std::io::Error> = Ok(());
/// requests.record(answer.is_ok(), begin.elapsed());
/// ```
#[derive(Clone)]
pub struct RateRecorder(Arc<Recorded>);

struct Recorded {
    origin: Instant,
    stripes: [Mutex<SlidingWindow>; STRIPES],
}

impl RateRecorder {
    pub(super) fn new(window: Duration) -> Self {
        Self(Arc::new(Recorded {
            origin: clock::instant(),
            stripes: std::array::from_fn(|_| Mutex::new(SlidingWindow::new(window))),
        }))
    }

    /// One piece of work: whether it went well, and how long it took. Latencies over
    /// an hour count as an hour.
    pub fn record(&self, ok: bool, latency: Duration) {
        let now = self.now();
        self.free_stripe().record(now, ok, latency);
    }

    pub(super) fn counts(&self) -> Counts {
        let now = self.now();
        let mut sum = Counts::default();
        for stripe in &self.0.stripes {
            stripe
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .add_to(now, &mut sum);
        }
        sum
    }

    fn now(&self) -> Duration {
        clock::instant().saturating_duration_since(self.0.origin)
    }

    /// The first stripe that nobody else is at: mostly the first one, so that a service
    /// with few threads takes the memory of few.
    fn free_stripe(&self) -> MutexGuard<'_, SlidingWindow> {
        let [first, ..] = &self.0.stripes;
        for stripe in &self.0.stripes {
            match stripe.try_lock() {
                Ok(window) => return window,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        first.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for RateRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateRecorder").finish_non_exhaustive()
    }
}
