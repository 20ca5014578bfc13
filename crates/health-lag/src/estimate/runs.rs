//! How far earlier trends led, and so how likely the present one is to go on.
//!
//! It finds no trends. It is the share of those that got as far as this one which got as far again as
//! is asked (Kaplan & Meier 1958, with no censoring), one more counted with them: that one goes on the
//! more likely the longer it has lasted, beside the time asked for (Gott 1993).

use super::experts::small;

const KEPT: usize = 16;
/// What has lasted for this part of the time asked for is as likely as not to last.
const CREDIT: f64 = 0.015;
const LASTS: f64 = 0.95;

/// How far the last few led, or how long they lasted; none of them is negative.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Runs {
    lasted: [f32; KEPT],
    ended: usize,
}

impl Runs {
    /// One has ended.
    pub(super) fn end(&mut self, lasted: f64) {
        if let Some(slot) = self.lasted.get_mut(self.ended % KEPT) {
            *slot = small(lasted);
        }
        self.ended = self.ended.saturating_add(1);
    }

    /// How likely one that has gone for `gone` goes on for `more`, having lasted for the part `aged`
    /// of the time asked for.
    pub(super) fn survival(&self, gone: f64, more: f64, aged: f64) -> f32 {
        let (gone, until) = (small(gone), small(gone + more));
        let (mut alive, mut survived) = (1.0, small(LASTS * aged / (aged + CREDIT)));
        for ended in self.lasted.iter().take(self.ended) {
            alive += f32::from(u8::from(*ended > gone));
            survived += f32::from(u8::from(*ended > until));
        }
        survived / alive
    }
}
