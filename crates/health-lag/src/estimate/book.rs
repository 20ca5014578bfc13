//! The book of forecasts: what was said, what came true, and how far from it the truth was.
//!
//! It has no opinion of its own.

use std::hint::black_box;

use super::agenda::{Agenda, between};
use super::experts::{HORIZONS, KNOTS, Opinions, Record, small};
use super::interval::{Tails, UNSEEN};
use super::pending::{Rings, Turns};

/// The share of hits is of about so many.
const HITS: f32 = 256.0;

/// A lag and where it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub(super) lag: f32,
    pub(super) lower: f32,
    pub(super) upper: f32,
}

/// What came of the forecasts for one horizon.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    record: Record,
    /// Of forecasts without a trend, and of those with one: they err in other ways.
    tails: [Tails; 2],
}

#[derive(Clone, Debug, Default)]
#[repr(C)]
pub(super) struct Book {
    hits: f32,
    judged: u64,
    accounts: [Account; KNOTS],
    pending: Rings,
}

impl Book {
    /// The horizon at which a forecast so far ahead is judged: the next, or the last.
    pub(super) fn knot(ahead: f64) -> usize {
        let is_there = |horizon: &f32| f64::from(*horizon) >= ahead;
        HORIZONS.iter().position(is_there).unwrap_or(KNOTS - 1)
    }

    pub(super) fn record(&self, knot: usize) -> Option<&Record> {
        self.accounts.get(knot).map(|account| &account.record)
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
        let combined = self.record(knot).map_or(most, |it| it.combined(opinions));
        let lag = combined.clamp(0.0, most);
        let kind = usize::from(opinions.trend.is_some());
        let tails = self.accounts.get(knot).and_then(|it| it.tails.get(kind));
        let tails = tails.copied().unwrap_or_default();
        if !tails.is_known() || !wider.is_finite() {
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
            lower: (lag - tails.below.reach() * scale - UNSEEN).max(0.0),
            upper: (lag + tails.above.reach() * scale).min(most) + UNSEEN,
        }
    }

    /// Reads of each account, and of what comes due next. No read waits for another, so that memory is
    /// waited for once.
    pub(super) fn fetch(&self, turns: &Turns) {
        let known = |account: &Account| {
            let tails = account.tails.each_ref().map(Tails::is_known);
            (account.record.is_known(), tails)
        };
        black_box((
            self.pending.peek(turns),
            self.accounts.each_ref().map(known),
        ));
    }

    /// Keeps what is said at `now`, when the lag is `lag`, to judge it when it comes due.
    pub(super) fn keep(
        &mut self,
        now: f64,
        lag: f64,
        opinions: impl Fn(usize, f64) -> Opinions,
        agenda: &mut Agenda,
    ) {
        for (knot, horizon) in HORIZONS.into_iter().enumerate() {
            let opinions = opinions(knot, f64::from(horizon));
            let most = small(lag) + horizon;
            let said = self.said((knot, horizon), &opinions, most, 1.0);
            self.pending.set(&agenda.turns, now, knot, &opinions, said);
        }
        agenda.turns.push();
        agenda.kept(now, self.pending.due(&agenda.turns));
    }

    /// Judges what the agenda has noted, and what else has come due between two readings, each a time
    /// and a lag.
    pub(super) fn judge(
        &mut self,
        agenda: &mut Agenda,
        readings: Option<((f64, f64), (f64, f64))>,
    ) {
        for (knot, mut due) in self.pending.due(&agenda.turns).into_iter().enumerate() {
            if let Some(truth) = agenda.take(knot).filter(|_| due.is_finite()) {
                self.judge_next(&mut agenda.turns, knot, truth);
                due = self.pending.next_due(&agenda.turns, knot);
            }
            let Some((from, to)) = readings else { continue };
            while due <= to.0 {
                self.judge_next(&mut agenda.turns, knot, between(from, to, due));
                due = self.pending.next_due(&agenda.turns, knot);
            }
        }
    }

    /// The truth about the next forecast that comes due at a horizon.
    fn judge_next(&mut self, turns: &mut Turns, knot: usize, truth: f32) {
        let due = self.pending.next(turns, knot);
        let (Some((opinions, said)), Some(account)) = (due, self.accounts.get_mut(knot)) else {
            return;
        };
        account.record.judge(&opinions, said.lag, truth);
        let kind = usize::from(opinions.trend.is_some());
        if let Some(tails) = account.tails.get_mut(kind) {
            tails.above.observe(truth - said.lag, truth > said.upper);
            tails.below.observe(said.lag - truth, truth < said.lower);
        }
        self.judged += 1;
        let is_hit = (said.lower..=said.upper).contains(&truth);
        self.hits += (f32::from(u8::from(is_hit)) - self.hits) / small_count(self.judged);
    }

    /// Another regime begins.
    pub(super) fn begin_anew(&mut self) {
        for account in &mut self.accounts {
            account.record.begin_anew();
        }
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
