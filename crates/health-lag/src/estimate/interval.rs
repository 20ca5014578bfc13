//! How far off the truth may be: an interval that holds it as often as it should.
//!
//! It forecasts nothing. Each end is a quantile of own past errors that is moved on by each new one:
//! out by a step when the truth was beyond it, in by a fraction of it when it was not, so that in the
//! long run the truth is beyond as often as asked, whatever the errors are like: adaptive conformal
//! inference (Gibbs & Candès 2021), in the form that tracks the quantile itself with a step of the
//! size of recent errors (Angelopoulos, Candès & Tibshirani 2023, "Conformal PID control").

/// How often the truth may be beyond each end.
const BEYOND: f32 = 0.04;
/// With fewer errors than this a quantile of that order is beyond all of them (Vovk et al. 2005).
const ENOUGH: u16 = 19;
/// The step, as part of the largest recent error.
const STEP: f32 = 0.1;
/// Steps are larger at first: twice as large after so many errors.
const EARLY: f32 = 40.0;
/// The largest error fades by this part with each.
const FADING: f32 = 0.002;

/// One end: by how much the truth is beyond the forecast in its direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tail {
    /// The quantile.
    pub(super) reach: f32,
    largest: f32,
    seen: u16,
}

impl Tail {
    /// Takes the error in its direction (negative: on the other side); `reached` is how far the
    /// interval went when the forecast was made.
    pub(super) fn observe(&mut self, error: f32, missed: bool) {
        let size = error.abs();
        self.largest = (self.largest * (1.0 - FADING)).max(size);
        self.seen = self.seen.saturating_add(1);
        if self.seen < ENOUGH {
            self.reach = self.reach.max(size);
            return;
        }
        let step = STEP * self.largest * (1.0 + EARLY / f32::from(self.seen));
        self.reach += step * (f32::from(u8::from(missed || error > self.reach)) - BEYOND);
        self.reach = self.reach.clamp(0.0, self.largest);
    }

    pub(super) fn is_known(&self) -> bool {
        self.seen >= ENOUGH
    }
}
