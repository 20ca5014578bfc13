//! Who may say what the lag will be, and whose word counts at which horizon.
//!
//! It keeps no forecasts; those that come due are judged here.

/// The horizons at which forecasts are judged; between them it is interpolated.
pub(super) const HORIZONS: [f32; KNOTS] = [10.0, 30.0, 60.0];
pub(super) const KNOTS: usize = 3;

/// Errors are means over about so many forecasts that came due.
const MEMORY: f32 = 64.0;
/// How sharply the better is preferred to the worse.
const SHARPNESS: i32 = 6;
/// Until it is known better a trend is taken to err by this part of the others' errors, and that counts
/// as so many forecasts.
const CREDIT: f32 = 0.25;
const CREDITED: f32 = 4.0;

/// Who does not believe in trends.
pub(super) const STEADY: usize = 3;

/// What they say at one time for one horizon.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Opinions {
    /// The last value, the mean of the regime, the median of long.
    pub(super) steady: [f32; STEADY],
    /// Where the trend leads; `None`: there is none to speak of.
    pub(super) trend: Option<f32>,
}

/// What their errors at one horizon were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    matured: f32,
    errors: [f32; STEADY],
    weights: [f32; STEADY],
    contested: f32,
    trend_error: f32,
    steady_error: f32,
    trust: f32,
    /// Of the forecasts made and of the last value.
    own_error: f32,
}

impl Record {
    /// The word of those who do not believe in trends.
    pub(super) fn steady(&self, opinions: &Opinions) -> f32 {
        if self.matured == 0.0 {
            let [last, mean, _] = opinions.steady;
            return f32::midpoint(last, mean);
        }
        let weighted = self.weights.iter().zip(opinions.steady);
        weighted.map(|(weight, said)| weight * said).sum()
    }

    /// How much the trend's word counts, 0 to 1.
    pub(super) fn trust(&self) -> f32 {
        if self.contested == 0.0 {
            1.0
        } else {
            self.trust
        }
    }

    pub(super) fn combined(&self, opinions: &Opinions) -> f32 {
        let steady = self.steady(opinions);
        match opinions.trend {
            Some(trend) => steady + self.trust() * (trend - steady),
            None => steady,
        }
    }

    /// The truth came out.
    pub(super) fn judge(&mut self, opinions: &Opinions, said: f32, truth: f32) {
        let steady = self.steady(opinions);
        self.matured += 1.0;
        let rate = 1.0 / self.matured.min(MEMORY);
        self.own_error += ((said - truth).abs() - self.own_error) * rate;
        for (error, said) in self.errors.iter_mut().zip(opinions.steady) {
            *error += ((said - truth).abs() - *error) * rate;
        }
        let least = self.errors.iter().copied().fold(f32::INFINITY, f32::min);
        self.weights = self.errors.map(|error| {
            if error > 0.0 {
                (least / error).powi(SHARPNESS)
            } else {
                1.0
            }
        });
        let sum: f32 = self.weights.iter().sum();
        self.weights = self.weights.map(|weight| weight / sum);
        if let Some(trend) = opinions.trend {
            self.contested = (self.contested + 1.0).min(MEMORY);
            let rate = 1.0 / self.contested;
            self.trend_error += ((trend - truth).abs() - self.trend_error) * rate;
            self.steady_error += ((steady - truth).abs() - self.steady_error) * rate;
            let n = self.contested;
            let trend = self.trend_error * n + CREDITED * CREDIT * self.steady_error;
            let steady = self.steady_error * (n + CREDITED);
            let (trend, steady) = (trend.powi(SHARPNESS), steady.powi(SHARPNESS));
            self.trust = if steady > 0.0 {
                steady / (steady + trend)
            } else {
                0.0
            };
        }
    }

    pub(super) fn matured(&self) -> f32 {
        self.matured
    }

    /// Mean error by that of taking the last value.
    pub(super) fn error_ratio(&self) -> Option<f32> {
        let [last, ..] = self.errors;
        (self.matured > 0.0 && last > 0.0).then(|| self.own_error / last)
    }
}
