//! The native JSON: from a report to bytes. Pure.
//!
//! Durations are whole nanoseconds, times RFC 3339, names sorted.

use std::collections::BTreeMap;
use std::sync::Arc;

use health_core::{CheckState, NodeStatus, Report, Schedule};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::wire_time::{Timestamp, TimestampWriter, nanos};

/// How much of each check is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Detail {
    /// What it says.
    State,
    /// And how it is registered.
    Spec,
}

/// The head of the full report, up to its checks.
#[derive(Serialize)]
struct ReportHead<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    status: NodeStatus,
    message: &'a str,
    timestamp: Timestamp,
    uptime: i64,
    start_time: Timestamp,
    last_update: Timestamp,
    version: &'a str,
    node_id: &'a str,
}

/// One check as written, save its last run: the order of the fields is the order on the wire.
#[derive(Serialize)]
struct CheckJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    status: health_core::CheckStatus,
    healthy: bool,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    details: &'a Map<String, Value>,
    #[serde(skip_serializing_if = "is_zero")]
    details_dropped: u32,
    impact: health_core::Impact,
    cause: health_core::Cause,
    raw_status: Option<health_core::Status>,
    since: Timestamp,
    score: f64,
    consecutive_failures: u64,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    spec: Option<SpecJson<'a>>,
}

#[derive(Serialize)]
struct SpecJson<'a> {
    enabled: bool,
    description: &'a str,
    kind: health_core::Kind,
    component: bool,
    schedule: &'static str,
    interval: i64,
    timeout: i64,
    tags: &'a [String],
}

#[allow(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl<'a> CheckJson<'a> {
    fn new(
        check: &'a CheckState,
        detail: Detail,
        named: bool,
        none: &'a Map<String, Value>,
    ) -> Self {
        let spec = &check.spec;
        Self {
            name: named.then_some(check.name()),
            status: check.status,
            healthy: check.healthy(),
            message: &check.message,
            reason: (!check.healthy()).then(|| check.reason()),
            details: check.details.as_deref().unwrap_or(none),
            details_dropped: check.details_dropped,
            impact: spec.impact,
            cause: check.cause,
            raw_status: check.raw,
            since: Timestamp(check.since),
            score: check.score(),
            consecutive_failures: check.consecutive_failures,
            spec: (detail == Detail::Spec).then(|| SpecJson {
                enabled: check.enabled,
                description: &spec.description,
                kind: spec.kind,
                component: check.component,
                schedule: match spec.schedule {
                    _ if check.component => "pushed",
                    Schedule::Every(_) => "interval",
                    Schedule::OnDemand(_) => "on_demand",
                },
                interval: nanos(spec.schedule.period()),
                timeout: nanos(spec.timeout),
                tags: &spec.tags,
            }),
        }
    }
}

/// Appends `value` as JSON. Every value here serialises: it has string keys and
/// finite numbers only.
fn push(out: &mut Vec<u8>, value: &impl Serialize) {
    let written = serde_json::to_writer(&mut *out, value);
    debug_assert!(written.is_ok(), "{written:?}");
}

/// Appends one check, its last run's figures at the end; returns where those begin.
fn push_check(
    out: &mut Vec<u8>,
    json: &CheckJson<'_>,
    check: &CheckState,
    stamps: &mut TimestampWriter,
) -> usize {
    push(out, json);
    // The closing brace makes room for the run.
    out.pop();
    let steady = out.len();
    push_run(out, check, stamps);
    steady
}

/// Appends what changes with each run: `,"latency":…,"timestamp":…}`.
pub(crate) fn push_run(out: &mut Vec<u8>, check: &CheckState, stamps: &mut TimestampWriter) {
    out.extend_from_slice(b",\"latency\":");
    let mut digits = itoa::Buffer::new();
    out.extend_from_slice(digits.format(check.latency.map_or(0, nanos)).as_bytes());
    out.extend_from_slice(b",\"timestamp\":");
    match check.at {
        None => out.extend_from_slice(b"null"),
        Some(at) => stamps.push(out, at),
    }
    out.push(b'}');
}

/// Whether nothing but what [`push_run`] writes differs between two states of one registration.
pub(crate) fn differs_in_run_only(old: &CheckState, new: &CheckState) -> bool {
    let details = match (&old.details, &new.details) {
        (None, None) => true,
        (Some(old), Some(new)) => Arc::ptr_eq(old, new) || old == new,
        _ => false,
    };
    details
        && old.status == new.status
        && old.cause == new.cause
        && old.raw == new.raw
        && old.since == new.since
        && old.consecutive_failures == new.consecutive_failures
        && old.enabled == new.enabled
        && old.details_dropped == new.details_dropped
        && old.score().to_bits() == new.score().to_bits()
        && old.message == new.message
}

/// Appends one check of a map of checks, `"name":{…}`, and returns where its
/// last run's figures begin. A name needs no escaping.
pub(crate) fn push_entry(
    out: &mut Vec<u8>,
    check: &CheckState,
    detail: Detail,
    stamps: &mut TimestampWriter,
) -> usize {
    let none = Map::new();
    out.push(b'"');
    out.extend_from_slice(check.name().as_bytes());
    out.extend_from_slice(b"\":");
    push_check(
        out,
        &CheckJson::new(check, detail, false, &none),
        check,
        stamps,
    )
}

/// One check by itself, with its name.
pub(crate) fn check(check: &CheckState) -> Vec<u8> {
    let mut out = Vec::with_capacity(512);
    let none = Map::new();
    let json = CheckJson::new(check, Detail::Spec, true, &none);
    push_check(&mut out, &json, check, &mut TimestampWriter::default());
    out
}

/// Appends all that comes before the first check: `{…,"checks":{`.
/// `status` and `message` may be worse than the report's own.
pub(crate) fn push_report_head(
    out: &mut Vec<u8>,
    report: &Report,
    status: NodeStatus,
    message: &str,
) {
    push_head(out, report, None, status, message);
}

fn push_head(
    out: &mut Vec<u8>,
    report: &Report,
    group: Option<&str>,
    status: NodeStatus,
    message: &str,
) {
    push(
        out,
        &ReportHead {
            group,
            status,
            message,
            timestamp: Timestamp(report.at),
            uptime: nanos(report.uptime),
            start_time: Timestamp(report.start_time),
            last_update: Timestamp(report.last_update),
            version: &report.version,
            node_id: &report.node_id,
        },
    );
    // The closing brace makes room for the checks.
    out.pop();
    out.extend_from_slice(b",\"checks\":{");
}

/// The report on a group, with its name.
pub(crate) fn group(report: &Report, name: &str, status: NodeStatus, message: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(256 + 512 * report.checks.len());
    push_head(&mut out, report, Some(name), status, message);
    let mut stamps = TimestampWriter::default();
    for (position, check) in report.checks.iter().enumerate() {
        if position > 0 {
            out.push(b',');
        }
        push_entry(&mut out, check, Detail::State, &mut stamps);
    }
    out.extend_from_slice(b"}}");
    out
}

/// Appends all that comes before the first check of the list of checks.
pub(crate) fn push_checks_head(out: &mut Vec<u8>, report: &Report) {
    let head = BTreeMap::from([
        ("timestamp", Value::from(Timestamp(report.at).to_string())),
        ("total", Value::from(report.checks.len())),
    ]);
    push(out, &head);
    out.pop();
    out.extend_from_slice(b",\"checks\":{");
}
