//! Durations as people write them on a command line: `200ms`, `2s`, `0.5`.
//!
//! Whether a duration makes sense for a flag is for that flag to say.

use std::time::Duration;

use thiserror::Error;

/// Why a text is no duration.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum DurationError {
    /// It is not a number and a unit.
    #[error("{0:?} is no duration; write 200ms, 2s, 1m, 1h or plain seconds")]
    Syntax(String),
    /// It is longer than a `Duration` can be.
    #[error("{0:?} is too long a duration")]
    Overflow(String),
}

/// The units by their suffix, in seconds; `ms` first, as `s` is its end.
const UNITS: [(&str, f64); 4] = [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];

/// Reads one number, which may have a fraction, with one of the units `ms`, `s`, `m`, `h`, or
/// with none for seconds.
///
/// ```
/// use std::time::Duration;
/// use health_examples::duration::parse;
///
/// assert_eq!(parse("200ms"), Ok(Duration::from_millis(200)));
/// assert_eq!(parse("0.5"), Ok(Duration::from_millis(500)));
/// assert!(parse("-1s").is_err());
/// ```
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let (number, unit) = UNITS
        .iter()
        .find_map(|(suffix, unit)| Some((text.strip_suffix(suffix)?, *unit)))
        .unwrap_or((text, 1.0));
    let seconds = decimal(number).ok_or_else(|| DurationError::Syntax(text.to_owned()))? * unit;
    Duration::try_from_secs_f64(seconds).map_err(|_| DurationError::Overflow(text.to_owned()))
}

/// A duration as [`parse`] takes it, in the largest unit that leaves no fraction.
pub fn text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match (duration.subsec_nanos(), seconds) {
        (0, 0) => "0".to_owned(),
        (0, _) if seconds.is_multiple_of(3600) => format!("{}h", seconds / 3600),
        (0, _) if seconds.is_multiple_of(60) => format!("{}m", seconds / 60),
        (0, _) => format!("{seconds}s"),
        (nanos, _) if nanos.is_multiple_of(1_000_000) => format!("{}ms", duration.as_millis()),
        _ => duration.as_secs_f64().to_string(),
    }
}

/// Digits with at most one point between them; no sign, exponent or `inf`, which floats may have.
fn decimal(text: &str) -> Option<f64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (digits(whole) && digits(fraction))
        .then(|| text.parse().ok())
        .flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_ones() {
        for (text, millis) in [
            ("200ms", 200),
            ("2s", 2000),
            ("2", 2000),
            ("1m", 60_000),
            ("1h", 3_600_000),
            ("0.5", 500),
            ("0.5s", 500),
            ("1.25m", 75_000),
            ("0", 0),
            ("0ms", 0),
            ("007s", 7000),
            ("0.001", 1),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        assert_eq!(parse("0.1ms"), Ok(Duration::from_micros(100)));
    }

    #[test]
    fn what_is_written_is_read_again() {
        for expected in [
            "0", "1ms", "1500ms", "0.0001", "1s", "90s", "2m", "24h", "87600h",
        ] {
            assert_eq!(text(parse(expected).unwrap()), expected);
        }
    }

    #[test]
    fn bad_ones() {
        for text in [
            "", " ", "s", "ms", ".", ".5", "5.", "-1", "-1s", "+1", "1e3", "nan", "NaN", "inf",
            "infinity", "1 s", " 1", "1s ", "1S", "1d", "1us", "1m30s", "1..2", "1.2.3", "1,5",
            "0x10", "١s", "1\0",
        ] {
            let error = DurationError::Syntax(text.to_owned());
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
        for text in ["99999999999999999999", "9999999999999999999h"] {
            let error = DurationError::Overflow(text.to_owned());
            assert_eq!(parse(text), Err(error), "{text:?}");
        }
        let endless = "9".repeat(400);
        assert_eq!(
            parse(&endless),
            Err(DurationError::Overflow(endless.clone()))
        );
    }
}
