//! Whether what is pending falls: a fold over samples, with the time that passed
//! between them. Pure: it is told the time, and gives no verdict.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::convergence::Pending;
use crate::limits::figure;

/// The most samples that a rate is taken from.
const MOST_SAMPLES: usize = 32;

/// Where the fold draws its lines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lines {
    /// At most so many pending are settled.
    pub(super) settled: u64,
    /// No progress for so long is a stall; samples further apart show no trend.
    pub(super) stall: Duration,
    /// What falls is in time if it is settled within this at its rate.
    pub(super) within: Duration,
}

/// How what is pending develops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trend {
    /// As few are pending as may be.
    Settled,
    /// It was settled a moment ago: too early to tell.
    Fresh,
    /// It falls, and fast enough.
    Converging,
    /// It does not fall fast enough, or it is not known to.
    Slow,
    /// It does not get on at all.
    Stalled,
}

impl Trend {
    /// The word for it in the details.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Settled => "converged",
            Self::Fresh => "behind since a moment ago",
            Self::Converging => "converging",
            Self::Slow => "slow",
            Self::Stalled => "stalled",
        }
    }
}

/// The samples since it was last settled.
#[derive(Debug, Default)]
pub(super) struct Samples {
    points: VecDeque<(Instant, u64)>,
    /// When it was last seen settled, if these samples began with that.
    settled_at: Option<Instant>,
    lowest: u64,
    applied: Option<u64>,
    progress_at: Option<Instant>,
}

/// What the samples show.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shown {
    pub(super) trend: Trend,
    /// By how many a second it rises; `None` before there are two samples.
    pub(super) per_second: Option<f64>,
    /// When it will be settled at this rate.
    pub(super) settled_in: Option<Duration>,
    pub(super) without_progress: Duration,
}

impl Samples {
    /// Takes one more sample at `now`.
    pub(super) fn observe(&mut self, pending: Pending, lines: Lines, now: Instant) -> Shown {
        let since = |then: Instant| now.saturating_duration_since(then);
        if self
            .points
            .back()
            .is_some_and(|(last, _)| since(*last) > lines.stall)
        {
            *self = Self::default();
        }
        if pending.operations <= lines.settled {
            *self = Self {
                settled_at: Some(now),
                ..Self::default()
            };
        }
        let progress = self.progress_at.is_none()
            || pending.operations < self.lowest
            || pending
                .applied
                .zip(self.applied)
                .is_some_and(|(new, old)| new > old);
        if progress {
            self.progress_at = Some(now);
        }
        self.lowest = if self.points.is_empty() {
            pending.operations
        } else {
            self.lowest.min(pending.operations)
        };
        self.applied = pending.applied;
        self.points.push_back((now, pending.operations));
        if self.points.len() > MOST_SAMPLES {
            self.points.pop_front();
        }

        let per_second = slope(&self.points);
        let over = figure(pending.operations.saturating_sub(lines.settled));
        let settled_in = per_second
            .filter(|rate| *rate < 0.0)
            .and_then(|rate| Duration::try_from_secs_f64(over / -rate).ok());
        let without_progress = self.progress_at.map(since).unwrap_or_default();
        let trend = if pending.operations <= lines.settled {
            Trend::Settled
        } else if without_progress >= lines.stall {
            Trend::Stalled
        } else if settled_in.is_some_and(|span| span <= lines.within) {
            Trend::Converging
        } else if self
            .settled_at
            .is_some_and(|settled| since(settled) < lines.stall)
        {
            Trend::Fresh
        } else {
            Trend::Slow
        };
        Shown {
            trend,
            per_second,
            settled_in,
            without_progress,
        }
    }
}

/// The slope of the least squares, by second; `None` if no time passed.
fn slope(samples: &VecDeque<(Instant, u64)>) -> Option<f64> {
    let (first, _) = samples.front()?;
    let count = figure(samples.len() as u64);
    let points = samples.iter().map(|(at, pending)| {
        (
            at.saturating_duration_since(*first).as_secs_f64(),
            figure(*pending),
        )
    });
    let (x, y) = points
        .clone()
        .fold((0.0, 0.0), |sum, (x, y)| (sum.0 + x, sum.1 + y));
    let (x_mean, y_mean) = (x / count, y / count);
    let (covariance, variance) = points.fold((0.0, 0.0), |sum, (x, y)| {
        let off = x - x_mean;
        (sum.0 + off * (y - y_mean), sum.1 + off * off)
    });
    (variance > 0.0).then(|| covariance / variance)
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "an instant to count from is read once"
)]
mod tests {
    use super::*;

    const LINES: Lines = Lines {
        settled: 0,
        stall: Duration::from_mins(1),
        within: Duration::from_mins(5),
    };

    /// What each sample shows; a sample is the second, what is pending, what was applied.
    fn trends(samples: &[(u64, u64, Option<u64>)], lines: Lines) -> Vec<Trend> {
        let (mut folded, start) = (Samples::default(), Instant::now());
        samples
            .iter()
            .map(|(at, operations, applied)| {
                let mut pending = Pending::new(*operations);
                pending.applied = *applied;
                let now = start + Duration::from_secs(*at);
                folded.observe(pending, lines, now).trend
            })
            .collect()
    }

    #[test]
    fn samples_show_a_trend() {
        use Trend::{Converging, Fresh, Settled, Slow, Stalled};
        type Sample = (u64, u64, Option<u64>, Trend);
        let tables: [(&str, &[Sample]); 10] = [
            ("settled", &[(0, 0, None, Settled), (15, 0, None, Settled)]),
            ("one sample shows nothing", &[(0, 5, None, Slow)]),
            (
                "falls",
                &[
                    (0, 100, None, Slow),
                    (15, 90, None, Converging),
                    (30, 80, None, Converging),
                ],
            ),
            (
                "falls, too slowly",
                &[
                    (0, 1000, None, Slow),
                    (15, 999, None, Slow),
                    (30, 998, None, Slow),
                ],
            ),
            (
                "new work on a settled one",
                &[
                    (0, 0, None, Settled),
                    (15, 50, None, Fresh),
                    (30, 60, None, Fresh),
                    (45, 5, None, Fresh),
                    (59, 0, None, Settled),
                ],
            ),
            (
                "new work that stays",
                &[
                    (0, 0, None, Settled),
                    (30, 50, None, Fresh),
                    (59, 50, None, Fresh),
                    (60, 50, None, Stalled),
                    (75, 50, None, Stalled),
                    (90, 0, None, Settled),
                ],
            ),
            (
                "stands",
                &[
                    (0, 10, None, Slow),
                    (30, 10, None, Slow),
                    (60, 10, None, Stalled),
                    (75, 12, None, Stalled),
                    (90, 9, None, Slow),
                ],
            ),
            (
                "stands, but much is applied",
                &[
                    (0, 10, Some(100), Slow),
                    (30, 10, Some(200), Slow),
                    (60, 10, Some(300), Slow),
                    (90, 10, Some(300), Slow),
                    (120, 10, Some(300), Stalled),
                ],
            ),
            (
                "a gap ends the trend",
                &[
                    (0, 10, None, Slow),
                    (61, 10, None, Slow),
                    (200, 10, None, Slow),
                ],
            ),
            (
                "huge, and no time between",
                &[
                    (0, u64::MAX, None, Slow),
                    (0, u64::MAX - 1, None, Slow),
                    (0, 0, None, Settled),
                ],
            ),
        ];
        for (name, table) in tables {
            let samples: Vec<_> = table.iter().map(|(at, p, a, _)| (*at, *p, *a)).collect();
            let expected: Vec<_> = table.iter().map(|(.., trend)| *trend).collect();
            assert_eq!(trends(&samples, LINES), expected, "{name}");
        }
        let some = Lines {
            settled: 10,
            ..LINES
        };
        assert_eq!(
            trends(&[(0, 10, None), (15, 11, None)], some),
            [Settled, Fresh],
            "as few as may be"
        );
    }

    #[test]
    fn the_rate_is_by_second_whatever_the_gaps() {
        let (mut folded, start) = (Samples::default(), Instant::now());
        let mut shown = None;
        for at in [0, 1, 5, 20, 21, 50] {
            let now = start + Duration::from_secs(at);
            shown = Some(folded.observe(Pending::new(200 - 2 * at), LINES, now));
        }
        let shown = shown.unwrap();
        assert!((shown.per_second.unwrap() + 2.0).abs() < 1e-9, "{shown:?}");
        assert_eq!(shown.settled_in.unwrap().as_millis(), 50_000);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut folded, start) = (Samples::default(), Instant::now());
        for at in 0..10_000 {
            let now = start + Duration::from_secs(at);
            folded.observe(Pending::new(1 + at), LINES, now);
        }
        assert_eq!(folded.points.len(), MOST_SAMPLES);
    }
}
