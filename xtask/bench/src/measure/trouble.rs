//! Ten thousand checks, a third of them hanging, panicking, blocking or flooding with details: the
//! others keep their cadence, probes are answered, and nothing is left behind.
//!
//! The checks are in the binary `troubled`, whose last words are read here.

use std::time::Duration;

use crate::budgets::{TROUBLE_CADENCE, TROUBLE_FAILED, TROUBLE_LEAKED, TROUBLE_UNSHOWN};
use crate::clock::pause;
use crate::error::BenchError;
use crate::last_words::figure;
use crate::launch::{Launcher, Subject};
use crate::prober::meanwhile;
use crate::procfs;
use crate::statistics::float;
use crate::table::Row;

const WINDOW: Duration = Duration::from_mins(1);

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let server = launcher.start(Subject::Troubled)?;
    let before = procfs::activity(server.pid())?;
    let ((), mut probes) = meanwhile(server.addr(), || pause(WINDOW));
    let spent = procfs::activity(server.pid())?.since(before);
    let (_, words) = server.terminate()?;
    let figure = |label| figure(&words, label);
    let busy = float(spent.cpu_ns) / 1e7 / WINDOW.as_secs_f64();
    let cadence = format!(
        "worst of {} checks; all together off by {:.2} %; {busy:.0} % of one core",
        figure("others: ")?,
        figure("cadence off by, together: ")?,
    );
    let p99 = format!("{}; p99 {:.1} ms", probes.note(), probes.p99_ms());
    let mut rows = vec![
        Row::new(TROUBLE_CADENCE, "", figure("cadence off by, worst: ")?).note(cadence),
        Row::new(TROUBLE_UNSHOWN, "", figure("not as expected: ")?),
        Row::new(TROUBLE_FAILED, "", float(probes.failed)).note(p99),
    ];
    for (kind, label) in [
        ("tasks", "tasks left: "),
        ("threads", "threads left: "),
        ("descriptors", "descriptors left: "),
    ] {
        rows.push(Row::new(TROUBLE_LEAKED, kind, figure(label)?));
    }
    Ok(rows)
}
