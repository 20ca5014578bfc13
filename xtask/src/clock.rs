//! The one place where this program reads a clock, and how it prints a duration.
//! It decides nothing.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the clock file of this package"
)]

use std::time::{Duration, Instant};

/// A running stopwatch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts one.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since it was started.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// `0.4 s`, `38.0 s` or `12 min 03 s`.
pub(crate) fn display(duration: Duration) -> String {
    let seconds = duration.as_secs();
    if seconds < 60 {
        format!("{:.1} s", duration.as_secs_f64())
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(display(Duration::from_millis(420)), "0.4 s");
        assert_eq!(display(Duration::from_secs(38)), "38.0 s");
        assert_eq!(display(Duration::from_secs(723)), "12 min 03 s");
    }
}
