//! How the runs of one check went: what each check of this family keeps in its details.
//!
//! The monitor keeps a history too; this one travels in the details, to whoever
//! reads them. It judges nothing.

use std::future::Future;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use health_core::{CheckContext, Outcome, Status};
use tokio::time::timeout_at;

use super::AdapterError;
use crate::clock;
use crate::margin;
use crate::span::{Span, millis};

/// How many runs the success rate is taken over.
const RECENT: u32 = 100;

/// The runs of one check so far.
#[derive(Debug, Default)]
pub(super) struct Record(Mutex<Runs>);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Runs {
    /// One bit a run, the last one lowest.
    recent: u128,
    remembered: u32,
    consecutive_failures: u64,
    last_success: Option<SystemTime>,
}

impl Runs {
    fn add(&mut self, success: bool, wall: SystemTime) {
        self.recent = (self.recent << 1 | u128::from(success)) & ((1 << RECENT) - 1);
        self.remembered = (self.remembered + 1).min(RECENT);
        if success {
            self.consecutive_failures = 0;
            self.last_success = Some(wall);
        } else {
            self.consecutive_failures = self.consecutive_failures.saturating_add(1);
        }
    }

    fn success_rate(&self) -> f64 {
        f64::from(self.recent.count_ones()) / f64::from(self.remembered.max(1))
    }

    fn last_success_unix_seconds(&self) -> Option<u64> {
        let since = self.last_success?.duration_since(UNIX_EPOCH).ok()?;
        Some(since.as_secs())
    }
}

impl Record {
    /// Begins a run; one that is dropped before it finishes counts as failed.
    pub(super) fn begin(&self) -> Run<'_> {
        Run {
            record: self,
            started: clock::instant(),
            finished: false,
        }
    }

    /// A run that reads `what` and judges it; reading ends shortly before the deadline.
    pub(super) async fn read<T>(
        &self,
        cx: &CheckContext,
        what: &str,
        reading: impl Future<Output = Result<T, AdapterError>> + Send,
        judge: impl FnOnce(T, Instant) -> Outcome + Send,
    ) -> Outcome {
        let run = self.begin();
        let until = margin::before(run.started, cx.deadline(), margin::TO_SAY_SO);
        let mut latency = None;
        let outcome = match timeout_at(until.into(), reading).await {
            Ok(Ok(read)) => {
                let now = clock::instant();
                latency = Some(now.saturating_duration_since(run.started));
                judge(read, now)
            }
            Ok(Err(error)) => {
                Outcome::unhealthy(format!("{what} cannot be read")).with_error(error)
            }
            Err(_elapsed) => Outcome::timeout(format!(
                "{what} gave no answer within {}",
                Span(until.saturating_duration_since(run.started))
            )),
        };
        run.finish(outcome, latency)
    }

    fn add(&self, success: bool) -> Runs {
        let wall = clock::wall();
        let mut runs = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        runs.add(success, wall);
        *runs
    }
}

/// A run under way.
#[must_use = "a run that is dropped counts as failed"]
pub(super) struct Run<'a> {
    record: &'a Record,
    started: Instant,
    finished: bool,
}

impl Run<'_> {
    /// When it began.
    pub(super) fn started(&self) -> Instant {
        self.started
    }

    /// Counts it, and puts what is kept into the details. A run succeeds unless it
    /// is unhealthy; `latency` is of what was probed, if it came to an end.
    pub(super) fn finish(mut self, outcome: Outcome, latency: Option<Duration>) -> Outcome {
        self.finished = true;
        let runs = self.record.add(outcome.status() != Status::Unhealthy);
        outcome
            .detail("success_rate", runs.success_rate())
            .detail("consecutive_failures", runs.consecutive_failures)
            .detail_if_known(
                "last_success_unix_seconds",
                runs.last_success_unix_seconds(),
            )
            .detail_if_known("latency_ms", latency.map(millis))
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        if !self.finished {
            self.record.add(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_counted() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        for (name, results, rate, failures, last) in [
            ("none", &[][..], 0.0, 0, None),
            ("good", &[true, true], 1.0, 0, Some(1)),
            ("bad", &[false, false], 0.0, 2, None),
            ("mixed", &[true, false, true, false], 0.5, 1, Some(2)),
        ] {
            let mut runs = Runs::default();
            for (second, result) in (0..).zip(results) {
                runs.add(*result, at(second));
            }
            assert_eq!(
                (
                    runs.success_rate(),
                    runs.consecutive_failures,
                    runs.last_success_unix_seconds()
                ),
                (rate, failures, last),
                "{name}"
            );
        }
    }

    #[test]
    fn only_the_last_hundred_runs_rate() {
        let mut runs = Runs::default();
        for _ in 0..1000 {
            runs.add(false, UNIX_EPOCH);
        }
        for _ in 0..75 {
            runs.add(true, UNIX_EPOCH);
        }
        assert_eq!((runs.success_rate(), runs.remembered), (0.75, RECENT));
    }

    #[test]
    fn a_dropped_run_counts_as_failed() {
        let record = Record::default();
        drop(record.begin());
        let outcome = record.begin().finish(Outcome::healthy(), None);
        assert_eq!(outcome.details()["success_rate"], 0.5);
        assert_eq!(outcome.details()["consecutive_failures"], 0);
        assert!(!outcome.details().contains_key("latency_ms"));
    }
}
