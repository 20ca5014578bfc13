//! Times as they are written: RFC 3339, whole nanoseconds, `24h0m0s`.
//!
//! Reads no clock. A wall clock that was stepped outside of what RFC 3339 can
//! write (before 1970 counts as that) is clamped, so that rendering cannot fail.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::{Serialize, Serializer};

/// 9999-12-31T23:59:59Z, the last second of RFC 3339 (section 1: years up to 9999).
const LAST: Duration = Duration::from_secs(253_402_300_799);

/// A wall time, written as RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timestamp(pub(crate) SystemTime);

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self
            .0
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        let time = SystemTime::UNIX_EPOCH + since.min(LAST);
        humantime::format_rfc3339_millis(time).fmt(f)
    }
}

#[cfg(feature = "ui")]
/// Milliseconds since 1970; a time before it reads as 1970.
pub(crate) fn unix_millis(time: SystemTime) -> u64 {
    let since = time
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Writes timestamps as JSON strings, many of which fall into the same second.
#[derive(Debug, Default)]
pub(crate) struct TimestampWriter {
    second: Option<u64>,
    /// `"2023-11-14T22:13:20`
    text: String,
}

impl TimestampWriter {
    pub(crate) fn push(&mut self, out: &mut Vec<u8>, time: SystemTime) {
        let since = time
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .min(LAST);
        if self.second != Some(since.as_secs()) {
            self.second = Some(since.as_secs());
            self.text = format!("\"{}", Timestamp(time));
            self.text.truncate("\"2023-11-14T22:13:20".len());
        }
        out.extend_from_slice(self.text.as_bytes());
        let millis = since.subsec_millis();
        let digit = |n: u32| {
            b"0123456789"
                .get((n % 10) as usize)
                .copied()
                .unwrap_or(b'0')
        };
        out.extend_from_slice(&[
            b'.',
            digit(millis / 100),
            digit(millis / 10),
            digit(millis),
            b'Z',
            b'"',
        ]);
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A duration as a whole number of nanoseconds, at most 2^63 - 1 (292 years),
/// which every JSON reader with 64-bit integers can hold.
pub(crate) fn nanos(duration: Duration) -> i64 {
    i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX)
}

/// An uptime in whole seconds, written `24h0m0s`, `1m5s`, `7s`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Uptime(pub(crate) u64);

impl fmt::Display for Uptime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hours, minutes, seconds) = (self.0 / 3600, self.0 / 60 % 60, self.0 % 60);
        match (hours, minutes) {
            (0, 0) => write!(f, "{seconds}s"),
            (0, _) => write!(f, "{minutes}m{seconds}s"),
            _ => write!(f, "{hours}h{minutes}m{seconds}s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uptimes() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m0s"),
            (3599, "59m59s"),
            (3600, "1h0m0s"),
            (86_400, "24h0m0s"),
            (90_061, "25h1m1s"),
        ] {
            assert_eq!(Uptime(seconds).to_string(), text);
        }
    }

    #[test]
    fn any_wall_time_can_be_written() {
        let epoch = SystemTime::UNIX_EPOCH;
        for (time, text) in [
            (epoch, "1970-01-01T00:00:00.000Z"),
            (epoch - Duration::from_secs(1), "1970-01-01T00:00:00.000Z"),
            (
                epoch + Duration::from_millis(1_700_000_000_123),
                "2023-11-14T22:13:20.123Z",
            ),
            (
                epoch + Duration::from_secs(1 << 40),
                "9999-12-31T23:59:59.000Z",
            ),
        ] {
            assert_eq!(Timestamp(time).to_string(), text);
            let mut out = Vec::new();
            let mut writer = TimestampWriter::default();
            writer.push(&mut out, time);
            writer.push(&mut out, time);
            assert_eq!(
                String::from_utf8(out).unwrap(),
                format!("\"{text}\"\"{text}\"")
            );
        }
    }

    #[test]
    fn nanoseconds_saturate() {
        assert_eq!(nanos(Duration::from_millis(5)), 5_000_000);
        assert_eq!(nanos(Duration::MAX), i64::MAX);
    }
}
