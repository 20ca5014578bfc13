//! An outcome kept to be said again, as what it is: old.
//!
//! For how long, who keeps it says. Nothing runs here.

use std::time::{Duration, Instant};

use health_core::Outcome;

use crate::span::millis;

/// An outcome, and when it was measured.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    at: Instant,
    outcome: Outcome,
}

impl Said {
    /// Keeps what a run came to just now; it may be something said again itself.
    pub(crate) fn new(outcome: Outcome, now: Instant) -> Self {
        Self {
            at: outcome.measured().unwrap_or(now),
            outcome,
        }
    }

    pub(crate) fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    pub(crate) fn age(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.at)
    }

    /// What is said again: the monitor counts it once, and takes it for as old as it is.
    pub(crate) fn again(self, now: Instant) -> Outcome {
        let age = self.age(now);
        self.outcome
            .detail("cached_ms", millis(age))
            .measured_at(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn it_stays_as_old_as_it_is() {
        let first = clock::instant();
        let later = |ms| first + Duration::from_millis(ms);
        let said = Said::new(Outcome::degraded("d").detail("n", 1), first);
        let again = said.again(later(20));
        assert_eq!(again.details()["cached_ms"], 20.0);
        assert_eq!(again.details()["n"], 1);
        assert_eq!(again.measured(), Some(first));
        // Kept by somebody else, it is no younger.
        let said = Said::new(again, later(30));
        assert_eq!(said.age(later(50)), Duration::from_millis(50));
        let again = said.again(later(50));
        assert_eq!(again.details()["cached_ms"], 50.0);
        assert_eq!(again.measured(), Some(first));
    }
}
