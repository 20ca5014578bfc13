//! How a check is registered, and which specs are refused.
//!
//! Plain data with its validation; the builder that users call is on
//! [`Registration`](crate::Registration).

use std::time::Duration;

use thiserror::Error;

use crate::hysteresis::Thresholds;
use crate::name::{NameError, validate};
use crate::status::{Impact, Kind, Probe, Probes};

/// When a check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// In the background, once every interval.
    Every(Duration),
    /// Once at start, then only when somebody asks and the last result is older than this.
    OnDemand(Duration),
}

impl Schedule {
    /// The same, but no more often than once in `least`. A period of nothing stays, as it is
    /// refused.
    pub(crate) fn at_most_every(self, least: Duration) -> Self {
        let raised = |period: Duration| {
            if period.is_zero() {
                period
            } else {
                period.max(least)
            }
        };
        match self {
            Self::Every(interval) => Self::Every(raised(interval)),
            Self::OnDemand(ttl) => Self::OnDemand(raised(ttl)),
        }
    }

    /// The interval, or the TTL.
    pub const fn period(self) -> Duration {
        match self {
            Self::Every(period) | Self::OnDemand(period) => period,
        }
    }
}

/// Everything about a check but the check itself. The defaults are those of
/// [`Registration::new`](crate::Registration::new).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spec {
    /// Unique in its `Health`: 1 to 64 of `a-z A-Z 0-9 - _ . :`.
    pub name: String,
    /// For people; empty by default.
    pub description: String,
    /// Whether it probes or observes; active by default.
    pub kind: Kind,
    /// How much it weighs; non-critical by default.
    pub impact: Impact,
    /// The probes it counts for; health and readiness by default.
    pub probes: Probes,
    /// All replicas use it: non-critical for readiness, and never a reason to shut down.
    pub shared_dependency: bool,
    /// A shared dependency that counts for readiness with its full impact after all.
    pub full_readiness_impact: bool,
    /// When it runs; every 30 s by default.
    pub schedule: Schedule,
    /// It never runs more often than this by its schedule; 0 by default.
    pub least_interval: Duration,
    /// How long a run may take; 10 s by default.
    pub timeout: Duration,
    /// Results in a row that change the status; 1 and 1 by default.
    pub thresholds: Thresholds,
    /// Wait this long before the first run; 0 by default.
    pub initial_delay: Duration,
    /// Each start is put off by up to this; 0 by default.
    pub jitter: Duration,
    /// How old an outcome may be that it says again; 0 by default.
    pub reuse: Duration,
    /// A result older than this is stale; by default 3 × interval (or TTL) + timeout + jitter,
    /// and what it may reuse.
    pub max_age: Option<Duration>,
    /// How many past runs are kept; 100 by default.
    pub history: usize,
    /// For groups.
    pub tags: Vec<String>,
    /// Whether it runs and counts at all.
    pub enabled: bool,
}

/// The longest history, in runs.
pub const MAX_HISTORY: usize = 10_000;
/// The most tags on one check.
pub const MAX_TAGS: usize = 32;
/// The longest description, in bytes.
pub const MAX_DESCRIPTION: usize = 512;

/// Why a spec is refused; nothing was registered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SpecError {
    /// The name, or a tag, is not allowed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A duration that must be positive is zero.
    #[error("check `{check}`: {what} is zero; give it a positive duration")]
    Zero {
        /// The check.
        check: String,
        /// `interval` (for a component: its heartbeat), `ttl`, `timeout` or `max_age`.
        what: &'static str,
    },
    /// A threshold of zero results.
    #[error("check `{0}`: a threshold is 0; the least is 1")]
    Threshold(String),
    /// Every result would be stale before the next one comes.
    #[error(
        "check `{check}`: max_age {max_age:?} is shorter than its interval {interval:?}; raise it"
    )]
    MaxAge {
        /// The check.
        check: String,
        /// What was asked for.
        max_age: Duration,
        /// The interval or TTL.
        interval: Duration,
    },
    /// Something has more parts than its bound.
    #[error("check `{check}`: {what} has {got}, {most} is the most")]
    TooMuch {
        /// The check.
        check: String,
        /// `history`, `tags` or `description`.
        what: &'static str,
        /// What was asked for.
        got: usize,
        /// The bound.
        most: usize,
    },
}

impl Spec {
    pub(crate) fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            kind: Kind::Active,
            impact: Impact::NonCritical,
            probes: Probes::default(),
            shared_dependency: false,
            full_readiness_impact: false,
            schedule: Schedule::Every(Duration::from_secs(30)),
            least_interval: Duration::ZERO,
            timeout: Duration::from_secs(10),
            thresholds: Thresholds::default(),
            initial_delay: Duration::ZERO,
            jitter: Duration::ZERO,
            reuse: Duration::ZERO,
            max_age: None,
            history: 100,
            tags: Vec::new(),
            enabled: true,
        }
    }

    /// The age past which a result is no evidence any more.
    pub fn effective_max_age(&self) -> Duration {
        self.max_age.unwrap_or_else(|| {
            self.schedule
                .period()
                .saturating_mul(3)
                .saturating_add(self.timeout)
                .saturating_add(self.jitter)
                .saturating_add(self.reuse)
        })
    }

    /// How much it weighs for `probe`; `None` where it does not count at all.
    ///
    /// A shared dependency is at most non-critical for readiness, because one
    /// outage of it would otherwise take every replica out at once. Liveness is
    /// counted by explicit choice only, and that choice is its weight there: a
    /// non-critical check that could not fail liveness had no reason to be in it.
    pub fn impact_for(&self, probe: Probe) -> Option<Impact> {
        let shared = self.shared_dependency && !self.full_readiness_impact;
        self.probes
            .contains(probe)
            .then_some(match (probe, self.impact) {
                (Probe::Ready, Impact::Critical) if shared => Impact::NonCritical,
                (Probe::Live, Impact::NonCritical) => Impact::Critical,
                (_, impact) => impact,
            })
    }

    pub(crate) fn validate(&self) -> Result<(), SpecError> {
        validate(&self.name)?;
        for tag in &self.tags {
            validate(tag)?;
        }
        let check = || self.name.clone();
        let (period, period_name) = match self.schedule {
            Schedule::Every(interval) => (interval, "interval"),
            Schedule::OnDemand(ttl) => (ttl, "ttl"),
        };
        for (duration, what) in [
            (period, period_name),
            (self.timeout, "timeout"),
            (self.max_age.unwrap_or(Duration::MAX), "max_age"),
        ] {
            if duration.is_zero() {
                return Err(SpecError::Zero {
                    check: check(),
                    what,
                });
            }
        }
        if self.thresholds.down == 0 || self.thresholds.up == 0 {
            return Err(SpecError::Threshold(check()));
        }
        if let Some(max_age) = self.max_age.filter(|age| *age < period) {
            return Err(SpecError::MaxAge {
                check: check(),
                max_age,
                interval: period,
            });
        }
        for (what, got, most) in [
            ("history", self.history, MAX_HISTORY),
            ("tags", self.tags.len(), MAX_TAGS),
            ("description", self.description.len(), MAX_DESCRIPTION),
        ] {
            if got > most {
                return Err(SpecError::TooMuch {
                    check: check(),
                    what,
                    got,
                    most,
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impact_by_probe() {
        use Impact::{Critical as C, NonCritical as N};
        let with = |change: fn(&mut Spec)| {
            let mut spec = Spec::new("db");
            spec.impact = Impact::Critical;
            change(&mut spec);
            Probe::ALL
                .iter()
                .map(|probe| spec.impact_for(*probe))
                .collect::<Vec<_>>()
        };
        assert_eq!(with(|_| ()), [Some(C), Some(C), None, None]);
        assert_eq!(
            with(|s| s.shared_dependency = true),
            [Some(C), Some(N), None, None]
        );
        assert_eq!(
            with(|s| (s.shared_dependency, s.full_readiness_impact) = (true, true)),
            [Some(C), Some(C), None, None]
        );
        assert_eq!(
            with(|s| s.probes = Probes::NONE.with(Probe::Live)),
            [None, None, Some(C), None]
        );
        let live = |impact| {
            let mut spec = Spec::new("loop");
            (spec.impact, spec.probes) = (impact, Probes::default().with(Probe::Live));
            spec.impact_for(Probe::Live)
        };
        assert_eq!(live(N), Some(C), "who opts in can fail liveness");
        assert_eq!(live(Impact::Informational), Some(Impact::Informational));
    }

    #[test]
    fn nonsense_is_refused_with_its_name() {
        let refused = |change: fn(&mut Spec)| {
            let mut spec = Spec::new("db");
            change(&mut spec);
            spec.validate().unwrap_err().to_string()
        };
        for (text, word) in [
            (
                refused(|s| s.schedule = Schedule::Every(Duration::ZERO)),
                "interval is zero",
            ),
            (
                refused(|s| s.schedule = Schedule::OnDemand(Duration::ZERO)),
                "ttl is zero",
            ),
            (refused(|s| s.timeout = Duration::ZERO), "timeout is zero"),
            (refused(|s| s.thresholds.up = 0), "threshold is 0"),
            (
                refused(|s| s.max_age = Some(Duration::from_secs(1))),
                "shorter than its interval",
            ),
            (refused(|s| s.history = 1_000_000), "history has 1000000"),
            (refused(|s| s.tags = vec!["a b".into()]), "\"a b\""),
        ] {
            assert!(text.contains(word), "{text}");
        }
        assert_eq!(Spec::new("db").validate(), Ok(()));
        assert_eq!(
            Spec::new("db").effective_max_age(),
            Duration::from_secs(100)
        );
    }
}
