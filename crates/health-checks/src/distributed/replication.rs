//! Judges how well data is replicated. It replicates nothing, and measures no lag.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};

use super::AdapterError;
use super::counted_rate::CountedRate;
use super::findings::Findings;
use super::record::Record;
use super::source::sources;
use crate::invalid::InvalidCheck;
use crate::limits::{Limits, figure};
use crate::percent::percent;

const NAME: &str = "replication";
/// One write in a hundred, and one in ten.
const FAILURES_DEGRADED: f64 = 0.01;
const FAILURES_UNHEALTHY: f64 = 0.1;

/// What a service knows of its replication.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplicationState {
    /// How many copies there are of what has the fewest.
    pub factor: u32,
    /// How many items have fewer copies than they should.
    pub under_replicated: u64,
    /// How many copies were attempted since the service started; only rises.
    pub attempts: u64,
    /// How many of them failed; only rises.
    pub failures: u64,
}

impl ReplicationState {
    /// So many copies of what has the fewest; nothing attempted, nothing under-replicated.
    pub fn new(factor: u32) -> Self {
        Self {
            factor,
            ..Self::default()
        }
    }

    /// So many items have too few copies.
    pub fn under_replicated(mut self, items: u64) -> Self {
        self.under_replicated = items;
        self
    }

    /// So many copies were attempted since the start, and so many of them failed.
    pub fn attempted(mut self, attempts: u64, failures: u64) -> Self {
        (self.attempts, self.failures) = (attempts, failures);
        self
    }
}

/// Something that replicates.
#[async_trait]
pub trait Replication: Send + Sync + 'static {
    /// How it is replicated now.
    async fn replication(&self) -> Result<ReplicationState, AdapterError>;
}

sources!(Replication, replication, ReplicationState);

/// Watches how well data is replicated.
///
/// | what | degraded | unhealthy |
/// |---|---|---|
/// | copies of what has the fewest | below the target | below a majority of the target |
/// | items with too few copies | any | never |
/// | failures among the copies attempted | from 1 % | from 10 % |
///
/// Failures are rated over what was attempted between runs, as soon as that was 10
/// or more; while nothing is attempted they are not judged.
///
/// Registered as `replication`, a shared dependency, every 120 s, with a timeout
/// of 20 s. Its details are `factor`, `target_factor`, `under_replicated`,
/// `failure_rate`, and what the module says.
///
/// ```
/// use health_checks::distributed::{ReplicationCheck, ReplicationState};
/// use tokio::sync::watch;
///
/// let (state, observed) = watch::channel(ReplicationState::new(3));
/// let registration = ReplicationCheck::new(observed, 3)?.registration();
/// state.send_replace(ReplicationState::new(2).under_replicated(17).attempted(10_000, 12));
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[must_use = "a check does nothing until it is registered"]
pub struct ReplicationCheck {
    source: Arc<dyn Replication>,
    target: u32,
    factor: Limits,
    under_replicated: Limits,
    failures: Limits,
}

impl ReplicationCheck {
    /// Watches the replication of `source`, which may be shared as an [`Arc`], against a
    /// factor of `target` copies.
    pub fn new(source: impl Replication, target: u32) -> Result<Self, InvalidCheck> {
        if target == 0 {
            return Err(InvalidCheck::new(
                NAME,
                "cannot aim at 0 copies; give at least 1",
            ));
        }
        Ok(Self {
            source: Arc::new(source),
            target,
            factor: Limits::falling(target.into(), (target / 2 + 1).into()),
            under_replicated: Limits::rising(1.0, f64::INFINITY),
            failures: Limits::rising(FAILURES_DEGRADED, FAILURES_UNHEALTHY),
        })
    }

    /// Unhealthy below so many copies, in place of a majority of the target; at 0 never.
    pub fn least_factor(mut self, copies: u32) -> Result<Self, InvalidCheck> {
        let target = self.target.into();
        self.factor = self.factor.set(NAME, target, copies.into(), 0.0..=target)?;
        Ok(self)
    }

    /// Degraded and unhealthy from so many items with too few copies on, in place of 1 and never.
    pub fn under_replicated_thresholds(
        mut self,
        degraded: u64,
        unhealthy: u64,
    ) -> Result<Self, InvalidCheck> {
        let limits = (figure(degraded), figure(unhealthy));
        let range = 1.0..=figure(u64::MAX);
        self.under_replicated = self.under_replicated.set(NAME, limits.0, limits.1, range)?;
        Ok(self)
    }

    /// Degraded and unhealthy from these shares of failed copies on, in place of 0.01 and 0.1.
    pub fn failure_thresholds(
        mut self,
        degraded: f64,
        unhealthy: f64,
    ) -> Result<Self, InvalidCheck> {
        let range = f64::MIN_POSITIVE..=1.0;
        self.failures = self.failures.set(NAME, degraded, unhealthy, range)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let watched = Watched {
            check: self,
            rate: Mutex::default(),
            record: Record::default(),
        };
        Registration::new(NAME, watched)
            .description("whether data has the copies it should have")
            .every(Duration::from_mins(2))
            .timeout(Duration::from_secs(20))
            .shared_dependency()
    }

    fn outcome(&self, state: &ReplicationState, failure_rate: Option<f64>) -> Outcome {
        let (target, factor) = (self.target, state.factor);
        let mut findings = Findings::default();
        let (status, _) = self.factor.judge(factor.into());
        findings.add(status, || format!("{factor} copies of {target}"));
        let (status, _) = self.under_replicated.judge(figure(state.under_replicated));
        findings.add(status, || {
            format!("{} items have too few copies", state.under_replicated)
        });
        if let Some(rate) = failure_rate {
            let (status, limit) = self.failures.judge(rate);
            findings.add(status, || {
                format!(
                    "{} % of copies fail, limit {} %",
                    percent(rate),
                    percent(limit)
                )
            });
        }
        findings
            .outcome(|| format!("{factor} copies of {target}"))
            .detail("factor", factor)
            .detail("target_factor", target)
            .detail("under_replicated", state.under_replicated)
            .detail_if_known("failure_rate", failure_rate)
    }
}

impl From<ReplicationCheck> for Registration {
    fn from(check: ReplicationCheck) -> Self {
        check.registration()
    }
}

struct Watched {
    check: ReplicationCheck,
    rate: Mutex<CountedRate>,
    record: Record,
}

#[async_trait]
impl Check for Watched {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let reading = async { self.check.source.replication().await };
        self.record
            .read(
                cx,
                "the state of the replication",
                reading,
                |state, _now| {
                    let mut rate = self.rate.lock().unwrap_or_else(PoisonError::into_inner);
                    let failure_rate = rate.observe(state.attempts, state.failures);
                    self.check.outcome(&state, failure_rate)
                },
            )
            .await
    }
}

#[cfg(test)]
mod tests {
    use health_core::Status;
    use tokio::sync::watch;

    use super::*;

    fn check(target: u32) -> ReplicationCheck {
        ReplicationCheck::new(watch::channel(ReplicationState::default()).1, target).unwrap()
    }

    #[test]
    fn judged_by_copies_and_failures() {
        use Status::{Degraded, Healthy, Unhealthy};
        let never = || check(3).least_factor(0).unwrap();
        let many = || check(3).under_replicated_thresholds(10, 20).unwrap();
        for (check, factor, under, rate, status, message) in [
            (check(3), 3, 0, None, Healthy, "3 copies of 3"),
            (check(3), 9, 0, Some(0.009), Healthy, "9 copies of 3"),
            (check(3), 2, 0, None, Degraded, "2 copies of 3"),
            (check(3), 1, 0, None, Unhealthy, "1 copies of 3"),
            (check(1), 0, 0, None, Unhealthy, "0 copies of 1"),
            (check(2), 1, 0, None, Unhealthy, "1 copies of 2"),
            (never(), 0, 0, None, Degraded, "0 copies of 3"),
            (
                check(3),
                3,
                1,
                None,
                Degraded,
                "1 items have too few copies",
            ),
            (many(), 3, 9, None, Healthy, "3 copies of 3"),
            (
                many(),
                3,
                20,
                None,
                Unhealthy,
                "20 items have too few copies",
            ),
            (
                check(3),
                3,
                u64::MAX,
                None,
                Degraded,
                "18446744073709551615 items have too few copies",
            ),
            (
                check(3),
                3,
                0,
                Some(0.01),
                Degraded,
                "1 % of copies fail, limit 1 %",
            ),
            (
                check(3),
                3,
                0,
                Some(f64::NAN),
                Unhealthy,
                "NaN % of copies fail, limit 10 %",
            ),
            (
                check(3),
                2,
                4,
                Some(0.5),
                Unhealthy,
                "2 copies of 3; 4 items have too few copies; 50 % of copies fail, limit 10 %",
            ),
        ] {
            let state = ReplicationState::new(factor).under_replicated(under);
            let outcome = check.outcome(&state, rate);
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["factor"], factor);
        }
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        let nothing = || watch::channel(ReplicationState::default()).1;
        for refused in [
            ReplicationCheck::new(nothing(), 0),
            check(3).least_factor(4),
            check(3).under_replicated_thresholds(0, 1),
            check(3).under_replicated_thresholds(2, 1),
            check(3).failure_thresholds(0.0, 0.1),
            check(3).failure_thresholds(f64::NAN, 0.1),
            check(3).failure_thresholds(0.1, 1.1),
        ] {
            let refused = refused.err().unwrap().to_string();
            assert!(refused.starts_with("replication: "), "{refused}");
        }
    }
}
