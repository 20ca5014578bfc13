//! What the monitor of replication lag costs: a sample, a status, statistics, memory.
//!
//! The things themselves are done by the binary `lag_monitor_costs`, so that each run starts clean.

use std::process::Command;

use crate::budgets::{
    Figure, LAG_MEMORY, LAG_STATISTICS, LAG_STATUS, LAG_UPDATE_1_000, LAG_UPDATE_10,
    LAG_UPDATE_10_000,
};
use crate::error::BenchError;
use crate::launch::Launcher;
use crate::statistics::{float, median};
use crate::table::Row;

const PROGRAM: &str = "lag_monitor_costs";
const ROUNDS: usize = 5;

/// A cost, of how many nodes, how often it is done, and by how much it is divided.
type Cost = (Figure, &'static str, u64, u64, f64);

const COSTS: [Cost; 9] = [
    (LAG_UPDATE_10, "update", 10, 2_000_000, 1.0),
    (LAG_UPDATE_1_000, "update", 1_000, 2_000_000, 1.0),
    (LAG_UPDATE_10_000, "update", 10_000, 2_000_000, 1.0),
    (LAG_UPDATE_1_000, "update-growing", 1_000, 2_000_000, 1.0),
    (LAG_UPDATE_10_000, "update-growing", 10_000, 2_000_000, 1.0),
    (LAG_UPDATE_1_000, "update-flapping", 1_000, 2_000_000, 1.0),
    (LAG_UPDATE_1_000, "update-leaders", 1_000, 2_000_000, 1.0),
    (LAG_STATUS, "status", 1_000, 1_000_000, 1.0),
    (LAG_STATISTICS, "statistics", 10_000, 1_000, 1e3),
];

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for (figure, name, nodes, count, divisor) in COSTS {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            let sample = sample(launcher, name, nodes, count)?;
            rounds.push(number(&sample, "cpu_ns")? / number(&sample, "count")?.max(1.0) / divisor);
        }
        let value = median(&rounds).unwrap_or(f64::NAN);
        rows.push(Row::new(figure, name, value));
    }
    let nodes = 10_000;
    let memory = number(&sample(launcher, "memory", nodes, 1)?, "rss_kib")?;
    rows.push(Row::new(LAG_MEMORY, "10,000 nodes", memory / float(nodes)));
    Ok(rows)
}

fn sample(launcher: &Launcher, name: &str, nodes: u64, count: u64) -> Result<String, BenchError> {
    let what = format!("{PROGRAM} {name}");
    let output = Command::new(launcher.binary(PROGRAM))
        .args([
            name,
            "--nodes",
            &nodes.to_string(),
            "--count",
            &count.to_string(),
        ])
        .output()
        .map_err(|source| BenchError::Start {
            what: what.clone(),
            source,
        })?;
    if !output.status.success() {
        let last_words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(BenchError::Failed {
            what,
            status: output.status,
            last_words,
        });
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Of lines of a word and a number.
fn number(sample: &str, word: &'static str) -> Result<f64, BenchError> {
    let mut lines = sample.lines().filter_map(|line| line.split_once(' '));
    let found = lines.find(|(found, _)| *found == word);
    let number = found.and_then(|(_, number)| number.trim().parse().ok());
    number.ok_or_else(|| BenchError::Unparsable {
        what: PROGRAM.to_owned(),
        missing: word,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_words_and_numbers() {
        let sample = "count 10\ncpu_ns 420\n";
        assert!((number(sample, "cpu_ns").unwrap() - 420.0).abs() < 1e-9);
        assert!(number(sample, "rss_kib").is_err());
    }
}
