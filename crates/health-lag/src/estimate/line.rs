//! A straight line through weighted points, seen from the newest of them.
//!
//! It chooses no points. Sums are kept about the means (Welford 1962), and time is counted back from
//! the newest point, so that nothing grows with the age of the process and no large numbers cancel.

/// The line of least squares through the points so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Line {
    weight: f64,
    /// Mean time, as seconds after the newest point: not above zero.
    time: f64,
    value: f64,
    time_time: f64,
    time_value: f64,
    value_value: f64,
}

impl Line {
    /// Takes a point `passed` seconds after the last, which leaves older ones the part `kept` of
    /// their weight.
    pub(super) fn observe(&mut self, passed: f64, kept: f64, value: f64) {
        self.weight = self.weight * kept + 1.0;
        let share = self.weight.recip();
        let (time_off, value_off) = (passed - self.time, value - self.value);
        self.time = self.time - passed + time_off * share;
        self.value += value_off * share;
        let value_left = value - self.value;
        self.time_time = self.time_time * kept - time_off * self.time;
        self.time_value = self.time_value * kept + time_off * value_left;
        self.value_value = self.value_value * kept + value_off * value_left;
    }

    /// Leaves all of it, or nothing: by the part 1 or 0, so that no branch has to be foretold.
    pub(super) fn keep(&mut self, part: f64) {
        self.weight *= part;
        self.time *= part;
        self.value *= part;
        self.time_time *= part;
        self.time_value *= part;
        self.value_value *= part;
    }

    /// How many points it rests on; older ones count less.
    pub(super) fn weight(&self) -> f64 {
        self.weight
    }

    /// The mean of its points.
    pub(super) fn mean(&self) -> f64 {
        self.value
    }

    /// By how much it grows a second.
    pub(super) fn slope(&self) -> f64 {
        self.time_value * self.slope_variance()
    }

    /// Its value so many seconds after the newest point, by its slope.
    pub(super) fn at(&self, slope: f64, ahead: f64) -> f64 {
        self.value + slope * (ahead - self.time)
    }

    /// The variance of what it foretells at `ahead`, by that of a point about it.
    pub(super) fn uncertainty(&self, slope_variance: f64, ahead: f64) -> f64 {
        let off = ahead - self.time;
        1.0 + self.weight.max(1.0).recip() + off * off * slope_variance
    }

    /// The variance of its points about it, by its slope.
    pub(super) fn variance(&self, slope: f64) -> f64 {
        let explained = slope * self.time_value;
        (self.value_value - explained).max(0.0) / (self.weight - 2.0).max(1.0)
    }

    /// The square of the standard error of the slope, by the variance of a point about the line; zero
    /// of points at one time only.
    pub(super) fn slope_variance(&self) -> f64 {
        if self.time_time > 0.0 {
            self.time_time.recip()
        } else {
            0.0
        }
    }
}
