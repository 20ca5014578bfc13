//! In-process costs of estimating a lag, one a run: `lag_costs NAME --count N` does a thing N times.
//!
//! It prints what the counted part alone spent, as `Meter` reports it; it judges nothing.
#![allow(clippy::print_stdout, reason = "a program: this is its voice")]

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use health_bench::lag::families::{ALL, Shape};
use health_bench::meter::Meter;
use health_lag::{Estimator, Lag, Reading, Timeline};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// So many followers take turns.
const FOLLOWERS: usize = 10;
const NINETY: f64 = 0.9;
const MINUTE: Duration = Duration::from_mins(1);

fn main() -> Result {
    let (name, count) = parse(lexopt::Parser::from_env())?;
    match name.as_str() {
        "timeline" => timeline(count),
        "estimate-second" => estimate(count, 1.0),
        "estimate-often" => estimate(count, 0.01),
        "estimate-seldom" => estimate(count, 30.0),
        "forecast" => ask(count, |estimator| {
            black_box(estimator.forecast(black_box(MINUTE), NINETY));
        }),
        "crossing" => ask(count, |estimator| {
            black_box(estimator.crossing(black_box(MINUTE)));
        }),
        other => Err(format!("no cost is named {other}: see the names in `main`").into()),
    }
}

fn parse(mut args: lexopt::Parser) -> std::result::Result<(String, u64), lexopt::Error> {
    use lexopt::prelude::{Long, Value, ValueExt as _};
    let (mut name, mut count) = (String::new(), 1);
    while let Some(arg) = args.next()? {
        match arg {
            Value(word) => name = word.string()?,
            Long("count") => count = args.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok((name, count))
}

/// Readings of a lag that goes up and down, with noise.
fn readings(every: f64) -> Result<Vec<Reading>> {
    let shape = Shape {
        seed: 3,
        seconds: 10_000.0 * every,
        every,
        size: 2.0 * every,
    };
    let ramps = ALL.iter().find(|family| family.name == "ramps");
    let trace = ramps.ok_or("there are no ramps")?.trace(shape);
    let reading = |point: &health_bench::lag::trace::Point| Reading {
        at: Duration::from_secs_f64(point.at),
        leader: point.leader,
        applied: point.applied,
        lag: Lag::Exact(Duration::from_secs_f64(point.lag)),
    };
    Ok(trace.points.iter().map(reading).collect())
}

/// Observes a leader and asks for a lag, 1,000 times a second.
fn timeline(count: u64) -> Result {
    let mut timeline = Timeline::new();
    let mut meter = Meter::start();
    for step in 0..count {
        let at = Duration::from_millis(step);
        timeline.observe(step * 1_000 + (step * step) % 777, at)?;
        timeline.forget_applied((step * 1_000).saturating_sub(2_000_000));
        black_box(timeline.lag((step * 1_000).saturating_sub(1_000_000), at));
    }
    print!("{}", meter.report(count));
    Ok(())
}

/// Takes readings of several followers in turn.
fn estimate(count: u64, every: f64) -> Result {
    let readings = readings(every)?;
    let whole = readings.last().ok_or("no readings")?.at + Duration::from_secs_f64(every);
    let mut estimators = vec![Estimator::new(); FOLLOWERS];
    let mut meter = Meter::start();
    let (mut done, mut begun) = (0, Duration::ZERO);
    while done < count {
        for reading in &readings {
            let reading = Reading {
                at: begun + reading.at,
                ..*reading
            };
            for estimator in &mut estimators {
                estimator.observe(black_box(&reading));
                done += 1;
            }
        }
        begun += whole;
    }
    print!("{}", meter.report(done));
    Ok(())
}

/// Asks an estimator that has a trend.
fn ask(count: u64, question: impl Fn(&Estimator)) -> Result {
    let mut estimator = Estimator::new();
    for reading in readings(1.0)?.iter().take(1_000) {
        estimator.observe(reading);
    }
    let last = estimator.clone();
    let mut meter = Meter::start();
    for _ in 0..count {
        question(black_box(&last));
    }
    print!("{}", meter.report(count));
    Ok(())
}
