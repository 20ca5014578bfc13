//! How far earlier trends led, and so how likely the present one is to go on.
//!
//! It finds no trends. It is the share of those that got as far as this one which got as far again as
//! is asked (Kaplan & Meier 1958; one that ended because there was no further to go counts as one that
//! would have gone on), one more counted with them: that one goes on the
//! more likely the longer it has lasted, beside the time asked for (Gott 1993).

use super::experts::small;

const KEPT: usize = 16;
/// What has lasted for this part of the time asked for is as likely as not to last.
const CREDIT: f64 = 0.015;
const LASTS: f64 = 0.95;
/// Less than any: an empty place.
const NONE: f32 = -1.0;

/// How far the last few led, or how long they lasted; none of them is negative.
#[derive(Clone, Copy, Debug)]
pub(super) struct Runs {
    lasted: [f32; KEPT],
    /// The place of the next.
    ended: usize,
}

impl Default for Runs {
    fn default() -> Self {
        Self {
            lasted: [NONE; KEPT],
            ended: 0,
        }
    }
}

impl Runs {
    /// One has ended.
    pub(super) fn end(&mut self, lasted: f64) {
        if let Some(slot) = self.lasted.get_mut(self.ended) {
            *slot = small(lasted);
        }
        self.ended = (self.ended + 1) % KEPT;
    }

    /// How likely one that has gone for `gone` goes on for `more`, having lasted for the part `aged`
    /// of the time asked for.
    pub(super) fn survival(&self, gone: f64, more: f64, aged: f64) -> f32 {
        let (gone, until) = (small(gone), small(gone + more));
        let beyond = |limit: f32| -> f32 {
            let beyond = self.lasted.map(|it| if it > limit { 1.0 } else { 0.0 });
            beyond.iter().sum()
        };
        let odds = (aged / CREDIT).powi(3);
        let one_more = small(LASTS * odds / (1.0 + odds));
        (beyond(until) + one_more) / (beyond(gone) + 1.0)
    }
}
