//! What the lag of a follower was: a bounded ring of spans, each with its least, most and last.
//!
//! It judges and forecasts nothing.

use std::time::Duration;

use serde::Serialize;

use crate::lag::seconds;

/// A history covers its retention in so many spans.
const SPANS: usize = 48;
const COUNT: u64 = SPANS as u64;

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

/// The span that is being filled. It stands apart, so that a sample need not touch the others.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenSpan {
    span: Span,
    /// Its number, by its time; and when it ends, 0 before the first sample.
    number: u64,
    ends: u64,
}

impl Default for OpenSpan {
    fn default() -> Self {
        Self {
            span: EMPTY,
            number: 0,
            ends: 0,
        }
    }
}

impl OpenSpan {
    /// Takes the lag at a time not before the last, both in nanoseconds.
    pub(crate) fn observe(&mut self, at: u64, lag: u64, history: &mut History) {
        if at >= self.ends {
            if self.ends != 0 {
                history.close(self);
            }
            self.number = at / history.length;
            self.ends = self.number.saturating_add(1).saturating_mul(history.length);
            self.span = EMPTY;
            history.open(self.number);
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "it may round"
        )]
        let lag = (lag as f64 * 1e-9) as f32;
        self.span.min = self.span.min.min(lag);
        self.span.max = self.span.max.max(lag);
        self.span.last = lag;
    }
}

/// The spans before the open one.
#[derive(Clone, Debug)]
pub(crate) struct History {
    spans: [Span; SPANS],
    length: u64,
    /// The number of the newest span.
    newest: Option<u64>,
}

impl History {
    pub(crate) fn new(retention: Duration) -> Self {
        Self {
            spans: [EMPTY; SPANS],
            length: (nanoseconds(retention) / COUNT).max(1),
            newest: None,
        }
    }

    fn close(&mut self, open: &OpenSpan) {
        if let Some(span) = self.spans.get_mut(place(open.number)) {
            *span = open.span;
        }
    }

    /// Makes room up to a span; what lies between it and the newest was silent.
    fn open(&mut self, number: u64) {
        let passed = self
            .newest
            .map_or(COUNT, |newest| number.saturating_sub(newest));
        for back in 0..passed.min(COUNT) {
            if let Some(span) = self.spans.get_mut(place(number.wrapping_sub(back))) {
                *span = EMPTY;
            }
        }
        self.newest = Some(number);
    }

    /// The spans that have samples, the oldest first.
    pub(crate) fn spans(&self, open: &OpenSpan) -> Vec<HistorySpan> {
        let Some(newest) = self.newest else {
            return Vec::new();
        };
        let oldest = newest.saturating_add(1).saturating_sub(COUNT);
        let kept = (oldest..=newest).filter_map(|number| {
            let closed = self.spans.get(place(number))?;
            let span = if number == newest { &open.span } else { closed };
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
    usize::try_from(number % COUNT).unwrap_or_default()
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
        let mut history = History::new(Duration::from_mins(48));
        let mut open = OpenSpan::default();
        for (at, lag) in lags {
            open.observe(at * SECOND, lag * SECOND, &mut history);
        }
        history.spans(&open)
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
        assert_eq!(spans[0].from + Duration::from_mins(47), newest.from);
    }

    #[test]
    fn after_a_long_silence_nothing_old_is_left() {
        let spans = history((0..3_600).map(|at| (at, 1)).chain([(1 << 33, 2)]));
        assert_eq!(spans.len(), 1);
    }

    #[test]
    fn times_as_large_as_they_come_do_no_harm() {
        let mut history = History::new(Duration::from_nanos(1));
        let mut open = OpenSpan::default();
        open.observe(u64::MAX - 1, u64::MAX, &mut history);
        open.observe(u64::MAX, 0, &mut history);
        let _ = history.spans(&open);
    }
}
