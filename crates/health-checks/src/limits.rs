//! Two limits on one figure: where it is degraded, and where it is unhealthy.
//!
//! Pure. What the figure is, and how it reads, is each check's business.

use std::fmt;
use std::ops::RangeInclusive;

use health_core::Status;

use crate::invalid::InvalidCheck;

/// Where a figure is degraded, and where unhealthy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Limits {
    degraded: f64,
    unhealthy: f64,
    bad: Bad,
}

/// Which end of the figure is the bad one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Bad {
    High,
    Low,
}

impl Limits {
    /// Degraded and unhealthy from these values up.
    pub(crate) const fn rising(degraded: f64, unhealthy: f64) -> Self {
        Self {
            degraded,
            unhealthy,
            bad: Bad::High,
        }
    }

    /// Degraded and unhealthy below these values.
    pub(crate) const fn falling(degraded: f64, unhealthy: f64) -> Self {
        Self {
            degraded,
            unhealthy,
            bad: Bad::Low,
        }
    }

    /// Other values, if they are within `range` and the milder one comes first.
    pub(crate) fn set(
        self,
        check: &'static str,
        degraded: f64,
        unhealthy: f64,
        range: RangeInclusive<f64>,
    ) -> Result<Self, InvalidCheck> {
        let (milder, order) = match self.bad {
            Bad::High => (degraded <= unhealthy, "degraded <= unhealthy"),
            Bad::Low => (degraded >= unhealthy, "degraded >= unhealthy"),
        };
        if milder && range.contains(&degraded) && range.contains(&unhealthy) {
            Ok(Self {
                degraded,
                unhealthy,
                ..self
            })
        } else {
            let bounds = bounds(range);
            Err(InvalidCheck::new(
                check,
                format!(
                    "cannot be degraded at {} and unhealthy at {}; give {order}, {bounds}",
                    Figure(degraded),
                    Figure(unhealthy)
                ),
            ))
        }
    }

    /// What `figure` means, and the limit that it has passed (or is the next to pass).
    /// What is no number proves nothing, and is unhealthy.
    pub(crate) fn judge(self, figure: f64) -> (Status, f64) {
        let passed = |limit: f64| match self.bad {
            Bad::High => figure >= limit,
            Bad::Low => figure < limit,
        };
        if figure.is_nan() || passed(self.unhealthy) {
            (Status::Unhealthy, self.unhealthy)
        } else if passed(self.degraded) {
            (Status::Degraded, self.degraded)
        } else {
            (Status::Healthy, self.degraded)
        }
    }
}

/// A number for a person, in a few characters whatever it is.
pub(crate) struct Figure(pub(crate) f64);

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.abs();
        if size >= 1e15 || (size < 1e-6 && size > 0.0) {
            write!(f, "{:.3e}", self.0)
        } else {
            write!(f, "{}", self.0)
        }
    }
}

/// How a range reads whose ends may be the least and the greatest of all figures.
fn bounds(range: RangeInclusive<f64>) -> String {
    let (least, most) = range.into_inner();
    match (least <= f64::MIN_POSITIVE && least > 0.0, most < f64::MAX) {
        (true, true) => format!("both over 0 and at most {}", Figure(most)),
        (true, false) => "both over 0".into(),
        (false, true) => format!("both from {} to {}", Figure(least), Figure(most)),
        (false, false) => format!("both at least {}", Figure(least)),
    }
}

/// A count as a figure.
#[expect(
    clippy::cast_precision_loss,
    reason = "a part in 10^15 decides nothing"
)]
pub(crate) fn figure(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judged_from_either_end() {
        use Status::{Degraded, Healthy, Unhealthy};
        let (rising, falling) = (Limits::rising(0.8, 0.9), Limits::falling(21.0, 3.0));
        for (limits, figure, verdict) in [
            (rising, 0.0, (Healthy, 0.8)),
            (rising, 0.799, (Healthy, 0.8)),
            (rising, 0.8, (Degraded, 0.8)),
            (rising, 0.9, (Unhealthy, 0.9)),
            (rising, f64::INFINITY, (Unhealthy, 0.9)),
            (rising, f64::NAN, (Unhealthy, 0.9)),
            (falling, 90.0, (Healthy, 21.0)),
            (falling, 21.0, (Healthy, 21.0)),
            (falling, 20.9, (Degraded, 21.0)),
            (falling, 3.0, (Degraded, 21.0)),
            (falling, 2.9, (Unhealthy, 3.0)),
            (falling, -1.0, (Unhealthy, 3.0)),
            (falling, f64::NAN, (Unhealthy, 3.0)),
        ] {
            assert_eq!(limits.judge(figure), verdict, "{figure} by {limits:?}");
        }
    }

    #[test]
    fn numbers_are_told_in_a_few_characters() {
        for (number, told) in [
            (0.0, "0"),
            (0.95, "0.95"),
            (-3.0, "-3"),
            (1e15, "1.000e15"),
            (f64::MAX, "1.798e308"),
            (f64::MIN, "-1.798e308"),
            (f64::MIN_POSITIVE, "2.225e-308"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(Figure(number).to_string(), told);
        }
        let refused = Limits::rising(0.8, 0.9).set("x", f64::MAX, f64::MIN, 0.0..=1.0);
        assert!(refused.unwrap_err().to_string().len() < 120);
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        let (rising, falling) = (Limits::rising(0.8, 0.9), Limits::falling(21.0, 3.0));
        for (limits, degraded, unhealthy, good) in [
            (rising, 0.5, 0.5, true),
            (rising, 0.0, 1.0, true),
            (rising, 0.6, 0.5, false),
            (rising, -0.1, 0.5, false),
            (rising, 0.5, 1.1, false),
            (rising, f64::NAN, 0.5, false),
            (rising, 0.5, f64::NAN, false),
            (falling, 1.0, 0.5, true),
            (falling, 0.5, 1.0, false),
        ] {
            let set = limits.set("x", degraded, unhealthy, 0.0..=1.0);
            assert_eq!(set.is_ok(), good, "{degraded} {unhealthy} by {limits:?}");
        }
        let (least, most) = (f64::MIN_POSITIVE, f64::MAX);
        for (limits, range, remedy) in [
            (rising, 0.0..=1.0, "degraded <= unhealthy, both from 0 to 1"),
            (
                rising,
                least..=1.0,
                "degraded <= unhealthy, both over 0 and at most 1",
            ),
            (rising, least..=most, "degraded <= unhealthy, both over 0"),
            (
                falling,
                2.0..=most,
                "degraded >= unhealthy, both at least 2",
            ),
        ] {
            let refused = limits.set("disk", f64::NAN, 0.5, range).unwrap_err();
            assert_eq!(
                refused.to_string(),
                format!("disk: cannot be degraded at NaN and unhealthy at 0.5; give {remedy}")
            );
        }
    }
}
