//! Costs inside the process: a verdict, an evaluation, a rendering, a registration.
//!
//! The things themselves are done by the binary `core_costs`, so that each run starts clean.

use std::collections::BTreeMap;
use std::process::Command;

use super::request_cost::read_counts;
use crate::budgets::{
    CHECK_MEMORY, EVALUATE_ALLOCATIONS, EVALUATE_CURRENT, EVALUATE_MULTI, Figure, MEMORY_CHECK,
    REGISTER, RENDER, SCRAPE, SYSTEM_CHECKS, VERDICT, VERDICT_CLOCK,
};
use crate::callgrind;
use crate::error::BenchError;
use crate::launch::Launcher;
use crate::output::output;
use crate::statistics::{float, median, per_one};
use crate::table::Row;

const PROGRAM: &str = "core_costs";
const ROUNDS: usize = 7;

pub(crate) fn verdict(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for (figure, name) in [(VERDICT, "verdict"), (VERDICT_CLOCK, "verdict-clock")] {
        rows.push(Row::new(
            figure,
            "100 checks",
            cpu_each(launcher, name, 10_000_000)?,
        ));
    }
    Ok(rows)
}

pub(crate) fn evaluate(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let runtimes: [(&str, &str, Figure); 2] = [
        ("evaluate-current", "current-thread", EVALUATE_CURRENT),
        ("evaluate-multi", "2 workers", EVALUATE_MULTI),
    ];
    let mut rows = Vec::new();
    for (name, case, figure) in runtimes {
        rows.push(Row::new(figure, "", cpu_each(launcher, name, 200_000)?));
        let (few, many) = (20_000, 120_000);
        let small = allocations(launcher, name, few)?;
        let large = allocations(launcher, name, many)?;
        // In hundredths: what starting allocates differs by a handful from run to run.
        let each = (per_one(small, large) * 100.0).round() / 100.0;
        rows.push(Row::new(EVALUATE_ALLOCATIONS, case, each));
    }
    Ok(rows)
}

pub(crate) fn render(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let one = cpu_each(launcher, "render", 300_000)?;
    let all = cpu_each(launcher, "render-all", 100_000)?;
    let row = Row::new(RENDER, "one new result among 1,000 checks", one);
    let note = format!("with new results of all 1,000 it is {all:.0} ns");
    Ok(vec![row.note(note)])
}

/// What a scrape costs, the histories of all checks full.
pub(crate) fn scrape(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    launcher.build_with_metrics(PROGRAM)?;
    let each = ["scrape", "scrape-open"].map(|name| cpu_each(launcher, name, 30));
    launcher.build()?;
    let [plain, open] = each;
    let row = |format, each: f64| Row::new(SCRAPE, format, each / 1e6);
    Ok(vec![row("text", plain?), row("OpenMetrics", open?)])
}

pub(crate) fn register(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    const CHECKS: u64 = 10_000;
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(float(number(&sample(launcher, "register", CHECKS)?, "cpu_ns")?) / 1e6);
    }
    let memory = sample(launcher, "memory", CHECKS)?;
    let each = float(number(&memory, "rss_kib")?) / float(CHECKS);
    let time = median(&times).unwrap_or(f64::NAN);
    Ok(vec![
        Row::new(REGISTER, "", time),
        Row::new(CHECK_MEMORY, "", each),
    ])
}

/// What ready-made checks cost, the monitor that runs them included.
pub(crate) fn checks(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let cases = [
        ("check-memory", MEMORY_CHECK, "limit in MB", 20_000),
        (
            "check-memory-cgroup",
            MEMORY_CHECK,
            "limit of the cgroup",
            20_000,
        ),
        ("checks-system", SYSTEM_CHECKS, "", 2_000),
    ];
    let mut rows = Vec::new();
    for (name, figure, case, count) in cases {
        let each = cpu_each(launcher, name, count)? / 1e3;
        rows.push(Row::new(figure, case, each));
    }
    Ok(rows)
}

/// Median CPU ns of one of the things counted.
fn cpu_each(launcher: &Launcher, name: &str, count: u64) -> Result<f64, BenchError> {
    cpu_each_of(launcher, PROGRAM, name, count)
}

/// The same of another program that prints such lines.
pub(super) fn cpu_each_of(
    launcher: &Launcher,
    program: &str,
    name: &str,
    count: u64,
) -> Result<f64, BenchError> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut command = Command::new(launcher.binary(program));
        let sample = parse(&finish(program, name, &mut command, count)?);
        rounds.push(float(number(&sample, "cpu_ns")?) / float(number(&sample, "count")?.max(1)));
    }
    Ok(median(&rounds).unwrap_or(f64::NAN))
}

/// How often the thing was done, which may be more than was asked, and what was allocated in all.
fn allocations(launcher: &Launcher, name: &str, count: u64) -> Result<(u64, u64), BenchError> {
    let file = launcher.scratch.join("callgrind.out");
    let flags = callgrind::arguments(&file);
    let mut command = launcher.program_under("valgrind", &flags, PROGRAM);
    let sample = parse(&finish(PROGRAM, name, &mut command, count)?);
    Ok((number(&sample, "count")?, read_counts(&file)?.allocations))
}

type Sample = BTreeMap<String, u64>;

fn sample(launcher: &Launcher, name: &str, count: u64) -> Result<Sample, BenchError> {
    let mut command = Command::new(launcher.binary(PROGRAM));
    Ok(parse(&finish(PROGRAM, name, &mut command, count)?))
}

fn finish(
    program: &str,
    name: &str,
    command: &mut Command,
    count: u64,
) -> Result<String, BenchError> {
    output(
        &format!("{program} {name}"),
        command.args([name, "--count", &count.to_string()]),
    )
}

/// Lines of a word and a number.
fn parse(text: &str) -> Sample {
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(word, number)| Some((word.to_owned(), number.trim().parse().ok()?)))
        .collect()
}

fn number(sample: &Sample, word: &'static str) -> Result<u64, BenchError> {
    let missing = BenchError::Unparsable {
        what: PROGRAM.to_owned(),
        missing: word,
    };
    sample.get(word).copied().ok_or(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_words_and_numbers() {
        let sample = parse("count 10\nhello world\ncpu_ns 420\n");
        assert_eq!(number(&sample, "cpu_ns").unwrap(), 420);
        assert!(number(&sample, "hello").is_err());
    }
}
