//! CPU time and wake-ups of a process whose 100 checks run every 10 s and that nobody asks.
//!
//! A wake-up is a voluntary context switch of any of its threads.

use std::time::Duration;

use crate::budgets::{IDLE_CPU, IDLE_CURRENT, IDLE_MULTI, IDLE_OWN_THREAD};
use crate::clock::pause;
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::procfs;
use crate::server_flags::RuntimeKind;
use crate::statistics::float;
use crate::table::Row;

/// Past the first runs, which all checks make at once.
const SETTLE: Duration = Duration::from_secs(15);
const WINDOW: Duration = Duration::from_mins(1);
const EVERY: Duration = Duration::from_secs(10);

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let kinds = [
        (RuntimeKind::Current, IDLE_CURRENT),
        (RuntimeKind::Multi, IDLE_MULTI),
        (RuntimeKind::OwnThread, IDLE_OWN_THREAD),
    ];
    // All at once: they sleep nearly all the time, and a minute each would be three.
    let mut servers = Vec::new();
    for (runtime, wakeups) in kinds {
        let subject = Subject::Ours {
            runtime,
            checks: 100,
            every: EVERY,
        };
        servers.push((runtime, wakeups, launcher.start(subject)?));
    }
    pause(SETTLE);
    let mut before = Vec::new();
    for (_, _, server) in &servers {
        before.push(procfs::activity(server.pid())?);
    }
    pause(WINDOW);
    let mut rows = Vec::new();
    for ((runtime, wakeups, server), before) in servers.iter().zip(before) {
        let spent = procfs::activity(server.pid())?.since(before);
        rows.push(Row::new(
            IDLE_CPU,
            runtime.as_str(),
            float(spent.cpu_ns) / 1e6,
        ));
        rows.push(Row::new(*wakeups, runtime.as_str(), float(spent.wakeups)));
    }
    Ok(rows)
}
