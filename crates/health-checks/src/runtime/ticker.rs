//! A task that ticks on a runtime, and how late its ticks came.
//!
//! It owns the task, and ends it when dropped. It judges nothing.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::clock;

/// Ticks until it is dropped, or its runtime ends.
#[derive(Debug)]
pub(crate) struct Ticker {
    lateness: Arc<Lateness>,
    task: JoinHandle<()>,
}

/// What the task writes and the check reads.
#[derive(Debug)]
struct Lateness {
    origin: Instant,
    /// When the next tick is due.
    due: AtomicU64,
    /// The latest tick since the last look.
    worst: AtomicU64,
}

impl Ticker {
    /// Starts to tick on `runtime`.
    pub(crate) fn start(runtime: &Handle, every: Duration) -> Self {
        let lateness = Arc::new(Lateness {
            origin: clock::instant(),
            due: AtomicU64::new(nanos(every)),
            worst: AtomicU64::new(0),
        });
        let task = runtime.spawn(tick(Arc::clone(&lateness), every));
        Self { lateness, task }
    }

    /// Whether nothing ticks any more: the runtime has ended.
    pub(crate) fn ended(&self) -> bool {
        self.task.is_finished()
    }

    /// The longest delay since the last look, one that still lasts included.
    pub(crate) fn delay(&self, now: Instant) -> Duration {
        self.lateness.take(now)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Lateness {
    fn at(&self, now: Instant) -> u64 {
        nanos(now.saturating_duration_since(self.origin))
    }

    /// A tick came at `now`; the next is due `every` later. The delay is kept before the
    /// due time moves, so that a look in between finds it in one of the two.
    fn tick(&self, now: Instant, every: Duration) {
        let now = self.at(now);
        let late = now.saturating_sub(self.due.load(Ordering::Relaxed));
        self.worst.fetch_max(late, Ordering::Release);
        self.due
            .store(now.saturating_add(nanos(every)), Ordering::Release);
    }

    fn take(&self, now: Instant) -> Duration {
        let due = self.due.load(Ordering::Acquire);
        let pending = self.at(now).saturating_sub(due);
        let worst = self.worst.swap(0, Ordering::AcqRel);
        Duration::from_nanos(worst.max(pending))
    }
}

async fn tick(lateness: Arc<Lateness>, every: Duration) {
    loop {
        tokio::time::sleep(every).await;
        lateness.tick(clock::instant(), every);
    }
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVERY: Duration = Duration::from_millis(100);

    #[test]
    fn the_longest_delay_since_the_last_look() {
        let origin = clock::instant();
        let lateness = Lateness {
            origin,
            due: AtomicU64::new(nanos(EVERY)),
            worst: AtomicU64::new(0),
        };
        let at = |ms| origin + Duration::from_millis(ms);
        let look = |ms| lateness.take(at(ms)).as_millis();
        assert_eq!(look(0), 0);
        assert_eq!(look(100), 0);
        // Not ticked yet.
        assert_eq!(look(150), 50);
        lateness.tick(at(350), EVERY);
        lateness.tick(at(455), EVERY);
        assert_eq!(look(460), 250);
        assert_eq!(look(460), 0);
        // Late once, and still late.
        lateness.tick(at(600), EVERY);
        assert_eq!(look(900), 200);
    }
}
