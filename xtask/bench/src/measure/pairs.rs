//! CPU time of a request of two servers, taken in turns so that the machine's moods hit both.
//!
//! Only the ratio means anything; the times are those of this machine at this minute. Many short
//! rounds, and the lower quartile of each side: whether client and server share a core is settled
//! anew each round, and moves the time by half.

use super::request_cost::micros;
use crate::budgets::READY_CPU;
use crate::client::Reuse;
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::load::{self, Plan};
use crate::process::Server;
use crate::procfs;
use crate::server_flags::RuntimeKind;
use crate::statistics::{float, lower_quartile};
use crate::table::Row;

const ROUNDS: usize = 40;
const KEEP_ALIVE: u64 = 1_000;
const FRESH: u64 = 300;

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for runtime in [RuntimeKind::OwnThread, RuntimeKind::Multi] {
        for (reuse, case) in [(Reuse::KeepAlive, "keep-alive"), (Reuse::Close, "fresh")] {
            let ours = Subject::quiet(runtime, 4);
            let (ours, base) = cpu(launcher, ours, Subject::GUARDED, "/ready", reuse)?;
            let case = format!("{case}, {}", runtime.as_str());
            rows.push(Row::new(READY_CPU, case, ours).against(base));
        }
    }
    Ok(rows)
}

/// CPU µs of a request of each.
pub(crate) fn cpu(
    launcher: &Launcher,
    first: Subject,
    second: Subject,
    path: &str,
    reuse: Reuse,
) -> Result<(f64, f64), BenchError> {
    let (first, second) = (launcher.start(first)?, launcher.start(second)?);
    let (mut of_first, mut of_second) = (Vec::new(), Vec::new());
    // The very first round warms both up.
    round(&first, path, reuse)?;
    round(&second, path, reuse)?;
    for _ in 0..ROUNDS {
        of_first.push(round(&first, path, reuse)?);
        of_second.push(round(&second, path, reuse)?);
    }
    Ok((lower_quartile(of_first), lower_quartile(of_second)))
}

fn round(server: &Server, path: &str, reuse: Reuse) -> Result<f64, BenchError> {
    let plan = match reuse {
        Reuse::KeepAlive => Plan::keep_alive(server.addr(), path, KEEP_ALIVE),
        Reuse::Close => Plan::fresh(server.addr(), path, FRESH),
    };
    let before = procfs::activity(server.pid())?;
    load::run(&plan).all_answered(server.what())?;
    let spent = procfs::activity(server.pid())?.since(before);
    Ok(micros(spent.cpu_ns) / float(plan.requests))
}
