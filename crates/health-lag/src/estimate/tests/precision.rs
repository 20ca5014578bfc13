//! What 5 million readings at times like those since 1970 leave of a slope: over the face, against a
//! regression of its own.
//!
//! It looks for no accuracy of forecasts; that is `cargo xtask bench lag`'s.

use std::collections::VecDeque;

use super::*;
use crate::{LagMonitor, Sample};

const READINGS: u32 = 5_000_000;
/// In seconds, as are the rest.
const EPOCH: u64 = 1_700_000_000;
const SLOPE: f64 = 0.3;
/// A reading weighs 600 / (600 + t) of the one that comes t later: what is older than this weighs nothing
/// that a double could show.
const WINDOW_MICROS: u64 = 24_000_000_000;
const MEMORY: f64 = 600.0;

/// When, and the lag then, both in whole microseconds: 30 to 170 ms apart, with 10 ms of noise to either side:
/// less than what is applied meanwhile, so that no follower goes back.
fn story() -> impl Iterator<Item = (u64, u64)> {
    let mut state = 11_u64;
    let mut random = move |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    let mut passed = 0;
    (0..READINGS).map(move |_| {
        passed += 30_000 + random(140_000);
        (passed, passed * 3 / 10 + random(20_000))
    })
}

/// Sums whose rounding is summed too (Neumaier 1974).
#[derive(Default)]
struct Sum {
    sum: f64,
    lost: f64,
}

impl Sum {
    fn of(values: impl Iterator<Item = f64>) -> f64 {
        let mut all = Self::default();
        for value in values {
            let sum = all.sum + value;
            all.lost += if all.sum.abs() >= value.abs() {
                (all.sum - sum) + value
            } else {
                (value - sum) + all.sum
            };
            all.sum = sum;
        }
        all.sum + all.lost
    }
}

/// The line of least squares, in two passes over all that counts: its slope, and its value now.
struct Regression {
    slope: f64,
    now: f64,
}

fn seconds_of(micros: u64) -> f64 {
    Duration::from_micros(micros).as_secs_f64()
}

/// Of (time, lag), the newest last.
fn regression(readings: &VecDeque<(u64, u64)>) -> Regression {
    let newest = readings.back().unwrap().0;
    let mut weight = 1.0;
    let mut later = newest;
    let weighted: Vec<(f64, f64, f64)> = readings
        .iter()
        .rev()
        .map(|(at, lag)| {
            weight *= MEMORY / (MEMORY + seconds_of(later - at));
            later = *at;
            (weight, -seconds_of(newest - at), seconds_of(*lag))
        })
        .collect();
    let sum = |term: &dyn Fn(f64, f64, f64) -> f64| {
        Sum::of(
            weighted
                .iter()
                .map(|(weight, at, lag)| term(*weight, *at, *lag)),
        )
    };
    let whole = sum(&|weight, _, _| weight);
    let (at, lag) = (
        sum(&|weight, at, _| weight * at) / whole,
        sum(&|weight, _, lag| weight * lag) / whole,
    );
    let slope = sum(&|weight, t, l| weight * (t - at) * (l - lag))
        / sum(&|weight, t, _| weight * (t - at).powi(2));
    Regression {
        slope,
        now: lag - slope * at,
    }
}

/// Tells all of the story, and gives the regression over what of it counts at its end.
fn tell(mut take: impl FnMut(Duration, u64, u64)) -> Regression {
    let mut window = VecDeque::new();
    for (passed, lag) in story() {
        take(
            Duration::from_secs(EPOCH) + Duration::from_micros(passed),
            passed,
            lag,
        );
        window.push_back((passed, lag));
        while window
            .front()
            .is_some_and(|(at, _)| passed - at > WINDOW_MICROS)
        {
            window.pop_front();
        }
    }
    regression(&window)
}

/// Two limits and when each is crossed tell the slope to the nanosecond, where a forecast is rounded to
/// single precision.
fn slope(crossing: impl Fn(Duration) -> Crossing, lag: f64) -> f64 {
    let likely = |limit: f64| match crossing(secs(limit)) {
        Crossing::In { likely, .. } => likely.as_secs_f64(),
        other => panic!("{other:?}"),
    };
    let (near, far) = (lag + 100.0, lag + 10_100.0);
    (far - near) / (likely(far) - likely(near))
}

/// Half the distance of two neighbouring numbers of single precision.
fn single(value: f64) -> f64 {
    value * f64::from(f32::EPSILON) / 2.0
}

fn assert_alike(found: f64, exact: &Regression) {
    let off = (found / exact.slope - 1.0).abs();
    assert!(off < 1e-6, "off by {off}: {found} for {}", exact.slope);
    // Not only exactly what was fitted, but what is true.
    assert!((exact.slope / SLOPE - 1.0).abs() < 1e-3, "{}", exact.slope);
}

/// Lags as they are told.
#[test]
fn a_slope_of_5_million_noisy_readings_is_that_of_an_exact_regression() {
    let mut estimator = Estimator::new();
    let exact = tell(|at, passed, lag| {
        // It is never still.
        estimator.observe(&Reading {
            at,
            leader: passed + (1 << 50),
            applied: passed + (1 << 50) - lag,
            lag: Lag::Exact(Duration::from_micros(lag)),
        });
    });
    assert_alike(slope(|limit| estimator.crossing(limit), exact.now), &exact);
    // A forecast is that line, rounded to single precision.
    for horizon in [10.0, 60.0, 600.0] {
        let line = exact.now + exact.slope * horizon;
        let off = (ahead(&estimator, horizon) - line).abs();
        assert!(off <= 2.0 * single(line), "{off} of {line}");
    }
}

/// The same from positions: a leader that writes one a microsecond was where its follower is just a lag
/// ago.
#[test]
fn a_slope_of_5_million_positions_is_that_of_an_exact_regression() {
    let monitor = LagMonitor::new();
    let follower = monitor
        .follower_at("b", Duration::from_secs(EPOCH))
        .unwrap();
    let mut last = (Duration::ZERO, 0);
    let mut told = 0_u32;
    let exact = tell(|at, passed, lag| {
        let leader = passed + (1 << 50);
        let sample = Sample::new(leader, leader - lag);
        follower.push_at(at, sample).unwrap();
        last = (at, lag);
        told += 1;
        if told.is_multiple_of(500_000) {
            let status = follower.status_at(at).unwrap();
            assert_eq!(status.lag, Some(Lag::Exact(Duration::from_micros(lag))));
        }
    });
    assert_alike(slope(|limit| follower.crossing(limit), exact.now), &exact);
    let forecast = |horizon| follower.forecast(secs(horizon), 0.9).unwrap().lag;
    let line = exact.now + exact.slope * 10.0;
    let off = (forecast(10.0).as_secs_f64() - line).abs();
    assert!(off <= 2.0 * single(line), "{off} of {line}");
    // The growth is that from the last lag to the forecast in 10 s, and so no better than it.
    let (at, lag) = last;
    let growth = follower.status_at(at).unwrap().growth.unwrap();
    let off = (growth - (line - seconds_of(lag)) / 10.0).abs();
    assert!(off <= 2.0 * single(line) / 10.0, "{off} of {growth}");
}
