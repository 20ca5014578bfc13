//! The usual lag, and how far from it the lag usually is.
//!
//! It knows no trend; it is told where one leads.

/// Both are of about so many steps.
const MEMORY: f64 = 64.0;
/// A step of the median, as part of the usual distance.
const STEP: f64 = 1.0 / 8.0;
/// No distance counts as more than so many usual ones, after the first few.
const FARTHEST: f64 = 4.0;
const FIRST: f64 = 8.0;
/// In seconds: a distance that always counts.
const NEAR: f64 = 0.001;

/// A median that is moved towards each value by a step (Robbins & Monro 1951).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Usual {
    lag: f64,
    spread: f64,
    seen: f64,
}

impl Usual {
    pub(super) fn new(lag: f64) -> Self {
        Self {
            lag,
            ..Self::default()
        }
    }

    /// Takes a lag; `expected` is where a trend has it, and then nothing usual is learnt of it.
    pub(super) fn observe(&mut self, lag: f64, expected: Option<f64>) {
        self.seen = (self.seen + 1.0).min(MEMORY);
        let off = lag - self.lag;
        let distance = expected.map_or(off, |expected| lag - expected).abs();
        let most = if self.seen < FIRST {
            f64::INFINITY
        } else {
            FARTHEST * self.spread.max(NEAR)
        };
        self.spread += (distance.min(most) - self.spread) / self.seen;
        if expected.is_none() {
            let step = (off.abs() / self.seen).max(self.spread * STEP);
            self.lag += off.clamp(-step, step);
        }
    }

    pub(super) fn lag(&self) -> f64 {
        self.lag
    }

    /// The mean distance from it.
    pub(super) fn spread(&self) -> f64 {
        self.spread
    }
}
