//! A shutdown of components that end at once: from the trigger to its end, and CPU for each,
//! beside the peer (as the base) and the limit.
//!
//! The shutdowns themselves are in the binary `shutdown_costs`; here they take turns.

use std::process::Command;

use crate::budgets::{COMPONENT_CPU, COMPONENTS_FEW, COMPONENTS_MANY, Figure};
use crate::error::BenchError;
use crate::launch::Launcher;
use crate::output::output;
use crate::statistics::{float, median};
use crate::table::Row;

const PROGRAM: &str = "shutdown_costs";
const TURNS: usize = 9;
const OURS: [&str; 2] = ["closures", "tasks"];
const PEER: &str = "peer";
const LIMIT: &str = "limit";

/// How many end at once, and how it is told.
struct Size {
    count: u64,
    /// How often in one turn.
    rounds: u64,
    figure: Figure,
    unit: &'static str,
    nanos: f64,
}

const FEW: Size = Size {
    count: 100,
    rounds: 60,
    figure: COMPONENTS_FEW,
    unit: "µs",
    nanos: 1e3,
};
const MANY: Size = Size {
    count: 10_000,
    rounds: 5,
    figure: COMPONENTS_MANY,
    unit: "ms",
    nanos: 1e6,
};

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let (mut walls, mut cpus) = (Vec::new(), Vec::new());
    for (workers, runtime) in [("2", "2 workers"), ("0", "current-thread")] {
        for size in [FEW, MANY] {
            let all = Shutdowns::take_turns(launcher, &size, workers)?;
            let (peer, limit) = (all.of(PEER), all.of(LIMIT));
            for name in OURS {
                let ours = all.of(name);
                let wall = Row::new(
                    size.figure,
                    format!("{name}, {runtime}"),
                    ours.wall / size.nanos,
                );
                let note = format!("the limit {:.2} {}", limit.wall / size.nanos, size.unit);
                walls.push(wall.against(peer.wall / size.nanos).note(note));
                if size.count == MANY.count {
                    let each = |cost: Cost| cost.cpu / float(size.count) / 1e3;
                    let cpu = Row::new(COMPONENT_CPU, format!("{name}, {runtime}"), each(ours));
                    let note = format!("the limit {:.2} µs", each(limit));
                    cpus.push(cpu.against(each(peer)).note(note));
                }
            }
        }
    }
    walls.extend(cpus);
    Ok(walls)
}

/// Nanoseconds from the trigger to the end.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cost {
    wall: f64,
    cpu: f64,
}

/// What each kind of shutdown cost, round by round.
struct Shutdowns(Vec<(&'static str, Vec<Cost>)>);

impl Shutdowns {
    fn take_turns(launcher: &Launcher, size: &Size, workers: &str) -> Result<Self, BenchError> {
        let mut all = OURS.map(|name| (name, Vec::new())).to_vec();
        all.extend([(PEER, Vec::new()), (LIMIT, Vec::new())]);
        for _ in 0..TURNS {
            for (name, rounds) in &mut all {
                let mut command = Command::new(launcher.binary(PROGRAM));
                command
                    .args([name, "--workers", workers])
                    .args(["--count", &size.count.to_string()])
                    .args(["--rounds", &size.rounds.to_string()]);
                rounds.extend(parse(&output(&format!("{PROGRAM} {name}"), &mut command)?));
            }
        }
        Ok(Self(all))
    }

    /// The medians; NaN of a kind without rounds.
    fn of(&self, name: &str) -> Cost {
        let rounds = self.0.iter().filter(|(kind, _)| *kind == name);
        let rounds: Vec<_> = rounds.flat_map(|(_, rounds)| rounds).collect();
        let middle = |of: fn(&Cost) -> f64| {
            let all: Vec<_> = rounds.iter().map(|cost| of(cost)).collect();
            median(&all).unwrap_or(f64::NAN)
        };
        Cost {
            wall: middle(|cost| cost.wall),
            cpu: middle(|cost| cost.cpu),
        }
    }
}

/// Lines of wall and CPU nanoseconds.
fn parse(text: &str) -> Vec<Cost> {
    let cost = |line: &str| {
        let mut numbers = line.split(' ').map(str::parse);
        Some(Cost {
            wall: numbers.next()?.ok()?,
            cpu: numbers.next()?.ok()?,
        })
    };
    text.lines().filter_map(cost).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_are_lines_of_numbers_and_the_median_is_told() {
        let rounds = parse("100 80 7\n300 90 7\nbye\n200 70 7\n");
        assert_eq!(rounds.len(), 3);
        let all = Shutdowns(vec![("peer", rounds)]);
        let cost = all.of("peer");
        assert_eq!(
            cost,
            Cost {
                wall: 200.0,
                cpu: 80.0
            }
        );
        assert!(all.of("limit").wall.is_nan());
    }
}
