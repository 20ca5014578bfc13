//! How good forecasts of lags are, as ratios to the last value, and what they cost.
//!
//! Traces and scores are made in `crate::lag`; the costs by the binary `lag_costs`.

use super::core::cpu_each_of;
use crate::budgets::{
    LAG_COVERAGE, LAG_FALSE_ALARMS, LAG_FALSE_STALLS, LAG_FAMILIES, LAG_FAMILY, LAG_FORECAST,
    LAG_MEASURED, LAG_READING, LAG_REAL, LAG_REFERENCE, LAG_STALLED_LATE, LAG_UNDISTURBED,
    LAG_WARNED_LATE,
};
use crate::error::BenchError;
use crate::lag::families::{ALL, SETS, Set};
use crate::lag::score::{Errors, HORIZONS, Score, score};
use crate::lag::stalls::{Stalls, stalls};
use crate::lag::trace::real;
use crate::launch::Launcher;
use crate::table::Row;

const DATA: &str = "crates/health-lag/tests/data";
/// An interval of 90 % may hold 85 to 98 % of the truths.
const MIDDLE: f64 = 91.5;
/// How long before a crossing it is to be told of, in seconds.
const LEAD: f64 = 20.0;

pub(crate) fn accuracy(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let directory = launcher.workspace.join(DATA);
    let trace = real(&directory).map_err(|source| BenchError::Read {
        what: directory.display().to_string(),
        source,
    })?;
    let mut rows = of_real(&score(&trace));
    rows.extend(of_stops("real", stalls(&trace)));
    rows.extend(SETS.iter().flat_map(of_families));
    Ok(rows)
}

fn of_real(score: &Score) -> Vec<Row> {
    let mut rows = Vec::new();
    let horizons = HORIZONS.iter().zip(&score.undisturbed).zip(&score.all);
    for ((horizon, undisturbed), all) in horizons {
        let case = format!("{horizon} s");
        let mean = |errors: f64, of: &Errors| errors / of.count;
        if *horizon <= 30.0 {
            let row = Row::new(
                LAG_UNDISTURBED,
                case.as_str(),
                mean(undisturbed.ours, undisturbed),
            );
            rows.push(row.against(mean(undisturbed.last, undisturbed)));
            rows.extend(others(
                "real, undisturbed",
                *horizon,
                Means::of(undisturbed),
            ));
        }
        if (*horizon - 30.0).abs() < 0.5 {
            let row = Row::new(LAG_REAL, case.as_str(), mean(all.ours, all));
            rows.push(row.against(mean(all.last, all)));
        }
        rows.push(covered(&format!("real, {case}"), all.coverage()));
    }
    let late = score.leads.iter().filter(|lead| **lead < LEAD).count();
    rows.push(
        Row::new(LAG_WARNED_LATE, "", whole(late))
            .note(format!("told of {:.1?} s before", score.leads)),
    );
    rows.push(Row::new(LAG_FALSE_ALARMS, "", 100.0 * score.false_alarms));
    rows.push(Row::new(LAG_MEASURED, "", 1e3 * score.measure_error));
    rows
}

/// Mean ratios of the traces of a family, and the mean coverage.
#[derive(Clone, Copy, Debug, Default)]
struct Means {
    ours: f64,
    linear: [f64; 2],
    robust: f64,
    old: f64,
    coverage: f64,
}

impl Means {
    fn of(errors: &Errors) -> Self {
        Self {
            ours: errors.ratio(errors.ours),
            linear: errors.linear.map(|it| errors.ratio(it)),
            robust: errors.ratio(errors.robust),
            old: errors.ratio(errors.old),
            coverage: errors.coverage(),
        }
    }

    fn add(&mut self, other: Self, part: f64) {
        self.ours += part * other.ours;
        for (sum, it) in self.linear.iter_mut().zip(other.linear) {
            *sum += part * it;
        }
        self.robust += part * other.robust;
        self.old += part * other.old;
        self.coverage += part * other.coverage;
    }
}

fn of_families(set: &Set) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut logarithms = [0.0; 5];
    let mut stops = Stalls::default();
    for family in ALL {
        let mut by_horizon = [Means::default(); 3];
        for shape in set.shapes {
            let trace = family.trace(shape);
            stops += stalls(&trace);
            let score = score(&trace);
            for (means, errors) in by_horizon.iter_mut().zip(&score.all) {
                means.add(Means::of(errors), 1.0 / whole(set.shapes.len()));
            }
        }
        let name = format!("{}, {}", set.name, family.name);
        for (horizon, means) in HORIZONS.iter().zip(by_horizon) {
            let case = format!("{name}, {horizon} s");
            rows.push(covered(&case, means.coverage));
        }
        let [.., last] = by_horizon;
        rows.push(Row::new(LAG_FAMILY, name.as_str(), last.ours).against(1.0));
        rows.extend(others(&name, 60.0, last));
        let [one, five] = last.linear;
        let ratios = [last.ours, one, five, last.robust, last.old];
        for (sum, ratio) in logarithms.iter_mut().zip(ratios) {
            *sum += ratio.ln() / whole(ALL.len());
        }
    }
    let [ours, one, five, robust, old] = logarithms.map(f64::exp);
    rows.push(Row::new(LAG_FAMILIES, set.name, ours).against(1.0));
    let means = Means {
        linear: [one, five],
        robust,
        old,
        ..Means::default()
    };
    rows.extend(others(
        &format!("{}, geometric mean", set.name),
        60.0,
        means,
    ));
    rows.extend(of_stops(set.name, stops));
    rows
}

fn of_stops(case: &str, found: Stalls) -> [Row; 2] {
    [
        Row::new(LAG_FALSE_STALLS, case, whole(found.wrong))
            .note(format!("{} rows are stalled", found.stalled)),
        Row::new(LAG_STALLED_LATE, case, whole(found.late))
            .note(format!("of {} stops", found.stops)),
    ]
}

fn others(case: &str, horizon: f64, means: Means) -> Vec<Row> {
    let [one, five] = means.linear;
    let named = [
        ("predict_linear 1 m", one),
        ("predict_linear 5 m", five),
        ("Theil-Sen 1 m", means.robust),
        ("the known monitor", means.old),
    ];
    let row = |(name, ratio)| {
        let case = format!("{case}, {horizon} s: {name}");
        Row::new(LAG_REFERENCE, case, ratio).against(1.0)
    };
    named.map(row).into()
}

/// How far a coverage is from the middle of what it may be.
fn covered(case: &str, coverage: f64) -> Row {
    let percent = 100.0 * coverage;
    let case = format!("{case}: {percent:.1} %");
    Row::new(LAG_COVERAGE, case, (percent - MIDDLE).abs())
}

#[expect(clippy::cast_precision_loss, reason = "a handful")]
fn whole(count: usize) -> f64 {
    count as f64
}

pub(crate) fn costs(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let cases = [
        (
            "timeline",
            LAG_READING,
            "the leader's and the lag, at 1 kHz",
        ),
        ("estimate-often", LAG_READING, "estimator, every 10 ms"),
        ("estimate-second", LAG_READING, "estimator, every second"),
        ("estimate-seldom", LAG_READING, "estimator, every 30 s"),
        ("forecast", LAG_FORECAST, "60 s"),
        ("crossing", LAG_FORECAST, "when it crosses a limit"),
    ];
    let mut rows = Vec::new();
    for (name, figure, case) in cases {
        let each = cpu_each_of(launcher, "lag_costs", name, 1_000_000)?;
        rows.push(Row::new(figure, case, each));
    }
    Ok(rows)
}
