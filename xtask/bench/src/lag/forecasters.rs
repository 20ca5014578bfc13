//! Those who forecast: ours, the last value, Prometheus' `predict_linear`, the line of Theil and Sen, and
//! the known monitor's rule.
//!
//! They are told points and asked in between; they see nothing of what comes.

use std::time::Duration;

use health_lag::{Crossing, Estimator, Reading, Timeline};

use super::trace::Point;

/// A forecast and the ends of its interval.
#[derive(Clone, Copy, Debug)]
pub struct Said {
    /// The forecast.
    pub lag: f64,
    /// The lower end.
    pub lower: f64,
    /// The upper end.
    pub upper: f64,
}

/// Ours, with the timeline in front as in a monitor.
#[derive(Debug, Default)]
pub struct Ours {
    timeline: Timeline,
    /// What forecasts.
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

    /// The lag after so many seconds.
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
    if samples
        .iter()
        .all(|(_, lag)| lag.to_bits() == first.to_bits())
    {
        return Some(first);
    }
    let (at_zero, slope) = fit(samples.into_iter())?;
    Some(at_zero + slope * horizon)
}

/// The line of least squares: where it is at zero, and its slope.
fn fit(points: impl Iterator<Item = (f64, f64)>) -> Option<(f64, f64)> {
    let [mut n, mut x, mut y, mut products, mut squares] = [0.0; 5];
    for (this_x, this_y) in points {
        n += 1.0;
        x += this_x;
        y += this_y;
        products += this_x * this_y;
        squares += this_x * this_x;
    }
    let slope = (products - x * y / n) / (squares - x * x / n);
    slope.is_finite().then(|| (y / n - slope * x / n, slope))
}

/// The line of Theil and Sen through up to 60 of the points of the last `range` seconds: the
/// median of all slopes between two of them (Sen 1968), and of what it leaves.
pub fn theil_sen(points: &[Point], lag: &[f64], range: f64, horizon: f64) -> Option<f64> {
    let now = points.last()?.at;
    let from = points.partition_point(|point| point.at < now - range);
    let step = (points.len() - from).div_ceil(POINTS);
    let samples: Vec<_> = points
        .iter()
        .zip(lag)
        .skip(from)
        .rev()
        .step_by(step)
        .map(|(point, lag)| (point.at - now, *lag))
        .collect();
    let slopes = samples.iter().enumerate().flat_map(|(index, one)| {
        let others = samples.iter().skip(index + 1);
        others.map(move |other| (one.1 - other.1) / (one.0 - other.0))
    });
    let slope = median(slopes.collect())?;
    let at_zero = median(samples.iter().map(|(at, lag)| lag - slope * at).collect())?;
    Some(at_zero + slope * horizon)
}

const POINTS: usize = 60;

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The known monitor: a line through the last ten samples, the newest first, over their index.
pub fn by_index(lag: &[f64], horizon: f64) -> Option<f64> {
    let newest = lag.iter().rev().take(10).copied();
    let (at_zero, slope) = fit((0_u32..).map(f64::from).zip(newest))?;
    let samples = f64::from(u32::try_from(lag.len().min(10)).unwrap_or(10));
    Some((at_zero + slope * (samples + horizon)).max(0.0))
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// What Prometheus itself says: its tool names the value that a test did not expect.
    fn prometheus(lag: &[f64], range: &str, horizon: f64) -> f64 {
        let values: Vec<_> = lag.iter().map(f64::to_string).collect();
        let last = 10 * (lag.len() - 1);
        let tests = format!(
            "evaluation_interval: 10s\ntests:\n- interval: 10s\n  input_series:\n  \
             - series: lag\n    values: {}\n  promql_expr_test:\n  \
             - expr: predict_linear(lag[{range}], {horizon})\n    eval_time: {last}s\n",
            values.join(" ")
        );
        let name = format!("predict-linear-{}-{range}.yml", std::process::id());
        let file = std::env::temp_dir().join(name);
        std::fs::write(&file, tests).unwrap();
        let output = Command::new("promtool")
            .args(["test", "rules"])
            .arg(&file)
            .output()
            .expect("promtool is missing: apt-get install prometheus");
        std::fs::remove_file(&file).unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        let got = text
            .split("got: {} ")
            .nth(1)
            .unwrap_or_else(|| panic!("{text}"));
        got.split_whitespace().next().unwrap().parse().unwrap()
    }

    #[test]
    fn predict_linear_is_that_of_prometheus() {
        let lag: Vec<f64> = (0..40_u32)
            .map(|step| f64::from(step * step % 17) + 0.5 * f64::from(step))
            .collect();
        let points: Vec<_> = (0_u32..)
            .zip(&lag)
            .map(|(step, lag)| Point {
                at: 10.0 * f64::from(step),
                leader: 0,
                applied: 0,
                lag: *lag,
            })
            .collect();
        for (range, seconds) in [("1m", 60.0), ("5m", 300.0)] {
            for horizon in [10.0, 60.0] {
                let ours = predict_linear(&points, &lag, seconds, horizon).unwrap();
                let theirs = prometheus(&lag, range, horizon);
                assert!((ours - theirs).abs() < 1e-9, "{range}: {ours}, {theirs}");
            }
        }
    }

    #[test]
    fn a_median_of_slopes_passes_over_what_is_far_off() {
        let points: Vec<_> = (0..40_u32)
            .map(|step| Point {
                at: 1.5 * f64::from(step),
                leader: 0,
                applied: 0,
                lag: 0.0,
            })
            .collect();
        let spiky = |(index, point): (usize, &Point)| {
            2.0 + 0.25 * point.at + if index % 7 == 3 { 50.0 } else { 0.0 }
        };
        let lag: Vec<f64> = points.iter().enumerate().map(spiky).collect();
        let said = theil_sen(&points, &lag, 60.0, 60.0).unwrap();
        assert!((said - (2.0 + 0.25 * 118.5)).abs() < 1e-9, "{said}");
        assert_eq!(theil_sen(&points[..1], &lag, 60.0, 60.0), None);
    }

    #[test]
    fn the_known_monitor_is_wrong_in_its_known_ways() {
        let grows: Vec<_> = (0..10).map(f64::from).collect();
        assert_eq!(by_index(&grows, 60.0), Some(0.0));
        let drains: Vec<_> = grows.iter().map(|lag| 90.0 - 10.0 * lag).collect();
        assert_eq!(by_index(&drains, 60.0), Some(700.0));
    }
}
