//! Runs the stall observer: it ticks on the health thread and looks for signs of life in the
//! application's runtime.
//!
//! It does not decide what silence means.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::Handle;

use super::stall::{ASK_AFTER, Silence, StallWatch};

/// The application's runtime, and what it has been heard of.
#[derive(Debug)]
struct Pulse {
    application: Handle,
    asked: u64,
    answered: Arc<AtomicU64>,
}

impl Pulse {
    /// A number that changes for as long as the runtime lives: how often its workers went to sleep
    /// or woke, which costs it nothing to tell, and how often it answered.
    fn beats(&self) -> u64 {
        let answered = self.answered.load(Ordering::Relaxed);
        #[cfg(target_has_atomic = "64")]
        let answered = {
            let metrics = self.application.metrics();
            let parks =
                (0..metrics.num_workers()).map(|worker| metrics.worker_park_unpark_count(worker));
            parks.fold(answered, u64::wrapping_add)
        };
        answered
    }

    /// Asks a runtime that has shown no sign of life, unless it owes an answer already. An idle
    /// runtime is woken for it, so it is not asked without need.
    fn ask(&mut self) {
        if self.answered.load(Ordering::Relaxed) == self.asked {
            self.asked += 1;
            let answered = self.answered.clone();
            drop(self.application.spawn(async move {
                answered.fetch_add(1, Ordering::Relaxed);
            }));
        }
    }
}

/// Observes for ever, and calls `tick` at each tick. Sleeps rather than keeping a schedule: ticks that a suspended machine missed
/// must not be made up for.
pub(crate) async fn observe(
    application: Handle,
    watch: Arc<StallWatch>,
    running: impl Fn() -> bool,
    tick: impl Fn(),
) {
    let interval = watch.limits().interval();
    let mut silence = Silence::default();
    let mut pulse = Pulse {
        application,
        asked: 0,
        answered: Arc::default(),
    };
    loop {
        tokio::time::sleep(interval).await;
        tick();
        let ticks = silence.tick(pulse.beats(), running());
        if ticks >= ASK_AFTER {
            pulse.ask();
        }
        watch.set(interval.saturating_mul(ticks));
    }
}
