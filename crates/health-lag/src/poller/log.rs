//! Which polls are worth a line in the log: the first that fails, another failure, the return; at
//! most once in ten seconds. Pure.
//!
//! It writes nothing; the driver does.

use std::time::{Duration, Instant};

const QUIET: Duration = Duration::from_secs(10);

/// What was said last, when, and what was not said since.
#[derive(Debug, Default)]
pub(super) struct Log {
    /// The failure that was said, or `None` for none.
    said: Option<String>,
    at: Option<Instant>,
    suppressed: u64,
}

impl Log {
    /// `Some(n)`: say this now, and that `n` other changes were not said before it.
    pub(super) fn admit(&mut self, failure: Option<&str>, now: Instant) -> Option<u64> {
        if failure == self.said.as_deref() {
            return None;
        }
        if self.at.is_some_and(|at| now < at + QUIET) {
            self.suppressed = self.suppressed.saturating_add(1);
            return None;
        }
        self.said = failure.map(str::to_owned);
        self.at = Some(now);
        Some(std::mem::take(&mut self.suppressed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_said_and_flapping_is_counted() {
        let origin = crate::clock::instant();
        let mut log = Log::default();
        for (at, failure, said) in [
            (0, None, None),
            (1, Some("a"), Some(0)),
            (2, Some("a"), None),
            (3, None, None),
            (4, Some("a"), None),
            (5, None, None),
            // Two polls were other than what was said.
            (11, None, Some(2)),
            (12, None, None),
            (30, Some("b"), Some(0)),
            (45, Some("c"), Some(0)),
        ] {
            let now = origin + Duration::from_secs(at);
            assert_eq!(log.admit(failure, now), said, "at {at}");
        }
    }
}
