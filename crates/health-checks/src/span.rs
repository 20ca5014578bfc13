//! Lengths of time as people and as programs read them. Nothing is measured here.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use crate::invalid::InvalidCheck;

/// The shortest and the longest of the lengths that an author may set, where nothing else binds
/// them: what a clock tells apart, and a century.
pub(crate) const SHORTEST: Duration = Duration::from_nanos(1);
pub(crate) const LONGEST: Duration = Duration::from_hours(100 * 365 * 24);

/// For people: `2.5 s`, `350 ms`, `0.12 ms`.
pub(crate) struct Span(pub(crate) Duration);

impl Span {
    /// So many milliseconds; what is none is as long as can be.
    pub(crate) fn of_ms(ms: f64) -> Self {
        Self(Duration::try_from_secs_f64(ms / 1e3).unwrap_or(Duration::MAX))
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = millis(self.0);
        if self.0 > LONGEST {
            f.write_str("more than a century")
        } else if ms >= 1000.0 {
            write!(f, "{} s", ms.round() / 1000.0)
        } else if ms >= 1.0 {
            write!(f, "{} ms", (ms * 10.0).round() / 10.0)
        } else {
            write!(f, "{ms} ms")
        }
    }
}

/// `span`, if it is one that can be meant; `what` (`a latency`) names it.
pub(crate) fn checked(
    check: &'static str,
    what: &str,
    span: Duration,
    range: RangeInclusive<Duration>,
) -> Result<Duration, InvalidCheck> {
    if range.contains(&span) {
        return Ok(span);
    }
    let (least, most) = range.into_inner();
    let least = if least == SHORTEST {
        "more than 0".to_owned()
    } else {
        format!("at least {}", Span(least))
    };
    let most = if most == LONGEST {
        "a century".to_owned()
    } else {
        Span(most).to_string()
    };
    Err(InvalidCheck::new(
        check,
        format!(
            "{what} cannot be {}; give {least}, at most {most}",
            Span(span)
        ),
    ))
}

/// For programs: milliseconds, to the microsecond.
pub(crate) fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_mean_nothing_are_refused() {
        for (span, range, told) in [
            (SHORTEST, SHORTEST..=LONGEST, None),
            (LONGEST, SHORTEST..=LONGEST, None),
            (
                Duration::ZERO,
                SHORTEST..=LONGEST,
                Some("x: a latency cannot be 0 ms; give more than 0, at most a century"),
            ),
            (
                Duration::MAX,
                Duration::ZERO..=Duration::from_mins(1),
                Some(
                    "x: a latency cannot be more than a century; give at least 0 ms, at most 60 s",
                ),
            ),
        ] {
            let checked = checked("x", "a latency", span, range);
            let refused = checked.err().map(|refused| refused.to_string());
            assert_eq!(refused.as_deref(), told);
        }
    }

    #[test]
    fn as_people_read_them() {
        for (nanos, shown) in [
            (0, "0 ms"),
            (120_400, "0.12 ms"),
            (999_999, "1 ms"),
            (1_260_000, "1.3 ms"),
            (350_000_000, "350 ms"),
            (999_999_900, "1 s"),
            (2_500_000_000, "2.5 s"),
            (10_000_000_000, "10 s"),
            (u64::MAX, "more than a century"),
        ] {
            assert_eq!(Span(Duration::from_nanos(nanos)).to_string(), shown);
        }
        for (ms, shown) in [
            (0.0, "0 ms"),
            (99.94, "99.9 ms"),
            (7_200_000.0, "7200 s"),
            (f64::MAX, "more than a century"),
            (f64::NAN, "more than a century"),
        ] {
            assert_eq!(Span::of_ms(ms).to_string(), shown);
        }
    }
}
