//! Scores forecasts of lags family by family: `lag_accuracy [--dump DIR]`.
//!
//! With `--dump` it writes a CSV of each trace, for plots. Budgets are `cargo xtask bench lag`'s.
#![allow(clippy::print_stdout, reason = "a program: this is its voice")]

use std::error::Error;
use std::path::{Path, PathBuf};

use health_bench::lag::families::{ALL, SETS, Set};
use health_bench::lag::score::{Errors, HORIZONS, Score, score};
use health_bench::lag::stalls::{Stalls, stalls};
use health_bench::lag::trace::{Trace, real};

const DATA: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../crates/health-lag/tests/data"
);

fn main() -> Result<(), Box<dyn Error>> {
    let (dump, only) = parse(lexopt::Parser::from_env())?;
    println!(
        "{:<34} {:>4} {:>7} {:>7} {:>7} {:>7} {:>7} {:>9} {:>6} {:>9}",
        "trace", "in", "ours", "1m", "5m", "Theil", "old", "last", "90 %", "width"
    );
    let trace = real(Path::new(DATA))?;
    let scored = score(&trace);
    print(&trace.name, &scored.all);
    print("real, undisturbed", &scored.undisturbed);
    println!(
        "leads {:?}, false alarms {:.4}, measured within {:.4} s",
        scored.leads, scored.false_alarms, scored.measure_error
    );
    println!("{:?}", stalls(&trace));
    write(dump.as_deref(), &trace, &scored)?;
    for set in SETS {
        of_families(&set, only.as_deref(), dump.as_deref())?;
    }
    Ok(())
}

/// Prints the means of each family, and of each of its traces if it is the only one.
fn of_families(set: &Set, only: Option<&str>, dump: Option<&Path>) -> Result<(), Box<dyn Error>> {
    println!("{}:", set.name);
    let mut product = [0.0; 3];
    for family in ALL {
        if only.is_some_and(|only| only != family.name) {
            continue;
        }
        let part = 1.0 / count(set.shapes.len());
        let mut sums = [[0.0; 6]; 3];
        let mut false_alarms = 0.0;
        let mut stops = Stalls::default();
        for shape in set.shapes {
            let trace = family.trace(shape);
            let scored = score(&trace);
            if only.is_some() {
                print(&trace.name, &scored.all);
            }
            false_alarms += scored.false_alarms * part;
            stops += stalls(&trace);
            write(dump, &trace, &scored)?;
            for (sums, errors) in sums.iter_mut().zip(scored.all) {
                let ratios = [
                    errors.ratio(errors.ours),
                    errors.ratio(errors.linear[0]),
                    errors.ratio(errors.linear[1]),
                    errors.ratio(errors.robust),
                    errors.ratio(errors.old),
                    errors.coverage(),
                ];
                for (sum, ratio) in sums.iter_mut().zip(ratios) {
                    *sum += ratio * part;
                }
            }
        }
        for ((horizon, sums), product) in HORIZONS.iter().zip(sums).zip(&mut product) {
            let [ours, one, five, robust, old, coverage] = sums;
            println!(
                "{:<34} {horizon:>4} {ours:>7.3} {one:>7.3} {five:>7.3} {robust:>7.3} {old:>7.3} {:>9} {coverage:>6.3}",
                family.name, ""
            );
            *product += ours.ln() / count(ALL.len());
        }
        println!("    false alarms {false_alarms:.4}, {stops:?}");
    }
    println!("geometric means: {:.3?}", product.map(f64::exp));
    Ok(())
}

fn parse(mut args: lexopt::Parser) -> Result<(Option<PathBuf>, Option<String>), lexopt::Error> {
    use lexopt::prelude::{Long, Value, ValueExt as _};
    let (mut dump, mut only) = (None, None);
    while let Some(arg) = args.next()? {
        match arg {
            Long("dump") => dump = Some(args.value()?.into()),
            Value(family) => only = Some(family.string()?),
            other => return Err(other.unexpected()),
        }
    }
    Ok((dump, only))
}

fn print(name: &str, by_horizon: &[Errors; 3]) {
    for (horizon, errors) in HORIZONS.iter().zip(by_horizon) {
        let [one, five] = errors.linear;
        println!(
            "{name:<34} {horizon:>4} {:>7.3} {:>7.3} {:>7.3} {:>7.3} {:>7.3} {:>9.4} {:>6.3} {:>9.4}",
            errors.ratio(errors.ours),
            errors.ratio(one),
            errors.ratio(five),
            errors.ratio(errors.robust),
            errors.ratio(errors.old),
            errors.last / errors.count,
            errors.coverage(),
            errors.width / errors.count,
        );
    }
}

fn write(directory: Option<&Path>, trace: &Trace, score: &Score) -> std::io::Result<()> {
    let Some(directory) = directory else {
        return Ok(());
    };
    std::fs::create_dir_all(directory)?;
    let head = HORIZONS.map(|horizon| format!("f{horizon},lo{horizon},hi{horizon}"));
    let text = format!("t,lag,{}\n{}\n", head.join(","), score.lines.join("\n"));
    std::fs::write(directory.join(format!("{}.csv", trace.name)), text)
}

#[expect(clippy::cast_precision_loss, reason = "a handful")]
fn count(of: usize) -> f64 {
    of as f64
}
