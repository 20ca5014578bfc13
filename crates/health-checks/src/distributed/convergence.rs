//! Judges whether state that is spread over nodes comes to agree. It spreads nothing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration, Status};

use super::AdapterError;
use super::record::Record;
use super::source::sources;
use super::trend::{Lines, Samples, Shown, Trend};
use crate::invalid::InvalidCheck;
use crate::span::{LONGEST, SHORTEST, Span, checked};

const NAME: &str = "convergence";
/// Four runs without any progress.
const STALL: Duration = Duration::from_mins(1);
const WITHIN: Duration = Duration::from_mins(5);

/// What is still to be applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pending {
    /// How many operations are pending.
    pub operations: u64,
    /// How many were applied since the service started, if that is counted; only
    /// rises. It tells a busy service from a stalled one.
    pub applied: Option<u64>,
}

impl Pending {
    /// So many are pending.
    pub fn new(operations: u64) -> Self {
        Self {
            operations,
            applied: None,
        }
    }

    /// So many were applied since the start.
    pub fn applied(mut self, operations: u64) -> Self {
        self.applied = Some(operations);
        self
    }
}

/// Something whose operations are applied over time.
#[async_trait]
pub trait Convergence: Send + Sync + 'static {
    /// What is pending now.
    async fn pending(&self) -> Result<Pending, AdapterError>;
}

sources!(Convergence, pending, Pending);

/// Watches whether pending operations are worked off.
///
/// | trend | when | it says |
/// |---|---|---|
/// | converged | nothing is pending | healthy |
/// | behind since a moment ago | nothing was pending less than 60 s ago | healthy |
/// | converging | at the rate at which it falls, all is done within 5 min | healthy |
/// | slow | it falls more slowly, or rises, or no trend is known yet | degraded |
/// | stalled | for 60 s no fewer were pending than before, and none was applied | unhealthy |
///
/// The first that fits of converged, stalled, converging, behind and slow. Rates
/// are by the time that really passed between runs. Samples that are further apart
/// than 60 s show no trend: the interval must be shorter.
///
/// Registered as `convergence`, every 15 s, with a timeout of 5 s. Its details are
/// `trend`, `pending_operations`, `pending_change_per_second`, `converged_in_seconds`,
/// `without_progress_seconds`, and what the module says.
///
/// ```
/// use std::time::Duration;
/// use health_checks::distributed::{ConvergenceCheck, Pending};
/// use tokio::sync::watch;
///
/// let (state, observed) = watch::channel(Pending::default());
/// let registration = ConvergenceCheck::new(observed)
///     .converged_at(10)
///     .within(Duration::from_secs(60))?
///     .registration();
/// state.send_replace(Pending::new(250).applied(81_000));
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[must_use = "a check does nothing until it is registered"]
pub struct ConvergenceCheck {
    source: Arc<dyn Convergence>,
    lines: Lines,
}

impl ConvergenceCheck {
    /// Watches what is pending in `source`, which may be shared as an [`Arc`].
    pub fn new(source: impl Convergence) -> Self {
        Self {
            source: Arc::new(source),
            lines: Lines {
                settled: 0,
                stall: STALL,
                within: WITHIN,
            },
        }
    }

    /// Converged with so many pending or fewer, in place of none.
    pub fn converged_at(mut self, operations: u64) -> Self {
        self.lines.settled = operations;
        self
    }

    /// Slow if it is not to be converged within this time, in place of 5 min.
    pub fn within(mut self, span: Duration) -> Result<Self, InvalidCheck> {
        self.lines.within = checked(NAME, "the time to converge", span, SHORTEST..=LONGEST)?;
        Ok(self)
    }

    /// Stalled after so long without progress, in place of 60 s; longer than the interval.
    pub fn stalled_after(mut self, span: Duration) -> Result<Self, InvalidCheck> {
        self.lines.stall = checked(NAME, "the time without progress", span, SHORTEST..=LONGEST)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let watched = Watched {
            check: self,
            samples: Mutex::default(),
            record: Record::default(),
        };
        Registration::new(NAME, watched)
            .description("whether pending operations are worked off")
            .every(Duration::from_secs(15))
            .timeout(Duration::from_secs(5))
    }

    fn outcome(&self, pending: Pending, shown: Shown) -> Outcome {
        let operations = pending.operations;
        let outcome = match shown.trend {
            Trend::Settled | Trend::Fresh | Trend::Converging => Outcome::healthy().with_message(
                format!("{operations} operations pending, {}", shown.trend.as_str()),
            ),
            Trend::Slow => Outcome::degraded(match (shown.per_second, shown.settled_in) {
                (None, _) => format!("{operations} operations pending, no trend known yet"),
                (Some(_), None) => format!("{operations} operations pending, and not falling"),
                (Some(_), Some(span)) => format!(
                    "{operations} operations pending, done in {}, limit {}",
                    Span(span),
                    Span(self.lines.within)
                ),
            }),
            Trend::Stalled => Outcome::new(
                Status::Unhealthy,
                format!(
                    "{operations} operations pending, no progress for {}",
                    Span(shown.without_progress)
                ),
            ),
        };
        outcome
            .detail("trend", shown.trend.as_str())
            .detail("pending_operations", operations)
            .detail_if_known("pending_change_per_second", shown.per_second)
            .detail_if_known(
                "converged_in_seconds",
                shown.settled_in.map(|span| span.as_secs_f64()),
            )
            .detail(
                "without_progress_seconds",
                shown.without_progress.as_secs_f64(),
            )
    }
}

impl From<ConvergenceCheck> for Registration {
    fn from(check: ConvergenceCheck) -> Self {
        check.registration()
    }
}

struct Watched {
    check: ConvergenceCheck,
    samples: Mutex<Samples>,
    record: Record,
}

#[async_trait]
impl Check for Watched {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let reading = async { self.check.source.pending().await };
        self.record
            .read(
                cx,
                "the number of pending operations",
                reading,
                |pending, now| {
                    let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
                    let shown = samples.observe(pending, self.check.lines, now);
                    self.check.outcome(pending, shown)
                },
            )
            .await
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;

    fn check() -> ConvergenceCheck {
        ConvergenceCheck::new(watch::channel(Pending::default()).1)
    }

    #[test]
    fn each_trend_has_its_status() {
        use Status::{Degraded, Healthy, Unhealthy};
        let secs = Duration::from_secs;
        for (trend, rate, settled_in, status, message) in [
            (
                Trend::Settled,
                None,
                None,
                Healthy,
                "7 operations pending, converged",
            ),
            (
                Trend::Fresh,
                Some(1.0),
                None,
                Healthy,
                "7 operations pending, behind since a moment ago",
            ),
            (
                Trend::Converging,
                Some(-1.0),
                Some(7),
                Healthy,
                "7 operations pending, converging",
            ),
            (
                Trend::Slow,
                None,
                None,
                Degraded,
                "7 operations pending, no trend known yet",
            ),
            (
                Trend::Slow,
                Some(0.0),
                None,
                Degraded,
                "7 operations pending, and not falling",
            ),
            (
                Trend::Slow,
                Some(-0.01),
                Some(700),
                Degraded,
                "7 operations pending, done in 700 s, limit 300 s",
            ),
            (
                Trend::Stalled,
                Some(0.0),
                None,
                Unhealthy,
                "7 operations pending, no progress for 90 s",
            ),
        ] {
            let shown = Shown {
                trend,
                per_second: rate,
                settled_in: settled_in.map(secs),
                without_progress: secs(90),
            };
            let outcome = check().outcome(Pending::new(7), shown);
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["trend"], trend.as_str());
        }
        assert!(check().stalled_after(Duration::ZERO).is_err());
    }
}
