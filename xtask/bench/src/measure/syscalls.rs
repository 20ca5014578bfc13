//! System calls of a readiness probe on a fresh connection.
//!
//! The calls by name stand in the notes; only their sum is judged.

use super::request_cost::{calls, total};
use crate::budgets::{CALLS_MULTI, CALLS_OWN_THREAD};
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::server_flags::RuntimeKind;
use crate::table::Row;

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let (base, _) = total(&calls(launcher, Subject::GUARDED, "/ready")?);
    let mut rows = Vec::new();
    for (runtime, figure) in [
        (RuntimeKind::OwnThread, CALLS_OWN_THREAD),
        (RuntimeKind::Multi, CALLS_MULTI),
    ] {
        let (sum, list) = total(&calls(launcher, Subject::quiet(runtime, 4), "/ready")?);
        rows.push(
            Row::new(figure, runtime.as_str(), sum)
                .against(base)
                .note(list),
        );
    }
    Ok(rows)
}
