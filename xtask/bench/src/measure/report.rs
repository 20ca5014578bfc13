//! The full report of 100 checks: unchanged beside a static body of its size, and changing.
//!
//! Rendering by itself is a figure of the core.

use std::time::Duration;

use super::pairs;
use super::request_cost::cost;
use crate::budgets::{REPORT_CHANGING, REPORT_UNCHANGED};
use crate::client::{self, Reuse, Target};
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::server_flags::RuntimeKind;
use crate::table::Row;

pub(super) const CHECKS: usize = 100;
const PATH: &str = "/health";

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let runtime = RuntimeKind::OwnThread;
    let quiet = Subject::quiet(runtime, CHECKS);
    let body_bytes = body_bytes(launcher, quiet, PATH.into())?;
    let guarded = Subject::Guarded {
        runtime: RuntimeKind::Current,
        body_bytes,
    };
    let mut rows = Vec::new();
    for (reuse, case) in [(Reuse::KeepAlive, "keep-alive"), (Reuse::Close, "fresh")] {
        let ours = cost(launcher, quiet, PATH, reuse)?.instructions;
        let base = cost(launcher, guarded, PATH, reuse)?.instructions;
        let note = format!("a body of {body_bytes} bytes");
        rows.push(
            Row::new(REPORT_UNCHANGED, case, ours)
                .against(base)
                .note(note),
        );
    }
    let busy = Subject::Ours {
        runtime,
        checks: CHECKS,
        every: Duration::from_secs(1),
    };
    let (changing, unchanged) = pairs::cpu(launcher, busy, quiet, PATH, Reuse::KeepAlive)?;
    rows.push(Row::new(REPORT_CHANGING, "keep-alive", changing).against(unchanged));
    Ok(rows)
}

pub(super) fn body_bytes(
    launcher: &Launcher,
    subject: Subject,
    target: Target<'_>,
) -> Result<usize, BenchError> {
    let server = launcher.start(subject)?;
    let answer = client::get(server.addr(), target).map_err(|error| BenchError::Load {
        what: subject.label(),
        failed: 1,
        first: error.to_string(),
    })?;
    Ok(answer.body.len())
}
