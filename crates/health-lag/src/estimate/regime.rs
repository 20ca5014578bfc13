//! The trend of the present regime, and the noticing of a new one.
//!
//! It extrapolates nothing. A line is fitted to the regime so far. A cumulative sum of the residuals
//! of one sign (Page 1954) tells when it no longer fits; the points since that sum last left zero are
//! the new regime. Single points far off are drawn in to the line first (Huber 1964).

use super::line::Line;

/// What of a residual a cumulative sum lets pass, and the sum at which a regime is over: in standard
/// deviations. Half of the shift that is looked for is let pass (Montgomery, Statistical Quality Control):
/// shifts of one deviation are common where residuals are correlated, those of two are not.
const SLACK: f64 = 1.0;
const ALARM: f64 = 7.0;
/// No residual counts as more.
const FARTHEST: f64 = 4.0;
/// Slopes that differ by no more than this part are one.
const ALIKE: f64 = 0.25;
/// Below this many seconds a residual is the resolution of the timeline.
const RESOLUTION: f64 = 250e-6;
/// A regime forgets what is older than about so many seconds.
const MEMORY: f64 = 600.0;
/// The deviation is the mean of about so many residuals.
const RESIDUALS: f64 = 64.0;
/// Mean absolute deviation to standard deviation, for normal noise.
const TO_STANDARD: f64 = 1.2533;

/// The present regime.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Regime {
    line: Line,
    /// Of the line, and its variance; worked out once a point.
    slope: f64,
    slope_variance: f64,
    age: f64,
    /// The points since the sums last left zero.
    next: Line,
    next_age: f64,
    up: f64,
    down: f64,
    deviation: f64,
    residuals: f64,
    goes_on: bool,
    /// The last residual, and the means of its square and of that of its change.
    residual: f64,
    square: f64,
    change: f64,
}

impl Regime {
    /// Takes a point `passed` seconds after the last; whether a new regime begins.
    pub(super) fn observe(&mut self, passed: f64, value: f64) -> bool {
        let kept = MEMORY / (MEMORY + passed);
        self.age += passed;
        if self.line.weight() < 2.0 {
            self.line.observe(passed, kept, value);
            self.fit();
            return false;
        }
        let expected = self.at(passed);
        let uncertainty = self.line.uncertainty(self.slope_variance, passed);
        let scale = self.deviation() * uncertainty.sqrt();
        let off = (value - expected) / scale;
        let z = off.clamp(-FARTHEST, FARTHEST);
        self.up = (self.up + z - SLACK).max(0.0);
        self.down = (self.down - z - SLACK).max(0.0);
        // While both sums are zero the next regime has no points. Whether they are is as good as random,
        // so that a branch would cost more than what it saves.
        let is_off = if self.up + self.down > 0.0 { 1.0 } else { 0.0 };
        let since = if self.next.weight() > 0.0 {
            passed
        } else {
            0.0
        };
        self.next_age = (self.next_age + since) * is_off;
        self.next.observe(passed, kept, value);
        self.next.keep(is_off);
        self.learn(off, z);
        if self.up.max(self.down) > ALARM && self.next.weight() > 2.0 {
            let (before, after) = (self.slope, self.next.slope());
            // A shift along the same slope is the same trend.
            let shift = self.next.at(after, 0.0) - expected;
            let goes_on = (after - before).abs() < ALIKE * before.abs().max(after.abs())
                && shift.abs() < ALIKE * (before * self.age).abs();
            if !goes_on {
                self.age = self.next_age;
            }
            self.goes_on = goes_on;
            self.line = self.next;
            self.fit();
            self.next = Line::default();
            self.next_age = 0.0;
            self.up = 0.0;
            self.down = 0.0;
            return !goes_on;
        }
        self.line.observe(passed, kept, expected + z * scale);
        self.fit();
        false
    }

    fn fit(&mut self) {
        self.slope_variance = self.line.slope_variance();
        self.slope = self.line.slope();
    }

    /// Takes how far off a point was, in deviations, and how far that counts. At first any residual
    /// counts in full; later one that is far off would hide the next.
    fn learn(&mut self, off: f64, z: f64) {
        let counts = if self.residuals < 16.0 { off } else { z };
        let residual = counts * self.deviation();
        self.residuals = (self.residuals + 1.0).min(RESIDUALS);
        let rate = self.residuals.recip();
        self.deviation += (TO_STANDARD * residual.abs() - self.deviation) * rate;
        let change = residual - self.residual;
        self.square += (residual * residual - self.square) * rate;
        self.change += (change * change - self.change) * rate;
        self.residual = residual;
    }

    /// By how much the variances of means and slopes are larger than of independent residuals, if these
    /// are correlated as an autoregression of the first order is (von Neumann's ratio).
    fn inflation(&self) -> f64 {
        if self.square <= RESOLUTION * RESOLUTION {
            return 1.0;
        }
        let independence = (self.change / (2.0 * self.square)).clamp(0.02, 1.0);
        (2.0 - independence) / independence
    }

    /// The standard deviation of a point about the line.
    pub(super) fn deviation(&self) -> f64 {
        self.deviation.max(RESOLUTION)
    }

    /// For how many seconds it has lasted.
    pub(super) fn age(&self) -> f64 {
        self.age
    }

    /// Whether it has just begun, and goes on where the one before went.
    pub(super) fn goes_on(&self) -> bool {
        self.goes_on && self.line.weight() < 8.0
    }

    pub(super) fn mean(&self) -> f64 {
        self.line.mean()
    }

    /// How many points its line rests on; older ones count less.
    pub(super) fn weight(&self) -> f64 {
        self.line.weight()
    }

    /// By how much its line grows a second.
    pub(super) fn slope(&self) -> f64 {
        self.slope
    }

    /// Where its line is so many seconds after the newest point.
    pub(super) fn at(&self, ahead: f64) -> f64 {
        self.line.at(self.slope, ahead)
    }

    /// Whether the slope is more than so many of its standard errors off zero.
    pub(super) fn is_significant(&self, errors: f64) -> bool {
        if self.line.weight() < 3.0 {
            return false;
        }
        let deviation = self.deviation();
        let variance = self.line.variance(self.slope).max(deviation * deviation);
        let slope = self.slope / errors;
        slope * slope > variance * self.inflation() * self.slope_variance
    }
}
