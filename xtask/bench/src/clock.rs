//! The bench's one clock: stopwatches, deadlines and pauses.
//!
//! It judges no duration.
#![allow(
    clippy::disallowed_methods,
    reason = "the one file of this crate that reads the clock"
)]

use std::time::{Duration, Instant};

/// Time since it was started.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

pub(crate) fn pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// Asks until the answer is yes or the time is up; says whether it was yes.
pub(crate) fn wait_until(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let watch = Stopwatch::start();
    loop {
        if holds() {
            return true;
        }
        if watch.elapsed() >= limit {
            return false;
        }
        pause(Duration::from_millis(10));
    }
}
