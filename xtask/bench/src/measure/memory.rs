//! Resident memory of a minimal server and of `node`, fresh and after load.
//!
//! Growth over a long load is a figure of `soak`.

use std::time::Duration;

use crate::budgets::{Figure, MEMORY_FRESH, MEMORY_LOADED, NODE_FRESH, NODE_LOADED};
use crate::clock::pause;
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::load::{self, Plan};
use crate::procfs;
use crate::server_flags::RuntimeKind;
use crate::statistics::float;
use crate::table::Row;

const REQUESTS: u64 = 100_000;
const CLIENTS: u64 = 64;
const PER_CONNECTION: u64 = 100;
const SETTLE: Duration = Duration::from_secs(1);

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let guarded = |runtime| Subject::Guarded {
        runtime,
        body_bytes: 60,
    };
    let minimal = (MEMORY_FRESH, MEMORY_LOADED);
    let node = (NODE_FRESH, NODE_LOADED);
    let kinds = [
        (
            Subject::quiet(RuntimeKind::OwnThread, 4),
            RuntimeKind::Current,
            minimal,
        ),
        (
            Subject::quiet(RuntimeKind::Multi, 4),
            RuntimeKind::Multi,
            minimal,
        ),
        (
            Subject::Node {
                checks: 0,
                own_thread: false,
            },
            RuntimeKind::Multi,
            node,
        ),
        (
            Subject::Node {
                checks: 0,
                own_thread: true,
            },
            RuntimeKind::Multi,
            node,
        ),
    ];
    let mut rows = Vec::new();
    for (subject, base, figures) in kinds {
        rows.extend(beside(launcher, subject, guarded(base), figures)?);
    }
    Ok(rows)
}

fn beside(
    launcher: &Launcher,
    subject: Subject,
    base: Subject,
    (fresh, loaded): (Figure, Figure),
) -> Result<[Row; 2], BenchError> {
    let ours = sizes(launcher, subject)?;
    let base = sizes(launcher, base)?;
    Ok([
        Row::new(fresh, subject.label(), ours.0).against(base.0),
        Row::new(loaded, subject.label(), ours.1).against(base.1),
    ])
}

/// MiB fresh and after load.
fn sizes(launcher: &Launcher, subject: Subject) -> Result<(f64, f64), BenchError> {
    let server = launcher.start(subject)?;
    pause(SETTLE);
    let fresh = mib(procfs::rss_kib(server.pid())?);
    for path in ["/ready", "/health"] {
        let plan = Plan {
            addr: server.addr(),
            target: path.into(),
            requests: REQUESTS,
            clients: CLIENTS,
            per_connection: PER_CONNECTION,
        };
        load::run(&plan).all_answered(server.what())?;
    }
    pause(SETTLE);
    Ok((fresh, mib(procfs::rss_kib(server.pid())?)))
}

fn mib(kib: u64) -> f64 {
    float(kib) / 1024.0
}
