//! What a replay of a trace shows: the errors of each forecaster, and how often the truth was within.
//!
//! It judges nothing by a budget.

use super::forecasters::{Ours, Said, by_index, predict_linear, theil_sen};
use super::trace::{Point, Trace};

/// Seconds ahead.
pub const HORIZONS: [f64; 3] = [10.0, 30.0, 60.0];
/// A trace is asked at no more than about so many of its points.
const QUESTIONS: usize = 1_500;
/// The lag that is worth a warning, in seconds, and how far ahead the warning looks.
const LIMIT: f64 = 30.0;
const AHEAD: f64 = 60.0;

/// Sums of absolute errors over the same questions.
#[derive(Clone, Copy, Debug, Default)]
pub struct Errors {
    /// Questions.
    pub count: f64,
    /// Of the last value.
    pub last: f64,
    /// Ours.
    pub ours: f64,
    /// Of `predict_linear` over 1 and 5 minutes.
    pub linear: [f64; 2],
    /// Of the line of Theil and Sen over a minute.
    pub robust: f64,
    /// Of the known monitor.
    pub old: f64,
    /// How often the truth lay within our interval of 90 %.
    pub within: f64,
    /// How wide it was, summed up.
    pub width: f64,
}

impl Errors {
    /// As a ratio to the last value.
    pub fn ratio(self, errors: f64) -> f64 {
        errors / self.last
    }

    /// The share of questions whose truth lay within.
    pub fn coverage(self) -> f64 {
        self.within / self.count
    }
}

/// What a replay of one trace showed.
#[derive(Clone, Debug, Default)]
pub struct Score {
    /// All questions, by horizon.
    pub all: [Errors; 3],
    /// Those with no intervention up to their target.
    pub undisturbed: [Errors; 3],
    /// For each crossing of the limit: for how long a warning had stood without a break.
    pub leads: Vec<f64>,
    /// The share of samples that warned, of a crossing that did not come.
    pub false_alarms: f64,
    /// The farthest that our measure of the lag was off, in seconds.
    pub measure_error: f64,
    /// One line a question: time, truth, and ours for each horizon.
    pub lines: Vec<String>,
}

/// Replays a trace.
pub fn score(trace: &Trace) -> Score {
    let mut ours = Ours::default();
    let mut score = Score::default();
    let mut warned = Vec::with_capacity(trace.points.len());
    let mut measured = Vec::with_capacity(trace.points.len());
    let stride = trace.points.len().div_ceil(QUESTIONS);
    for (index, point) in trace.points.iter().enumerate() {
        let lag = ours.observe(point);
        measured.push(lag);
        score.measure_error = score.measure_error.max((lag - point.lag).abs());
        warned.push(ours.warns(LIMIT, AHEAD));
        if index % stride != 0 || index < 2 || point.at <= trace.from {
            continue;
        }
        let seen = trace.points.get(..=index).unwrap_or_default();
        let mut line = format!("{:.3},{:.4}", point.at, point.lag);
        for (slot, horizon) in HORIZONS.into_iter().enumerate() {
            let Some(said) = ours.forecast(horizon) else {
                continue;
            };
            let cells = [said.lag, said.lower, said.upper].map(|it| format!("{it:.4}"));
            line = format!("{line},{}", cells.join(","));
            let Some(truth) = trace.lag_at(point.at + horizon) else {
                continue;
            };
            let answers = Answers::new(seen, &measured, horizon, said);
            let is_disturbed = trace.is_disturbed(point.at, point.at + horizon);
            let chosen = score.all.get_mut(slot).into_iter().chain(
                (!is_disturbed)
                    .then(|| score.undisturbed.get_mut(slot))
                    .flatten(),
            );
            for errors in chosen {
                answers.add_to(errors, truth);
            }
        }
        score.lines.push(line);
    }
    (score.leads, score.false_alarms) = warnings(trace, &warned);
    score
}

struct Answers {
    last: f64,
    linear: [f64; 2],
    robust: f64,
    old: f64,
    said: Said,
}

impl Answers {
    fn new(seen: &[Point], lag: &[f64], horizon: f64, said: Said) -> Self {
        let last = lag.last().copied().unwrap_or(f64::NAN);
        let linear = [60.0, 300.0].map(|range| predict_linear(seen, lag, range, horizon));
        Self {
            last,
            linear: linear.map(|it| it.unwrap_or(last)),
            robust: theil_sen(seen, lag, 60.0, horizon).unwrap_or(last),
            old: by_index(lag, horizon).unwrap_or(last),
            said,
        }
    }

    fn add_to(&self, errors: &mut Errors, truth: f64) {
        errors.count += 1.0;
        errors.last += (self.last - truth).abs();
        errors.ours += (self.said.lag - truth).abs();
        for (sum, linear) in errors.linear.iter_mut().zip(self.linear) {
            *sum += (linear - truth).abs();
        }
        errors.robust += (self.robust - truth).abs();
        errors.old += (self.old - truth).abs();
        errors.within += f64::from(u8::from(
            truth >= self.said.lower - ROUNDING && truth <= self.said.upper + ROUNDING,
        ));
        errors.width += self.said.upper - self.said.lower;
    }
}

/// Half of the last digit in which a replay prints.
const ROUNDING: f64 = 5e-5;

/// How long before each crossing it warned without a break, and the share of samples below the limit
/// that warned though no crossing followed within the time looked ahead, twice.
fn warnings(trace: &Trace, warned: &[bool]) -> (Vec<f64>, f64) {
    let crossings = trace.crossings(LIMIT);
    let lead = |crossing: f64| {
        let before = trace.points.iter().zip(warned).rev();
        let mut before = before.skip_while(|(point, _)| point.at >= crossing);
        let mut since = crossing;
        while let Some((point, true)) = before.next() {
            since = point.at;
        }
        crossing - since
    };
    let is_false = |point: &Point| {
        point.lag < LIMIT
            && !crossings
                .iter()
                .any(|at| *at > point.at && *at <= point.at + 2.0 * AHEAD)
    };
    let alarms = trace.points.iter().zip(warned);
    let alarms = alarms.filter(|(point, warns)| **warns && is_false(point));
    let share = float(alarms.count()) / float(trace.points.len());
    (crossings.iter().map(|at| lead(*at)).collect(), share)
}

#[expect(clippy::cast_precision_loss, reason = "counts of samples")]
fn float(count: usize) -> f64 {
    count as f64
}
