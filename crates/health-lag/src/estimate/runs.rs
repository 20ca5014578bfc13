//! How long trends lasted, and so how likely the present one is to last.
//!
//! It finds no trends. The share of earlier ones as old as this that lasted as long again as is asked
//! (Kaplan & Meier 1958, with no censoring), and of one more that most likely does.

const KEPT: usize = 16;
/// That one more, while nothing is known.
const LASTS: f32 = 0.9;

/// How many seconds the last few trends lasted.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Runs {
    lasted: [f32; KEPT],
    ended: usize,
}

impl Runs {
    pub(super) fn end(&mut self, lasted: f64) {
        if let Some(slot) = self.lasted.get_mut(self.ended % KEPT) {
            *slot = lasted as f32;
        }
        self.ended += 1;
    }

    /// How likely one that has lasted for `age` lasts for `more`.
    pub(super) fn survival(&self, age: f64, more: f64) -> f32 {
        let (age, until) = (age as f32, (age + more) as f32);
        let (mut alive, mut survived) = (1.0, LASTS);
        for lasted in self.lasted.iter().take(self.ended) {
            alive += f32::from(u8::from(*lasted > age));
            survived += f32::from(u8::from(*lasted > until));
        }
        survived / alive
    }
}
