//! What the lag of a follower was: a bounded ring of spans, each with its least, most and last.
//!
//! It judges and forecasts nothing.

use std::time::Duration;

use serde::Serialize;

use crate::lag::seconds;

/// A history covers its retention in so many spans.
pub(crate) const SPANS: usize = 60;

/// The lag over one span of time.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct HistorySpan {
    /// Its beginning, since the monitor's origin.
    #[serde(serialize_with = "seconds", rename = "from_seconds")]
    pub from: Duration,
    /// Its length.
    #[serde(serialize_with = "seconds", rename = "length_seconds")]
    pub length: Duration,
    /// The least lag in it, to a ten-millionth.
    #[serde(serialize_with = "seconds", rename = "min_lag_seconds")]
    pub min: Duration,
    /// The most.
    #[serde(serialize_with = "seconds", rename = "max_lag_seconds")]
    pub max: Duration,
    /// The last.
    #[serde(serialize_with = "seconds", rename = "last_lag_seconds")]
    pub last: Duration,
}

/// A third of the room that a duration takes, and as exact as anybody looks at it.
#[derive(Clone, Copy, Debug)]
struct Span {
    min: f32,
    max: f32,
    last: f32,
}

/// No sample fell into it.
const EMPTY: Span = Span {
    min: f32::INFINITY,
    max: f32::NEG_INFINITY,
    last: 0.0,
};

#[derive(Clone, Debug)]
pub(crate) struct History {
    spans: [Span; SPANS],
    length: u64,
    /// The number of the newest span, by its time; and when it ends.
    newest: u64,
    ends: u64,
}

impl History {
    pub(crate) fn new(retention: Duration) -> Self {
        let spans = u64::try_from(SPANS).unwrap_or(1);
        Self {
            spans: [EMPTY; SPANS],
            length: (nanoseconds(retention) / spans).max(1),
            newest: 0,
            ends: 0,
        }
    }

    /// Takes the lag at a time not before the last.
    pub(crate) fn observe(&mut self, at: u64, lag: Duration) {
        if at >= self.ends {
            self.begin(at);
        }
        #[expect(clippy::cast_possible_truncation, reason = "it may round")]
        let lag = lag.as_secs_f64() as f32;
        if let Some(span) = self.span_mut(self.newest) {
            span.min = span.min.min(lag);
            span.max = span.max.max(lag);
            span.last = lag;
        }
    }

    fn begin(&mut self, at: u64) {
        let number = at / self.length;
        let spans = u64::try_from(SPANS).unwrap_or(1);
        let passed = if self.ends == 0 {
            spans
        } else {
            number - self.newest
        };
        for back in 0..passed.min(spans) {
            if let Some(span) = self.span_mut(number.wrapping_sub(back)) {
                *span = EMPTY;
            }
        }
        self.newest = number;
        self.ends = number.saturating_add(1).saturating_mul(self.length);
    }

    fn span_mut(&mut self, number: u64) -> Option<&mut Span> {
        self.spans.get_mut(place(number))
    }

    /// The spans that have samples, the oldest first.
    pub(crate) fn spans(&self) -> Vec<HistorySpan> {
        if self.ends == 0 {
            return Vec::new();
        }
        let spans = u64::try_from(SPANS).unwrap_or(1);
        let oldest = self.newest.saturating_add(1).saturating_sub(spans);
        let kept = (oldest..=self.newest).filter_map(|number| {
            let span = self.spans.get(place(number))?;
            let seconds = |time| Duration::try_from_secs_f32(time).unwrap_or_default();
            (span.min <= span.max).then(|| HistorySpan {
                from: Duration::from_nanos(number.saturating_mul(self.length)),
                length: Duration::from_nanos(self.length),
                min: seconds(span.min),
                max: seconds(span.max),
                last: seconds(span.last),
            })
        });
        kept.collect()
    }
}

fn place(number: u64) -> usize {
    let spans = u64::try_from(SPANS).unwrap_or(1);
    usize::try_from(number % spans).unwrap_or_default()
}

/// A time as whole nanoseconds; 584 years are the most.
pub(crate) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn history(lags: impl IntoIterator<Item = (u64, u64)>) -> Vec<HistorySpan> {
        let mut history = History::new(Duration::from_hours(1));
        for (at, lag) in lags {
            history.observe(at * SECOND, Duration::from_secs(lag));
        }
        history.spans()
    }

    #[test]
    fn a_span_has_its_least_most_and_last() {
        assert_eq!(history([]), []);
        let spans = history([(0, 3), (10, 9), (59, 4), (130, 1)]);
        let minute = Duration::from_mins(1);
        let secs = Duration::from_secs;
        let span = |from, min, max, last| HistorySpan {
            from: secs(from),
            length: minute,
            min: secs(min),
            max: secs(max),
            last: secs(last),
        };
        assert_eq!(spans, [span(0, 3, 9, 4), span(120, 1, 1, 1)]);
    }

    #[test]
    fn it_covers_its_retention_and_no_more() {
        let spans = history((0..100_000).step_by(7).map(|at| (at, at)));
        assert_eq!(spans.len(), SPANS);
        assert!(spans.windows(2).all(|two| two[0].from < two[1].from));
        let newest = spans.last().unwrap();
        assert!(newest.from <= Duration::from_secs(99_995));
        assert_eq!(spans[0].from + Duration::from_secs(59 * 60), newest.from);
    }

    #[test]
    fn after_a_long_silence_nothing_old_is_left() {
        let spans = history((0..3_600).map(|at| (at, 1)).chain([(1 << 33, 2)]));
        assert_eq!(spans.len(), 1);
    }

    #[test]
    fn times_as_large_as_they_come_do_no_harm() {
        let mut history = History::new(Duration::from_nanos(1));
        history.observe(u64::MAX - 1, Duration::MAX);
        history.observe(u64::MAX, Duration::ZERO);
        let _ = history.spans();
    }
}
