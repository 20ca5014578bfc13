//! The least time between two runs of a check, whoever asks for them.
//!
//! It starts nothing. How often a check runs, its registration says: give that the same
//! least interval, so that the schedule asks for no run that measures nothing.

use std::future::Future;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use health_core::Outcome;

use crate::again::Said;
use crate::clock;

/// Holds back runs that come too soon: they get the last outcome again, marked as such.
#[derive(Debug)]
pub(crate) struct Pace {
    least: Duration,
    last: Mutex<Option<Last>>,
}

#[derive(Debug)]
struct Last {
    began: Instant,
    said: Said,
}

impl Pace {
    pub(crate) const fn new(least: Duration) -> Self {
        Self {
            least,
            last: Mutex::new(None),
        }
    }

    /// What `run` says, or, if the last one began too short a time ago, what that one said;
    /// of one that was dropped, that it gave nothing.
    pub(crate) async fn keep(&self, run: impl Future<Output = Outcome>) -> Outcome {
        let now = clock::instant();
        if let Some(said) = self.admit(now) {
            return said.again(now);
        }
        let dropped = Dropped(Some(self));
        let outcome = run.await;
        dropped.ended(outcome.clone());
        outcome
    }

    /// What is to be said again; `None`: a run may begin, and counts as begun.
    fn admit(&self, now: Instant) -> Option<Said> {
        let mut last = self.lock();
        if let Some(last) = last.as_ref()
            && now.saturating_duration_since(last.began) < self.least
        {
            return Some(last.said.clone());
        }
        let running = Outcome::timeout("an earlier run has not ended");
        let before = last.replace(Last {
            began: now,
            said: Said::new(running, now),
        });
        drop(last);
        // It holds a foreign error, which is dropped outside of the lock.
        drop(before);
        None
    }

    fn say(&self, outcome: Outcome) {
        let mut said = Said::new(outcome, clock::instant());
        let mut last = self.lock();
        if let Some(last) = last.as_mut() {
            std::mem::swap(&mut last.said, &mut said);
        }
        drop(last);
        drop(said);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Last>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Says of a run that is dropped what can be said.
struct Dropped<'a>(Option<&'a Pace>);

impl Dropped<'_> {
    fn ended(mut self, outcome: Outcome) {
        if let Some(pace) = self.0.take() {
            pace.say(outcome);
        }
    }
}

impl Drop for Dropped<'_> {
    fn drop(&mut self) {
        if let Some(pace) = self.0 {
            pace.say(Outcome::timeout("no result in time"));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, ready};

    use health_core::{Cause, Status};

    use super::*;

    const LEAST: Duration = Duration::from_secs(15);

    #[tokio::test(start_paused = true)]
    async fn what_comes_too_soon_gets_the_last_outcome_as_what_it_is() {
        let pace = Pace::new(LEAST);
        let first = pace.keep(ready(Outcome::degraded("first"))).await;
        assert_eq!((first.message(), first.measured()), ("first", None));
        assert!(!first.details().contains_key("cached_ms"));
        for (after, message, cached) in [
            (0, "first", Some(0)),
            (14_999, "first", Some(14_999)),
            (1, "next", None),
            (14_999, "next", Some(14_999)),
        ] {
            tokio::time::advance(Duration::from_millis(after)).await;
            let outcome = pace.keep(ready(Outcome::degraded("next"))).await;
            assert_eq!(outcome.message(), message, "after {after} ms");
            let told = outcome.details().get("cached_ms").cloned();
            assert_eq!(told, cached.map(|ms: u32| f64::from(ms).into()));
            let age = outcome.measured().map(|at| clock::instant() - at);
            assert_eq!(age, cached.map(|ms| Duration::from_millis(ms.into())));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_run_counts_too() {
        let pace = Pace::new(LEAST);
        let dropped = tokio::time::timeout(Duration::from_secs(5), pace.keep(pending())).await;
        assert!(dropped.is_err());
        tokio::time::advance(Duration::from_secs(2)).await;
        let outcome = pace.keep(ready(Outcome::healthy())).await;
        assert_eq!(outcome.cause(), Cause::Timeout);
        assert_eq!(outcome.message(), "no result in time");
        assert_eq!(outcome.details()["cached_ms"], 2000.0);
        tokio::time::advance(Duration::from_secs(8)).await;
        let outcome = pace.keep(ready(Outcome::healthy())).await;
        assert_eq!(outcome.status(), Status::Healthy);
    }

    #[tokio::test(start_paused = true)]
    async fn beside_a_run_there_is_no_second() {
        let pace = Pace::new(LEAST);
        let first = pace.keep(async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Outcome::healthy()
        });
        let (first, beside) = tokio::join!(first, pace.keep(ready(Outcome::healthy())));
        assert_eq!(first.status(), Status::Healthy);
        assert_eq!(beside.message(), "an earlier run has not ended");
    }
}
