//! Lengths of time as people and as programs read them. Nothing is measured here.

use std::fmt;
use std::time::Duration;

/// For people: `2.5 s`, `350 ms`, `0.12 ms`.
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = millis(self.0);
        if ms >= 1000.0 {
            write!(f, "{} s", ms.round() / 1000.0)
        } else if ms >= 1.0 {
            write!(f, "{} ms", (ms * 10.0).round() / 10.0)
        } else {
            write!(f, "{ms} ms")
        }
    }
}

/// For programs: milliseconds, to the microsecond.
pub(crate) fn millis(span: Duration) -> f64 {
    (span.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

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
        ] {
            assert_eq!(Span(Duration::from_nanos(nanos)).to_string(), shown);
        }
    }
}
