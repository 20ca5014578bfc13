//! How far off the truth may be: an interval that holds it as often as it should.
//!
//! It forecasts nothing. Each end is a quantile of own past errors that is moved on by each new one:
//! out by a step when the truth was beyond it, in by a fraction of it when it was not, so that in the
//! long run the truth is beyond as often as asked, whatever the errors are like: adaptive conformal
//! inference (Gibbs & Candès 2021), in the form that tracks the quantile itself with a step of the
//! size of recent errors (Angelopoulos, Candès & Tibshirani 2023, "Conformal PID control").

use super::experts::small;

/// How often the truth may be beyond each end: a little less than the 5 % that are promised, since
/// what is learnt comes late by the horizon.
const BEYOND: f32 = 0.0375;
/// Lags that differ by less seconds are measured alike.
pub(super) const UNSEEN: f32 = 0.001;
/// With fewer errors than this a quantile of that order is beyond all of them (Vovk et al. 2005).
const ENOUGH: u16 = 12;
/// The step, as part of the largest recent error.
const STEP: f32 = 0.12;
/// Steps are larger at first: twice as large after so many errors.
const EARLY: f32 = 25.0;
/// The largest error fades by this part with each.
const FADING: f32 = 0.003;

/// Both ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tails {
    pub(super) below: Tail,
    pub(super) above: Tail,
}

impl Tails {
    pub(super) fn is_known(&self) -> bool {
        self.above.is_known()
    }
}

/// One end: by how much the truth is beyond the forecast in its direction.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tail {
    /// The quantile.
    reach: f32,
    largest: f32,
    seen: u16,
}

impl Tail {
    /// Takes the error in its direction (negative: on the other side); whether the truth lay beyond
    /// the end as it was given at the time. Beyond the end as it is now counts as well: while none is
    /// given nothing else is learnt.
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

    /// How far this end is from the forecast.
    pub(super) fn reach(&self) -> f32 {
        self.reach
    }

    fn is_known(&self) -> bool {
        self.seen >= ENOUGH
    }
}

/// How much wider than at 90 % an interval of another coverage is, if errors fall off exponentially.
pub(super) fn wider(coverage: f64) -> f32 {
    let beyond = (1.0 - coverage).clamp(0.0, 1.0);
    small(beyond.ln() / (1.0_f64 - 0.9).ln())
}
