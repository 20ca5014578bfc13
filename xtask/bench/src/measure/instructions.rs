//! User instructions and allocations of a readiness probe, beside guarded hyper's.
//!
//! These are the gate: they do not move with the machine's load.

use super::request_cost::{Cost, cost};
use crate::budgets::{
    ALLOCATIONS_FRESH, ALLOCATIONS_KEEP_ALIVE, Figure, READY_FRESH, READY_FRESH_MULTI,
    READY_KEEP_ALIVE, READY_KEEP_ALIVE_MULTI, READY_SPREAD,
};
use crate::client::Reuse;
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::server_flags::RuntimeKind;
use crate::table::Row;

/// A way to connect, and the figures that belong to it.
struct Way {
    reuse: Reuse,
    name: &'static str,
    own_thread: Figure,
    multi: Figure,
    allocations: Figure,
}

const WAYS: [Way; 2] = [
    Way {
        reuse: Reuse::KeepAlive,
        name: "keep-alive",
        own_thread: READY_KEEP_ALIVE,
        multi: READY_KEEP_ALIVE_MULTI,
        allocations: ALLOCATIONS_KEEP_ALIVE,
    },
    Way {
        reuse: Reuse::Close,
        name: "fresh",
        own_thread: READY_FRESH,
        multi: READY_FRESH_MULTI,
        allocations: ALLOCATIONS_FRESH,
    },
];

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for way in &WAYS {
        let guarded = cost(launcher, Subject::GUARDED, "/ready", way.reuse)?;
        let ours = |runtime, checks| {
            cost(
                launcher,
                Subject::quiet(runtime, checks),
                "/ready",
                way.reuse,
            )
        };
        let few = ours(RuntimeKind::OwnThread, 4)?;
        let some = ours(RuntimeKind::OwnThread, 100)?;
        let many = ours(RuntimeKind::OwnThread, 10_000)?;
        let multi = ours(RuntimeKind::Multi, 4)?;
        for (cost, checks) in [(few, "4"), (some, "100"), (many, "10,000")] {
            let case = format!("own-thread, {checks} checks");
            let row = Row::new(way.own_thread, case, cost.instructions);
            rows.push(row.against(guarded.instructions));
        }
        rows.push(Row::new(READY_SPREAD, way.name, spread(few, &[some, many])));
        let row = Row::new(way.multi, "multi-thread", multi.instructions);
        rows.push(row.against(guarded.instructions));
        for (cost, case) in [(few, "own-thread"), (multi, "multi-thread")] {
            let row = Row::new(way.allocations, case, cost.allocations);
            rows.push(row.against(guarded.allocations));
        }
    }
    Ok(rows)
}

/// The largest distance from the first, in per cent of it.
fn spread(first: Cost, others: &[Cost]) -> f64 {
    let off = |other: &Cost| (other.instructions / first.instructions - 1.0).abs() * 100.0;
    others.iter().map(off).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_is_of_the_farthest() {
        let cost = |instructions| Cost {
            instructions,
            allocations: 0.0,
        };
        let off = spread(cost(1000.0), &[cost(1004.0), cost(980.0)]);
        assert!((off - 2.0).abs() < 1e-9, "{off}");
    }
}
