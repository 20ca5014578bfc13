//! Every dialect of 100 checks, and a history, unchanged, beside a static body of its size.
//!
//! The native report has figures of its own.

use super::report::{CHECKS, body_bytes};
use super::request_cost::cost;
use crate::budgets::DIALECT_UNCHANGED;
use crate::client::Reuse;
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::server_flags::RuntimeKind;
use crate::table::Row;

const PATHS: [(&str, &str); 9] = [
    ("components", "/health?format=components"),
    ("ietf", "/health?format=ietf"),
    ("actuator", "/health?format=actuator"),
    ("microprofile", "/health?format=microprofile"),
    ("kubernetes", "/health?format=kubernetes&verbose"),
    ("actuator's own path", "/actuator/health"),
    ("readiness, ietf", "/ready?format=ietf"),
    ("readiness, kubernetes", "/readyz?verbose"),
    ("a history", "/health/history/check-00042"),
];

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let ours = Subject::quiet(RuntimeKind::OwnThread, CHECKS);
    let mut rows = Vec::new();
    for (name, path) in PATHS {
        let body_bytes = body_bytes(launcher, ours, path)?;
        let guarded = Subject::Guarded {
            runtime: RuntimeKind::Current,
            body_bytes,
        };
        for (reuse, case) in [(Reuse::KeepAlive, "keep-alive"), (Reuse::Close, "fresh")] {
            let case = format!("{name}, {case}");
            let base = cost(launcher, guarded, path, reuse)?.instructions;
            let row = Row::new(
                DIALECT_UNCHANGED,
                case,
                cost(launcher, ours, path, reuse)?.instructions,
            );
            rows.push(
                row.against(base)
                    .note(format!("a body of {body_bytes} bytes")),
            );
        }
    }
    Ok(rows)
}
