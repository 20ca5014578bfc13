//! When the next forecast is to be kept, when those that were come due, and what was true then.
//!
//! It keeps no forecasts and judges none: this is what each reading has to look at, so that it need
//! not look into the book.

use super::experts::{KNOTS, small};
use super::pending::Turns;

/// A forecast is kept if so many seconds have passed since the last that was.
pub(super) const EVERY: f64 = 4.0;
/// Less than any lag: no truth is known yet.
const NONE: f32 = -1.0;

#[derive(Clone, Debug)]
pub(super) struct Agenda {
    /// The earliest of those below.
    next: f64,
    keep: f64,
    /// Of each horizon, when the next forecast comes due; and the truth, once it has.
    due: [f64; KNOTS],
    truths: [f32; KNOTS],
    pub(super) turns: Turns,
}

impl Default for Agenda {
    fn default() -> Self {
        Self {
            next: f64::NEG_INFINITY,
            keep: f64::NEG_INFINITY,
            due: [f64::INFINITY; KNOTS],
            truths: [NONE; KNOTS],
            turns: Turns::default(),
        }
    }
}

impl Agenda {
    /// Whether there is anything to do.
    pub(super) fn is_on(&self, now: f64) -> bool {
        now >= self.next
    }

    /// Whether it is time to keep a forecast.
    pub(super) fn is_time(&self, now: f64) -> bool {
        now >= self.keep
    }

    /// Notes what was true of the forecasts that came due between two readings, each a time and a lag.
    pub(super) fn note(&mut self, from: (f64, f64), to: (f64, f64)) {
        for (due, truth) in self.due.iter_mut().zip(&mut self.truths) {
            if *due <= to.0 {
                *truth = between(from, to, *due);
                *due = f64::INFINITY;
            }
        }
        self.plan();
    }

    /// The truth about the forecast that was the next to come due.
    pub(super) fn take(&mut self, knot: usize) -> Option<f32> {
        let truth = std::mem::replace(self.truths.get_mut(knot)?, NONE);
        (truth >= 0.0).then_some(truth)
    }

    /// A forecast was kept `now`, and those are the next to come due.
    pub(super) fn kept(&mut self, now: f64, due: [f64; KNOTS]) {
        self.keep = now + EVERY;
        self.due = due;
        self.plan();
    }

    fn plan(&mut self) {
        self.next = self.due.into_iter().fold(self.keep, f64::min);
    }
}

/// The lag at a time, of two readings about it.
pub(super) fn between((from, from_lag): (f64, f64), (to, to_lag): (f64, f64), at: f64) -> f32 {
    let part = ((at - from) / (to - from)).clamp(0.0, 1.0);
    small(from_lag + part * (to_lag - from_lag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truths_are_noted_when_they_come_due_and_taken_once() {
        let mut agenda = Agenda::default();
        assert!(
            agenda.is_on(0.0) && agenda.is_time(0.0),
            "nothing is kept yet"
        );
        agenda.kept(0.0, [2.5, 9.0, f64::INFINITY]);
        for (now, is_on, is_time) in [(2.0, false, false), (3.0, true, false), (4.0, true, true)] {
            assert_eq!((agenda.is_on(now), agenda.is_time(now)), (is_on, is_time));
        }
        agenda.note((2.0, 10.0), (3.0, 20.0));
        assert!(!agenda.is_on(3.9), "it is noted");
        assert!(agenda.is_on(4.0), "the next is to be kept");
        assert_eq!(agenda.take(0), Some(15.0));
        assert_eq!([0, 1, 2].map(|knot| agenda.take(knot)), [None; 3]);
    }
}
