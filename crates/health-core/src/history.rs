//! The bounded ring of a check's past runs, and the figures drawn from it.
//!
//! Success counts and score are kept up to date on each push; quantiles are
//! worked out when somebody asks.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use crate::moment::nanos;
use crate::status::{Cause, Status};
use crate::tallies::SCORE_ONE;

/// One past run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryEntry {
    /// When it ended.
    pub at: SystemTime,
    /// How long it took.
    pub latency: Duration,
    /// What it said, before thresholds.
    pub status: Status,
    /// Why.
    pub cause: Cause,
}

/// The runs that are remembered, oldest first.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct History {
    /// The entries, oldest first.
    pub entries: Vec<HistoryEntry>,
    /// How many older ones were dropped to keep the bound.
    pub dropped: u64,
    /// What all runs amount to, those that were dropped too.
    pub totals: Totals,
}

/// What the runs of a check amount to since it was registered. Each run is in one of the counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Totals {
    /// Said healthy.
    pub healthy: u64,
    /// Said degraded.
    pub degraded: u64,
    /// Said unhealthy.
    pub unhealthy: u64,
    /// Gave no result in time.
    pub timeouts: u64,
    /// Panicked.
    pub panics: u64,
    /// How long all of them took.
    pub latency: Duration,
}

impl Totals {
    /// How many runs there were.
    pub fn runs(&self) -> u64 {
        self.healthy + self.degraded + self.unhealthy + self.timeouts + self.panics
    }

    fn count(&mut self, latency: Duration, status: Status, cause: Cause) {
        *match (cause, status) {
            (Cause::Timeout, _) => &mut self.timeouts,
            (Cause::Panic, _) => &mut self.panics,
            (_, Status::Healthy) => &mut self.healthy,
            (_, Status::Degraded) => &mut self.degraded,
            (_, Status::Unhealthy) => &mut self.unhealthy,
        } += 1;
        self.latency = self.latency.saturating_add(latency);
    }
}

impl History {
    /// The share of runs that were healthy, in 0..=1; `None` before the first.
    #[allow(clippy::cast_precision_loss, reason = "a ratio for display")]
    pub fn success_rate(&self) -> Option<f64> {
        let healthy = self
            .entries
            .iter()
            .filter(|e| e.status == Status::Healthy)
            .count();
        (!self.entries.is_empty()).then(|| healthy as f64 / self.entries.len() as f64)
    }

    /// The latency that a share `q` (0..=1) of the runs did not exceed: the
    /// nearest-rank quantile, always one of the recorded values.
    /// `None` before the first run, or if `q` is out of range or NaN.
    pub fn latency_quantile(&self, q: f64) -> Option<Duration> {
        let [quantile] = self.latency_quantiles([q]);
        quantile
    }

    /// Several [quantiles](Self::latency_quantile) for the price of one.
    pub fn latency_quantiles<const N: usize>(&self, q: [f64; N]) -> [Option<Duration>; N] {
        let mut latencies: Vec<_> = self.entries.iter().map(|entry| entry.latency).collect();
        nearest_ranks(&mut latencies, q)
    }
}

/// What a share of the values does not exceed, for each share; the values are sorted for it.
#[allow(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the rank of a bounded ring, and q is checked to be in 0..=1"
)]
fn nearest_ranks<T: Copy + Ord, const N: usize>(values: &mut [T], q: [f64; N]) -> [Option<T>; N] {
    values.sort_unstable();
    q.map(|q| {
        let rank = (q * values.len() as f64).ceil() as usize;
        (0.0..=1.0)
            .contains(&q)
            .then(|| values.get(rank.saturating_sub(1)).copied())?
    })
}

/// A run in 24 bytes: there may be a hundred of them for each of 10,000 checks.
#[derive(Clone, Copy, Debug)]
struct Packed {
    /// Nanoseconds since 1970; a wall clock before it reads as 1970.
    at: u64,
    latency: u64,
    status: Status,
    cause: Cause,
}

impl Packed {
    fn unpack(self) -> HistoryEntry {
        HistoryEntry {
            at: SystemTime::UNIX_EPOCH + Duration::from_nanos(self.at),
            latency: Duration::from_nanos(self.latency),
            status: self.status,
            cause: self.cause,
        }
    }
}

/// The ring itself; grows to its bound as runs come in.
#[derive(Debug)]
pub(crate) struct Ring {
    entries: VecDeque<Packed>,
    bound: usize,
    dropped: u64,
    points: u64,
    totals: Totals,
}

/// Half points, so that degraded is worth half a success.
fn points(status: Status) -> u64 {
    match status {
        Status::Healthy => 2,
        Status::Degraded => 1,
        Status::Unhealthy => 0,
    }
}

impl Ring {
    pub(crate) fn new(bound: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            bound: bound.max(1),
            dropped: 0,
            points: 0,
            totals: Totals::default(),
        }
    }

    pub(crate) fn push(&mut self, at: SystemTime, latency: Duration, status: Status, cause: Cause) {
        if self.entries.len() >= self.bound {
            self.dropped += 1;
            self.points -= self.entries.pop_front().map_or(0, |old| points(old.status));
        } else if self.entries.len() == self.entries.capacity() {
            // Doubling would overshoot the bound by up to its own size.
            let more = self
                .entries
                .len()
                .max(4)
                .min(self.bound - self.entries.len());
            self.entries.reserve_exact(more);
        }
        self.points += points(status);
        self.totals.count(latency, status, cause);
        let since_epoch = at.duration_since(SystemTime::UNIX_EPOCH);
        self.entries.push_back(Packed {
            at: nanos(since_epoch.unwrap_or_default()),
            latency: nanos(latency),
            status,
            cause,
        });
    }

    /// Healthy runs count 1, degraded ones ½, as fixed point; 0 before the first run.
    pub(crate) fn score(&self) -> u64 {
        match self.entries.len() as u64 {
            0 => 0,
            runs => self.points * SCORE_ONE / (2 * runs),
        }
    }

    /// What all runs amount to, and quantiles of the remembered latencies.
    pub(crate) fn figures<const N: usize>(&self, q: [f64; N]) -> (Totals, [Option<Duration>; N]) {
        let mut latencies: Vec<_> = self.entries.iter().map(|entry| entry.latency).collect();
        let quantiles = nearest_ranks(&mut latencies, q);
        (
            self.totals,
            quantiles.map(|it| it.map(Duration::from_nanos)),
        )
    }

    pub(crate) fn snapshot(&self) -> History {
        History {
            entries: self.entries.iter().map(|entry| entry.unpack()).collect(),
            dropped: self.dropped,
            totals: self.totals,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(bound: usize, statuses: &[Status]) -> Ring {
        let mut ring = Ring::new(bound);
        for (i, status) in statuses.iter().enumerate() {
            ring.push(
                SystemTime::UNIX_EPOCH,
                Duration::from_millis(i as u64),
                *status,
                Cause::Reported,
            );
        }
        ring
    }

    #[test]
    fn each_run_is_counted_once() {
        let mut ring = ring(2, &[Status::Healthy, Status::Degraded, Status::Unhealthy]);
        let second = Duration::from_secs(1);
        ring.push(
            SystemTime::UNIX_EPOCH,
            second,
            Status::Unhealthy,
            Cause::Timeout,
        );
        ring.push(
            SystemTime::UNIX_EPOCH,
            second,
            Status::Unhealthy,
            Cause::Panic,
        );
        let totals = ring.snapshot().totals;
        let counts = [
            totals.healthy,
            totals.degraded,
            totals.unhealthy,
            totals.timeouts,
            totals.panics,
        ];
        assert_eq!((counts, totals.runs()), ([1; 5], 5));
        assert_eq!(totals.latency, Duration::from_millis(2_003));
    }

    #[test]
    fn figures_are_those_of_the_snapshot() {
        for runs in [0, 1, 2, 7, 150] {
            let ring = ring(100, &vec![Status::Healthy; runs]);
            let q = [0.0, 0.5, 0.99, 1.0, 1.5, f64::NAN];
            let (totals, quantiles) = ring.figures(q);
            assert_eq!(totals, ring.snapshot().totals);
            assert_eq!(quantiles, ring.snapshot().latency_quantiles(q), "{runs}");
        }
    }

    #[test]
    fn bounded_and_counted() {
        use Status::{Degraded as D, Healthy as H, Unhealthy as U};
        let full = ring(3, &[U, U, H, D, H]);
        let history = full.snapshot();
        assert_eq!((history.entries.len(), history.dropped), (3, 2));
        assert_eq!(full.score(), SCORE_ONE * 5 / 6);
        assert_eq!(history.success_rate(), Some(2.0 / 3.0));
        assert_eq!(ring(3, &[]).score(), 0, "no evidence is no score");
        assert_eq!(ring(1, &[U, H]).score(), SCORE_ONE);
        assert!(ring(100, &[H; 500]).entries.capacity() <= 128);
    }

    #[test]
    fn quantiles_are_nearest_rank() {
        let history = ring(100, &[Status::Healthy; 100]).snapshot();
        for (q, expected) in [
            (0.0, Some(0)),
            (0.5, Some(49)),
            (0.99, Some(98)),
            (1.0, Some(99)),
            (1.1, None),
            (f64::NAN, None),
        ] {
            assert_eq!(
                history.latency_quantile(q),
                expected.map(Duration::from_millis),
                "{q}"
            );
        }
        assert_eq!(ring(3, &[]).snapshot().latency_quantile(0.5), None);
    }
}
