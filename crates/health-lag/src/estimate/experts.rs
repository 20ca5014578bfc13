//! Who may say what the lag will be, and whose word counts at which horizon.
//!
//! It keeps no forecasts; those that come due are judged here.

use crate::forecast::Method;

/// The horizons at which forecasts are judged; between them it is interpolated.
pub(super) const HORIZONS: [f32; KNOTS] = [10.0, 30.0, 60.0];
pub(super) const KNOTS: usize = 3;

/// Errors are means over about so many forecasts that came due.
const MEMORY: f32 = 40.0;
/// How sharply the better is preferred to the worse.
const SHARPNESS: i32 = 6;
/// Until it is known better a trend is taken to win by this much (1: it errs not at all, −1: the others
/// do not), and that counts as so many forecasts.
const CREDIT: f32 = 0.7;
const CREDITED: f32 = 4.0;
/// Contests of earlier regimes count as no more than so many.
const CARRIED: f32 = 5.0;
/// No share of the errors counts as less.
const LEAST_SHARE: f32 = 0.01;
/// Who does not believe in trends.
pub(super) const STEADY: usize = 4;

/// How far to go with the likelier of two, to err least on average.
fn decided(likely: f32) -> f32 {
    let (yes, no) = (likely.powi(SHARPNESS), (1.0 - likely).powi(SHARPNESS));
    yes / (yes + no)
}

/// What they say at one time for one horizon.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Opinions {
    /// The last value, the mean of the regime, the median of long, what recurs.
    pub(super) steady: [f32; STEADY],
    /// Where the trend leads; `None`: there is none to speak of.
    pub(super) trend: Option<f32>,
    /// How likely it lasts until then.
    pub(super) survival: f32,
}

impl Opinions {
    /// 1 of a trend that leads up, 0 of one that leads down.
    fn direction(&self) -> Option<usize> {
        let [last, ..] = self.steady;
        self.trend.map(|trend| usize::from(trend > last))
    }
}

/// Forecasts in which a trend took part, and by how much it won.
#[derive(Clone, Copy, Debug, Default)]
struct Contest {
    count: f32,
    wins: f32,
    trust: f32,
}

impl Contest {
    fn judge(&mut self, trend: f32, steady: f32) {
        if trend + steady <= 0.0 {
            return;
        }
        self.count = (self.count + 1.0).min(MEMORY);
        let win = (steady - trend) / (steady + trend);
        self.wins += (win - self.wins) / self.count;
        let wins = self.wins * self.count + CREDIT * CREDITED;
        self.trust = decided(f32::midpoint(1.0, wins / (self.count + CREDITED)));
    }
}

/// How much the word of each of the steady counts: by its share of their errors at a time.
#[derive(Clone, Copy, Debug, Default)]
struct Weighing {
    compared: f32,
    shares: [f32; STEADY],
}

impl Weighing {
    fn judge(&mut self, said: [f32; STEADY], truth: f32) {
        let distances = said.map(|said| (said - truth).abs());
        let sum: f32 = distances.iter().sum();
        if sum <= 0.0 {
            return;
        }
        self.compared = (self.compared + 1.0).min(MEMORY);
        for (share, distance) in self.shares.iter_mut().zip(distances) {
            *share += (distance / sum - *share) / self.compared;
        }
    }

    /// Their sum is 1.
    fn weights(&self) -> [f32; STEADY] {
        let shares = self.shares.map(|share| share.max(LEAST_SHARE));
        let smallest = shares.iter().copied().fold(f32::INFINITY, f32::min);
        let weights = shares.map(|share| (smallest / share).powi(SHARPNESS));
        let sum: f32 = weights.iter().sum();
        weights.map(|weight| weight / sum)
    }

    fn is_known(&self) -> bool {
        self.compared > 0.0
    }
}

/// What their errors at one horizon were.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    matured: f32,
    /// Mean errors: of the last value, and of what was said.
    last_error: f32,
    /// Everywhere, and where there was a trend that was not believed to last.
    everywhere: Weighing,
    in_doubt: Weighing,
    /// Of falling and of rising trends: that one kind does not last says nothing of the other.
    contests: [Contest; 2],
    own_error: f32,
}

impl Record {
    /// Whether any forecast has come due.
    pub(super) fn is_known(&self) -> bool {
        self.matured > 0.0
    }

    /// The word of those who do not believe in trends.
    pub(super) fn steady(&self, opinions: &Opinions) -> f32 {
        let weighing = self.weighing(opinions);
        if !weighing.is_known() {
            let [last, mean, ..] = opinions.steady;
            return f32::midpoint(last, mean);
        }
        let weighted = weighing.weights().into_iter().zip(opinions.steady);
        weighted.map(|(weight, said)| weight * said).sum()
    }

    fn weighing(&self, opinions: &Opinions) -> &Weighing {
        if opinions.trend.is_some() && self.in_doubt.is_known() {
            &self.in_doubt
        } else {
            &self.everywhere
        }
    }

    /// How much the trend's word counts, 0 to 1.
    pub(super) fn trust(&self, opinions: &Opinions) -> f32 {
        let contest = opinions.direction().and_then(|way| self.contests.get(way));
        let trust = contest
            .filter(|contest| contest.count > 0.0)
            .map_or(1.0, |contest| contest.trust);
        trust * decided(opinions.survival)
    }

    pub(super) fn combined(&self, opinions: &Opinions) -> f32 {
        let steady = self.steady(opinions);
        match opinions.trend {
            Some(trend) => steady + self.trust(opinions) * (trend - steady),
            None => steady,
        }
    }

    /// The truth came out.
    pub(super) fn judge(&mut self, opinions: &Opinions, said: f32, truth: f32) {
        let steady = self.steady(opinions);
        self.matured += 1.0;
        let rate = 1.0 / self.matured.min(MEMORY);
        self.own_error += ((said - truth).abs() - self.own_error) * rate;
        let [last, ..] = opinions.steady;
        self.last_error += ((last - truth).abs() - self.last_error) * rate;
        self.everywhere.judge(opinions.steady, truth);
        if opinions.trend.is_some() && opinions.survival < 0.5 {
            self.in_doubt.judge(opinions.steady, truth);
        }
        let contest = opinions
            .direction()
            .and_then(|way| self.contests.get_mut(way));
        if let (Some(trend), Some(contest)) = (opinions.trend, contest) {
            contest.judge((trend - truth).abs(), (steady - truth).abs());
        }
    }

    /// Another regime begins.
    pub(super) fn begin_anew(&mut self) {
        for contest in &mut self.contests {
            contest.count = contest.count.min(CARRIED);
        }
    }

    /// Whose word counts most.
    pub(super) fn method(&self, opinions: &Opinions, is_line: bool) -> Method {
        if opinions.trend.is_some() && self.trust(opinions) >= 0.5 {
            return if is_line {
                Method::Trend
            } else {
                Method::Rates
            };
        }
        let methods = [
            Method::LastValue,
            Method::Level,
            Method::Median,
            Method::Recurring,
        ];
        let weights = self.weighing(opinions).weights().into_iter().zip(methods);
        let heaviest = weights.max_by(|(one, _), (other, _)| one.total_cmp(other));
        heaviest.map_or(Method::LastValue, |(_, method)| method)
    }

    /// Mean error by that of taking the last value.
    pub(super) fn error_ratio(&self) -> Option<f32> {
        (self.last_error > 0.0).then(|| self.own_error / self.last_error)
    }
}

/// Lags in seconds are handed on in single precision: 0.1 ms at an hour.
#[expect(clippy::cast_possible_truncation, reason = "that is the point")]
pub(super) fn small(value: f64) -> f32 {
    value as f32
}
