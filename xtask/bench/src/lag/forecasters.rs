//! Those who forecast: ours, the last value, Prometheus' `predict_linear`, and the known monitor's rule.
//!
//! They are told points and asked in between; they see nothing of what comes.

use std::time::Duration;

use health_lag::{Crossing, Estimator, Reading, Timeline};

use super::trace::Point;

/// A forecast and the ends of its interval.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    pub lag: f64,
    pub lower: f64,
    pub upper: f64,
}

/// Ours, with the timeline in front as in a monitor.
#[derive(Debug, Default)]
pub struct Ours {
    timeline: Timeline,
    pub estimator: Estimator,
}

impl Ours {
    /// Returns the lag as it is measured.
    pub fn observe(&mut self, point: &Point) -> f64 {
        let at = Duration::from_secs_f64(point.at + ORIGIN);
        if self.timeline.observe(point.leader, at).is_err() {
            self.timeline.clear();
            self.estimator.clear();
            let _ = self.timeline.observe(point.leader, at);
        }
        self.timeline.forget_applied(point.applied);
        let lag = self.timeline.lag(point.applied, at);
        self.estimator.observe(&Reading {
            at,
            leader: point.leader,
            applied: point.applied,
            lag,
        });
        lag.duration().as_secs_f64()
    }

    /// Whether the lag is below `limit` and likely to reach it within `ahead`.
    pub fn warns(&self, limit: f64, ahead: f64) -> bool {
        let limit = Duration::from_secs_f64(limit);
        matches!(self.estimator.crossing(limit),
            Crossing::In { likely, .. } if likely.as_secs_f64() <= ahead)
    }

    pub fn forecast(&self, horizon: f64) -> Option<Said> {
        let forecast = self
            .estimator
            .forecast(Duration::from_secs_f64(horizon), 0.9)?;
        Some(Said {
            lag: forecast.lag.as_secs_f64(),
            lower: forecast.interval.lower.as_secs_f64(),
            upper: forecast.interval.upper.as_secs_f64(),
        })
    }
}

/// A monitor's origin is not the first sample.
const ORIGIN: f64 = 1_000.0;

/// `predict_linear(lag[range], horizon)` at the last of `points`, as in promql/functions.go.
pub fn predict_linear(points: &[Point], lag: &[f64], range: f64, horizon: f64) -> Option<f64> {
    let now = points.last()?.at;
    let from = points.partition_point(|point| point.at < now - range);
    let samples: Vec<_> = points
        .iter()
        .zip(lag)
        .skip(from)
        .map(|(point, lag)| (point.at - now, *lag))
        .collect();
    let first = samples.first()?.1;
    if samples.len() < 2 {
        return None;
    }
    if samples.iter().all(|(_, lag)| lag.to_bits() == first.to_bits()) {
        return Some(first);
    }
    let (mut n, mut sum_x, mut sum_y, mut sum_xy, mut sum_xx) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (x, y) in samples {
        n += 1.0;
        sum_x += x;
        sum_y += y;
        sum_xy += x * y;
        sum_xx += x * x;
    }
    let slope = (sum_xy - sum_x * sum_y / n) / (sum_xx - sum_x * sum_x / n);
    Some(sum_y / n - slope * sum_x / n + slope * horizon)
}

/// The known monitor: a line through the last ten samples, the newest first, over their index.
pub fn by_index(lag: &[f64], horizon: f64) -> Option<f64> {
    let newest = lag.iter().rev().take(10);
    let (mut n, mut sum_x, mut sum_y, mut sum_xy, mut sum_xx) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (x, y) in (0_u32..).map(f64::from).zip(newest) {
        n += 1.0;
        sum_x += x;
        sum_y += y;
        sum_xy += x * y;
        sum_xx += x * x;
    }
    let divisor = n * sum_xx - sum_x * sum_x;
    if n < 2.0 || divisor == 0.0 {
        return lag.last().copied();
    }
    let slope = (n * sum_xy - sum_x * sum_y) / divisor;
    let intercept = (sum_y - slope * sum_x) / n;
    Some((intercept + slope * (n + horizon)).max(0.0))
}
