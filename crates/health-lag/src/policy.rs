//! The limits by which followers are judged, and which of them are refused.
//!
//! Plain data; it judges nothing. See `judge` and `alerting`.

use std::time::Duration;

use serde::Serialize;

use crate::history::nanoseconds;
use crate::lag::{optional_seconds, seconds};
use crate::level::Level;

/// The longest time that a policy may name: 10 years.
const MOST: Duration = Duration::from_hours(24 * 3_653);

/// How followers are judged. The builder of a [`LagMonitor`](crate::LagMonitor) sets it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LagPolicy {
    /// From this lag on it is a warning; 5 s by default.
    #[serde(serialize_with = "seconds", rename = "warning_seconds")]
    pub warning: Duration,
    /// From this lag on it is critical; 30 s by default.
    #[serde(serialize_with = "seconds", rename = "critical_seconds")]
    pub critical: Duration,
    /// A level ends once the lag is this share below its limit; 0.1 by default.
    pub hysteresis: f64,
    /// Behind and without progress for this long, and for 3 intervals, is stalled; 10 s by default.
    #[serde(serialize_with = "seconds", rename = "stalled_seconds")]
    pub stalled: Duration,
    /// Nothing heard for this long, and for 3 intervals, is no data; 10 s by default. Before a
    /// second sample has told the interval, 10 s are taken for it.
    #[serde(serialize_with = "seconds", rename = "silence_seconds")]
    pub silence: Duration,
    /// What may be a flicker (a warning, a prediction, a follower ahead) fires once it has held for
    /// this long; 2 s by default. What is critical, stalled or silent fires at once.
    #[serde(serialize_with = "seconds", rename = "pending_seconds")]
    pub pending: Duration,
    /// A firing alert resolves once nothing was wrong for this long; 5 s by default.
    #[serde(serialize_with = "seconds", rename = "resolve_after_seconds")]
    pub resolve_after: Duration,
    /// An alert does not fire again within this time after it fired or escalated last, unless it is
    /// worse; 60 s by default. A second warning within it is silent: what is over by its end is never
    /// said, neither fired nor resolved, and what still holds then fires then. A critical lag is said
    /// at once after a warning, also after one that is resolved, and never held back by it.
    #[serde(serialize_with = "seconds", rename = "cooldown_seconds")]
    pub cooldown: Duration,
    /// A breach of the critical limit within this time is predicted; 60 s by default, `None` for
    /// no prediction.
    #[serde(serialize_with = "optional_seconds", rename = "prediction_seconds")]
    pub prediction: Option<Duration>,
    /// What a history covers, in 48 parts; 1 h by default.
    #[serde(serialize_with = "seconds", rename = "retention_seconds")]
    pub retention: Duration,
}

/// Why a policy is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// A time that must be positive is not, or is absurd.
    #[error("{what} is {given:?}; give it more than 0, and 10 years at most")]
    Time {
        /// Which.
        what: &'static str,
        /// What was given.
        given: Duration,
    },
    /// The limits are the wrong way round.
    #[error("the warning limit {warning:?} is not below the critical one, {critical:?}")]
    Order {
        /// The warning limit.
        warning: Duration,
        /// The critical one.
        critical: Duration,
    },
    /// Not a share.
    #[error("a hysteresis of {0} is no share; give 0 to 0.9")]
    Hysteresis(f64),
    /// The log of alerts can hold nothing, or too much.
    #[error("a log of {0} alerts; give 1 to 1000000")]
    Alerts(usize),
}

impl Default for LagPolicy {
    fn default() -> Self {
        Self {
            warning: Duration::from_secs(5),
            critical: Duration::from_secs(30),
            hysteresis: 0.1,
            stalled: Duration::from_secs(10),
            silence: Duration::from_secs(10),
            pending: Duration::from_secs(2),
            resolve_after: Duration::from_secs(5),
            cooldown: Duration::from_mins(1),
            prediction: Some(Duration::from_mins(1)),
            retention: Duration::from_hours(1),
        }
    }
}

impl LagPolicy {
    pub(crate) fn validate(&self) -> Result<(), PolicyError> {
        let positive = [
            ("the warning limit", self.warning),
            ("the critical limit", self.critical),
            ("the time to stalled", self.stalled),
            ("the silence", self.silence),
            ("the retention", self.retention),
            (
                "the time that a prediction covers",
                self.prediction.unwrap_or(MOST),
            ),
        ];
        let may_be_none = [
            ("the pending time", self.pending),
            ("the time to resolve", self.resolve_after),
            ("the cooldown", self.cooldown),
        ];
        let wrong = |(_, time): &&(&'static str, Duration)| time.is_zero() || *time > MOST;
        let long = |(_, time): &&(&'static str, Duration)| *time > MOST;
        let found = positive.iter().find(wrong);
        if let Some((what, given)) = found.or_else(|| may_be_none.iter().find(long)) {
            return Err(PolicyError::Time {
                what,
                given: *given,
            });
        }
        if self.warning >= self.critical {
            return Err(PolicyError::Order {
                warning: self.warning,
                critical: self.critical,
            });
        }
        if !(0.0..=0.9).contains(&self.hysteresis) {
            return Err(PolicyError::Hysteresis(self.hysteresis));
        }
        Ok(())
    }

    pub(crate) fn limits(&self) -> Limits {
        let lowered = |limit: Duration| nanoseconds(limit.mul_f64(1.0 - self.hysteresis));
        Limits {
            critical: self.critical,
            rises: [self.warning, self.critical].map(nanoseconds),
            falls: [self.warning, self.critical].map(lowered),
            stalled: nanoseconds(self.stalled),
            silence: nanoseconds(self.silence),
        }
    }
}

/// What the judge needs of a policy, worked out once. Times are in nanoseconds but the first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) critical: Duration,
    /// Where warning and critical begin, and where they end.
    rises: [u64; 2],
    falls: [u64; 2],
    pub(crate) stalled: u64,
    pub(crate) silence: u64,
}

impl Limits {
    /// The level that a lag reaches.
    pub(crate) fn reached(&self, lag: u64) -> Level {
        level(lag, self.rises)
    }

    /// The level that a lag still keeps up.
    pub(crate) fn kept(&self, lag: u64) -> Level {
        level(lag, self.falls)
    }
}

fn level(lag: u64, [warning, critical]: [u64; 2]) -> Level {
    if lag >= critical {
        Level::Critical
    } else if lag >= warning {
        Level::Warning
    } else {
        Level::Normal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_sense_is_refused() {
        let refused = |change: fn(&mut LagPolicy)| {
            let mut policy = LagPolicy::default();
            change(&mut policy);
            policy.validate().unwrap_err().to_string()
        };
        for (error, word) in [
            (refused(|it| it.warning = Duration::ZERO), "warning limit"),
            (refused(|it| it.critical = Duration::MAX), "critical limit"),
            (
                refused(|it| it.warning = it.critical),
                "not below the critical",
            ),
            (refused(|it| it.hysteresis = f64::NAN), "hysteresis"),
            (refused(|it| it.hysteresis = 1.0), "hysteresis"),
            (refused(|it| it.stalled = Duration::ZERO), "stalled"),
            (refused(|it| it.silence = Duration::ZERO), "silence"),
            (refused(|it| it.retention = Duration::ZERO), "retention"),
            (
                refused(|it| it.prediction = Some(Duration::ZERO)),
                "prediction",
            ),
            (refused(|it| it.cooldown = Duration::MAX), "cooldown"),
        ] {
            assert!(error.contains(word), "{error}");
        }
        assert_eq!(LagPolicy::default().validate(), Ok(()));
    }

    #[test]
    fn a_level_is_reached_at_its_limit_and_left_below_it() {
        use Level::{Critical, Normal, Warning};
        let limits = LagPolicy::default().limits();
        for (millis, reached, kept) in [
            (0, Normal, Normal),
            (4_499, Normal, Normal),
            (4_500, Normal, Warning),
            (5_000, Warning, Warning),
            (26_999, Warning, Warning),
            (27_000, Warning, Critical),
            (30_000, Critical, Critical),
        ] {
            let lag = millis * 1_000_000;
            assert_eq!((limits.reached(lag), limits.kept(lag)), (reached, kept));
        }
    }
}
