//! The book of forecasts: what was said, what came true, and how far from it the truth was.
//!
//! It has no opinion of its own.

use super::experts::{HORIZONS, KNOTS, Opinions, Record, small};
use super::interval::{Tails, UNSEEN};
use super::pending::{Pending, Ring};

/// A forecast is kept if so many seconds have passed since the last that was.
const EVERY: f64 = 4.0;
/// The share of hits is of about so many.
const HITS: f32 = 256.0;

/// A lag and where it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) lag: f32,
    pub(super) lower: f32,
    pub(super) upper: f32,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    records: [Record; KNOTS],
    /// Of forecasts without a trend, and of those with one: they err in other ways.
    tails: [[Tails; KNOTS]; 2],
    pending: Ring,
    hits: f32,
    judged: u64,
}

impl Book {
    /// The horizon at which a forecast so far ahead is judged: the next, or the last.
    pub(super) fn knot(ahead: f64) -> usize {
        let is_there = |horizon: &f32| f64::from(*horizon) >= ahead;
        HORIZONS.iter().position(is_there).unwrap_or(KNOTS - 1)
    }

    pub(super) fn record(&self, knot: usize) -> Record {
        self.records.get(knot).copied().unwrap_or_default()
    }

    /// What is to be said of a horizon of `ahead` seconds; no lag is above `most`, as far as a lag
    /// can grow. The interval is wider by `wider` than one of 90 %.
    pub(super) fn said(
        &self,
        (knot, ahead): (usize, f32),
        opinions: &Opinions,
        most: f32,
        wider: f32,
    ) -> Said {
        let lag = self.record(knot).combined(opinions).clamp(0.0, most);
        let kind = usize::from(opinions.trend.is_some());
        let tails = self.tails.get(kind).and_then(|tails| tails.get(knot));
        let Tails { below, above } = tails.copied().unwrap_or_default();
        if !above.is_known() || !wider.is_finite() {
            return Said {
                lag,
                lower: 0.0,
                upper: most + UNSEEN,
            };
        }
        // In between and beyond, errors are taken to grow with the horizon.
        let judged_at = HORIZONS.get(knot).copied().unwrap_or(ahead);
        let scale = wider * ahead / judged_at;
        Said {
            lag,
            lower: (lag - below.reach() * scale - UNSEEN).max(0.0),
            upper: (lag + above.reach() * scale).min(most) + UNSEEN,
        }
    }

    /// Whether it is time to keep what is said.
    pub(super) fn is_due(&self, now: f64) -> bool {
        self.pending.last_at().is_none_or(|at| now - at >= EVERY)
    }

    /// Keeps what is said at `now`, when the lag is `lag`, to judge it when it comes due.
    pub(super) fn keep(&mut self, now: f64, lag: f64, opinions: [Opinions; KNOTS]) {
        let mut kept = Pending::new(now);
        for (knot, (opinions, horizon)) in opinions.iter().zip(HORIZONS).enumerate() {
            let most = small(lag) + horizon;
            let said = self.said((knot, horizon), opinions, most, 1.0);
            kept.set(knot, opinions, said);
        }
        self.pending.push(kept);
    }

    /// Judges what has come due between two readings, each a time and a lag.
    pub(super) fn judge(&mut self, (from, from_lag): (f64, f64), (to, to_lag): (f64, f64)) {
        let horizons = HORIZONS.iter().zip(&mut self.records).enumerate();
        for (knot, (horizon, record)) in horizons {
            let horizon = f64::from(*horizon);
            while let Some(due) = self.pending.next_due(knot, horizon, to) {
                let part = ((due.at + horizon - from) / (to - from)).clamp(0.0, 1.0);
                let truth = small(from_lag + part * (to_lag - from_lag));
                let Some((opinions, said)) = due.get(knot) else {
                    continue;
                };
                record.judge(&opinions, said.lag, truth);
                let kind = usize::from(opinions.trend.is_some());
                let tails = self.tails.get_mut(kind);
                if let Some(tails) = tails.and_then(|tails| tails.get_mut(knot)) {
                    tails.above.observe(truth - said.lag, truth > said.upper);
                    tails.below.observe(said.lag - truth, truth < said.lower);
                }
                self.judged += 1;
                let is_hit = (said.lower..=said.upper).contains(&truth);
                self.hits += (f32::from(u8::from(is_hit)) - self.hits) / small_count(self.judged);
            }
        }
    }

    /// Another regime begins.
    pub(super) fn begin_anew(&mut self) {
        self.records.iter_mut().for_each(Record::begin_anew);
    }

    /// How many were judged, and the share of those that were hits.
    pub(super) fn judged(&self) -> (u64, Option<f64>) {
        let share = (self.judged > 0).then_some(f64::from(self.hits));
        (self.judged, share)
    }
}

#[expect(clippy::cast_precision_loss, reason = "a small count by then")]
fn small_count(count: u64) -> f32 {
    (count as f32).min(HITS)
}
