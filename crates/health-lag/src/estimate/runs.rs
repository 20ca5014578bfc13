//! How long trends lasted, and so how likely the present one is to last.
//!
//! It finds no trends. The share of earlier ones as old as this that lasted as long again as is asked
//! (Kaplan & Meier 1958, with no censoring), and of one more that most likely does.

const KEPT: usize = 16;
/// What has lasted for this part of the time asked for is as likely as not to last.
const CREDIT: f64 = 0.015;
const LASTS: f64 = 0.95;

/// How many seconds the last few trends lasted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Runs {
    pub(super) lasted: [f32; KEPT],
    ended: usize,
}

impl Runs {
    pub(super) fn end(&mut self, lasted: f64) {
        if let Some(slot) = self.lasted.get_mut(self.ended % KEPT) {
            *slot = lasted as f32;
        }
        self.ended += 1;
    }

    /// How likely one that has gone for `gone` goes on for `more`, having lasted for the part `aged`
    /// of the time asked for.
    pub(super) fn survival(&self, gone: f64, more: f64, aged: f64) -> f32 {
        let (gone, until) = (gone as f32, (gone + more) as f32);
        let (mut alive, mut survived) = (1.0, (LASTS * aged / (aged + CREDIT)) as f32);
        for ended in self.lasted.iter().take(self.ended) {
            alive += f32::from(u8::from(*ended > gone));
            survived += f32::from(u8::from(*ended > until));
        }
        survived / alive
    }
}
