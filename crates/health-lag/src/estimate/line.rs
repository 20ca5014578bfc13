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
        self.age(passed);
        self.weight = self.weight * kept + 1.0;
        self.time_time *= kept;
        self.time_value *= kept;
        self.value_value *= kept;
        let (time_off, value_off) = (-self.time, value - self.value);
        self.time += time_off / self.weight;
        self.value += value_off / self.weight;
        self.time_time -= time_off * self.time;
        self.time_value += time_off * (value - self.value);
        self.value_value += value_off * (value - self.value);
    }

    fn age(&mut self, passed: f64) {
        self.time -= passed;
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
        if self.time_time > 0.0 {
            self.time_value / self.time_time
        } else {
            0.0
        }
    }

    /// Its value so many seconds after the newest point.
    pub(super) fn at(&self, ahead: f64) -> f64 {
        self.value + self.slope() * (ahead - self.time)
    }

    /// The variance of what it foretells at `ahead`, by that of a point about it.
    pub(super) fn uncertainty(&self, ahead: f64) -> f64 {
        let off = ahead - self.time;
        1.0 + (1.0
            + if self.time_time > 0.0 {
                off * off * self.weight / self.time_time
            } else {
                0.0
            })
            / self.weight.max(1.0)
    }

    /// The variance of its points about it.
    pub(super) fn variance(&self) -> f64 {
        let explained = self.slope() * self.time_value;
        (self.value_value - explained).max(0.0) / (self.weight - 2.0).max(1.0)
    }

    /// The square of the standard error of the slope, by the variance of a point about the line.
    pub(super) fn slope_variance(&self) -> f64 {
        if self.time_time > 0.0 {
            self.time_time.recip()
        } else {
            f64::INFINITY
        }
    }
}
