//! Every dialect of 100 checks, and a history, unchanged, beside a static body of its size.
//!
//! The native report has figures of its own.

use super::report::{CHECKS, body_bytes};
use super::request_cost::cost;
use crate::budgets::DIALECT_UNCHANGED;
use crate::client::{Reuse, Target};
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::server_flags::RuntimeKind;
use crate::table::Row;

const HEALTH: &str = "/health";

/// Each dialect as it may be asked for.
const TARGETS: [(&str, Target<'static>); 13] = [
    ("components", by("/health?format=components")),
    ("ietf", by("/health?format=ietf")),
    ("actuator", by("/health?format=actuator")),
    ("microprofile", by("/health?format=microprofile")),
    ("kubernetes", by("/health?format=kubernetes&verbose")),
    ("actuator's own path", by("/actuator/health")),
    ("readiness, ietf", by("/ready?format=ietf")),
    ("readiness, kubernetes", by("/readyz?verbose")),
    ("a history", by("/health/history/check-00042")),
    (
        "ietf by accept",
        accepting(HEALTH, "application/health+json, */*;q=0.1"),
    ),
    (
        "actuator by accept",
        accepting(
            HEALTH,
            "application/vnd.spring-boot.actuator.v3+json, */*;q=0.1",
        ),
    ),
    (
        "kubernetes by accept",
        accepting(HEALTH, "text/plain, */*;q=0.1"),
    ),
    (
        "native, as a browser accepts",
        accepting(
            HEALTH,
            "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8",
        ),
    ),
];

const fn by(path: &str) -> Target<'_> {
    accepting(path, "*/*")
}

const fn accepting<'a>(path: &'a str, accept: &'a str) -> Target<'a> {
    Target { path, accept }
}

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let ours = Subject::quiet(RuntimeKind::OwnThread, CHECKS);
    let mut rows = Vec::new();
    for (name, target) in TARGETS {
        let body_bytes = body_bytes(launcher, ours, target)?;
        let guarded = Subject::Guarded {
            runtime: RuntimeKind::Current,
            body_bytes,
        };
        for (reuse, case) in [(Reuse::KeepAlive, "keep-alive"), (Reuse::Close, "fresh")] {
            let case = format!("{name}, {case}");
            let base = cost(launcher, guarded, target, reuse)?.instructions;
            let row = Row::new(
                DIALECT_UNCHANGED,
                case,
                cost(launcher, ours, target, reuse)?.instructions,
            );
            rows.push(
                row.against(base)
                    .note(format!("a body of {body_bytes} bytes")),
            );
        }
    }
    Ok(rows)
}
