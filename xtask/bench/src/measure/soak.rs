//! A million requests on a server with 50 checks: all answered, no extra run, no growth.
//!
//! The size is that of the budget; CI shows the same at a smaller one, in tests.

use crate::budgets::{SOAK_EXTRA_RUNS, SOAK_GROWTH, SOAK_UNANSWERED};
use crate::error::BenchError;
use crate::last_words::figure;
use crate::launch::{Launcher, Subject};
use crate::load::{self, Plan, Tally};
use crate::process::Server;
use crate::procfs;
use crate::server_flags::RuntimeKind;
use crate::statistics::float;
use crate::table::Row;

const CHECKS: u64 = 50;
const WARM_UP: u64 = 10_000;
const REQUESTS: u64 = 1_000_000;

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for runtime in [RuntimeKind::OwnThread, RuntimeKind::Multi] {
        rows.extend(soak(launcher, runtime)?);
    }
    Ok(rows)
}

fn soak(launcher: &Launcher, runtime: RuntimeKind) -> Result<[Row; 3], BenchError> {
    // Hourly checks run once each; any run beyond that was caused by a request.
    let server = launcher.start(Subject::quiet(runtime, 50))?;
    let warm_up = ask(&server, WARM_UP);
    let before = procfs::rss_kib(server.pid())?;
    let rest = ask(&server, REQUESTS - WARM_UP);
    let after = procfs::rss_kib(server.pid())?;
    let (_, words) = server.terminate()?;
    let runs = figure(&words, "check runs: ")?;
    let unanswered = REQUESTS - warm_up.answered - rest.answered;
    let growth = float(after.saturating_sub(before)) / 1024.0;
    let first = warm_up.first_failure.or(rest.first_failure);
    let note = format!(
        "slowest {} ms; first failure: {}",
        rest.slowest.as_millis(),
        first.as_deref().unwrap_or("none")
    );
    let case = runtime.as_str();
    Ok([
        Row::new(SOAK_UNANSWERED, case, float(unanswered)).note(note),
        Row::new(SOAK_EXTRA_RUNS, case, runs - float(CHECKS)),
        Row::new(SOAK_GROWTH, case, growth),
    ])
}

/// Half of the requests ask for readiness, half for the report.
fn ask(server: &Server, requests: u64) -> Tally {
    let plan = |path: &'static str, requests| Plan {
        addr: server.addr(),
        target: path.into(),
        requests,
        clients: 16,
        per_connection: 100,
    };
    let mut tally = load::run(&plan("/ready", requests / 2));
    let reports = load::run(&plan("/health", requests - requests / 2));
    tally.answered += reports.answered;
    tally.failed += reports.failed;
    tally.first_failure = tally.first_failure.or(reports.first_failure);
    tally.slowest = tally.slowest.max(reports.slowest);
    tally
}
