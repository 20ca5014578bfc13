//! A readiness probe of a server with the feature `prometheus`, which counts each answer.
//!
//! Beside guarded hyper, and held to the limits of one that does not count.

use super::request_cost::cost;
use crate::budgets::{COUNTED_FRESH, COUNTED_KEEP_ALIVE};
use crate::client::Reuse;
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::server_flags::RuntimeKind;
use crate::table::Row;

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    launcher.build_with_metrics("ours")?;
    let rows = rows(launcher);
    launcher.build()?;
    rows
}

fn rows(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for (reuse, figure) in [
        (Reuse::KeepAlive, COUNTED_KEEP_ALIVE),
        (Reuse::Close, COUNTED_FRESH),
    ] {
        let ours = Subject::quiet(RuntimeKind::OwnThread, 4);
        let ours = cost(launcher, ours, "/ready", reuse)?.instructions;
        let base = cost(launcher, Subject::GUARDED, "/ready", reuse)?.instructions;
        rows.push(Row::new(figure, "own-thread", ours).against(base));
    }
    Ok(rows)
}
