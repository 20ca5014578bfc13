//! The least time between two runs of a check, whatever its schedule asks for.
//!
//! It starts nothing. How often a check runs, its registration says.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use health_core::Outcome;

use crate::clock;

/// Holds back runs that come too soon: they get the last outcome again.
#[derive(Debug)]
pub(crate) struct Pace {
    least: Duration,
    last: Mutex<Option<Last>>,
}

#[derive(Debug)]
struct Last {
    began: Instant,
    /// `None` while it runs, and for ever if it was dropped.
    outcome: Option<Outcome>,
}

/// What a run that is asked for may do.
#[derive(Debug)]
enum Admission {
    Run,
    Again(Outcome),
    /// The last run was dropped, and left nothing to say again.
    Wait(Duration),
}

impl Pace {
    pub(crate) const fn new(least: Duration) -> Self {
        Self {
            least,
            last: Mutex::new(None),
        }
    }

    /// What `run` says, or, if the last one began too short a time ago, what that one said.
    pub(crate) async fn keep(&self, run: impl Future<Output = Outcome>) -> Outcome {
        loop {
            match self.admit(clock::instant()) {
                Admission::Run => break,
                Admission::Again(outcome) => return outcome,
                Admission::Wait(rest) => tokio::time::sleep(rest).await,
            }
        }
        let outcome = run.await;
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_mut() {
            last.outcome = Some(outcome.clone());
        }
        outcome
    }

    fn admit(&self, now: Instant) -> Admission {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(last) = last.as_ref() {
            let rest = self
                .least
                .saturating_sub(now.saturating_duration_since(last.began));
            if !rest.is_zero() {
                return match &last.outcome {
                    Some(outcome) => Admission::Again(outcome.clone()),
                    None => Admission::Wait(rest),
                };
            }
        }
        *last = Some(Last {
            began: now,
            outcome: None,
        });
        Admission::Run
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use super::*;

    const LEAST: Duration = Duration::from_secs(15);

    #[tokio::test(start_paused = true)]
    async fn what_comes_too_soon_gets_the_last_outcome() {
        let pace = Pace::new(LEAST);
        let first = pace.keep(ready(Outcome::degraded("first"))).await;
        assert_eq!(first.message(), "first");
        for (after, message) in [
            (0, "first"),
            (14_999, "first"),
            (1, "next"),
            (14_999, "next"),
        ] {
            tokio::time::advance(Duration::from_millis(after)).await;
            let outcome = pace.keep(ready(Outcome::degraded("next"))).await;
            assert_eq!(outcome.message(), message, "after {after} ms");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_run_counts_too() {
        let pace = Pace::new(LEAST);
        let begin = clock::instant();
        let dropped = tokio::time::timeout(Duration::from_secs(1), pace.keep(pending())).await;
        assert!(dropped.is_err());
        let outcome = pace.keep(ready(Outcome::healthy())).await;
        assert_eq!(outcome.status(), health_core::Status::Healthy);
        assert_eq!(clock::instant() - begin, LEAST);
    }
}
