//! What the page shows, as JSON: the node, its checks with their past, what changed, the sections.
//! Pure.
//!
//! It is made for the page beside it and may change with it; programs read `/health`.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use health_core::{
    Cause, CheckState, CheckStatus, History, Impact, NodeStatus, Report, Row, Schedule,
    SectionState, Status,
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::journal::Transition;
use crate::stall_view::StallView;
use crate::wire_time::unix_millis;

/// How many past runs of a check are shown.
const RUNS: usize = 30;
/// A change may be seen somewhat after the time it bears.
const OVERLAP: u64 = 2_000;

/// What is shown.
pub(super) struct View<'a> {
    pub(super) report: &'a Report,
    pub(super) stall: StallView,
    pub(super) uptime: Duration,
    pub(super) now: SystemTime,
    pub(super) since: Option<SystemTime>,
    pub(super) transitions: &'a [Arc<Transition>],
    pub(super) sections: &'a [Arc<SectionState>],
}

/// Times are milliseconds since 1970, unless the name says otherwise.
#[derive(Serialize)]
struct StateJson<'a> {
    now: u64,
    node_id: &'a str,
    version: &'a str,
    status: NodeStatus,
    message: &'a str,
    since: Option<u64>,
    start_time: u64,
    score: Option<f64>,
    /// Differs when checks came or went: then what is left out of `checks` may be gone.
    registry: String,
    checks: Vec<CheckJson<'a>>,
    transitions: &'a [Arc<Transition>],
    sections: Vec<SectionJson<'a>>,
}

#[derive(Serialize)]
struct CheckJson<'a> {
    name: &'a str,
    status: CheckStatus,
    cause: Cause,
    enabled: bool,
    impact: Impact,
    message: &'a str,
    description: &'a str,
    tags: &'a [String],
    schedule: String,
    since: u64,
    at: Option<u64>,
    latency_ms: Option<f64>,
    score: f64,
    failures: u64,
    details: Option<&'a Map<String, Value>>,
    runs: Runs,
}

/// The past runs, the oldest first: a letter (`h`, `d`, `u`) and a latency each.
#[derive(Default, Serialize)]
struct Runs {
    status: String,
    latency_ms: Vec<f64>,
}

#[derive(Serialize)]
struct SectionJson<'a> {
    name: &'a str,
    title: &'a str,
    stale: bool,
    age_seconds: Option<f64>,
    dropped: u64,
    rows: &'a [Row],
}

/// All of it; of the checks only those that changed `after` a moment, if that is known and past.
pub(super) fn render(
    view: &View<'_>,
    after: Option<u64>,
    history: impl Fn(&str) -> Option<History>,
) -> Vec<u8> {
    let report = view.report;
    let now = unix_millis(view.now);
    // After a clock that was set back nothing would seem new.
    let after = after.filter(|after| *after <= now);
    let (status, message) = view.stall.overlay(report.status, &report.message);
    let checks = report
        .checks
        .iter()
        .filter(|check| after.is_none_or(|after| changed(check, after)))
        .map(|check| CheckJson::new(check, history(check.name())))
        .collect();
    let json = serde_json::to_vec(&StateJson {
        now,
        node_id: &report.node_id,
        version: &report.version,
        status,
        message: &message,
        since: view.since.map(unix_millis),
        start_time: unix_millis(report.start_time),
        score: score(&report.checks),
        registry: registry(&report.checks),
        checks,
        transitions: view.transitions,
        sections: view
            .sections
            .iter()
            .map(|section| SectionJson::new(section, view))
            .collect(),
    });
    debug_assert!(json.is_ok(), "{json:?}");
    json.unwrap_or_default()
}

/// Whether it may differ from what was shown at `after`. What is without evidence changes
/// without a result.
fn changed(check: &CheckState, after: u64) -> bool {
    let after = after.saturating_sub(OVERLAP);
    check.effective.is_none()
        || unix_millis(check.since) >= after
        || check.at.is_some_and(|at| unix_millis(at) >= after)
}

fn registry(checks: &[Arc<CheckState>]) -> String {
    let mut hasher = DefaultHasher::new();
    for check in checks {
        (check.name(), check.enabled).hash(&mut hasher);
    }
    format!("{:016x}", hasher.finish())
}

/// The mean of those that count, as the node's score weighs them in its summary's spirit.
fn score(checks: &[Arc<CheckState>]) -> Option<f64> {
    let scores: Vec<f64> = checks
        .iter()
        .filter(|check| check.enabled && check.spec.impact != Impact::Informational)
        .map(|check| check.score())
        .collect();
    #[allow(clippy::cast_precision_loss, reason = "a count of checks")]
    (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64)
}

impl<'a> CheckJson<'a> {
    fn new(check: &'a CheckState, history: Option<History>) -> Self {
        let spec = &check.spec;
        let message = if check.healthy() {
            &check.message
        } else {
            check.reason()
        };
        Self {
            name: check.name(),
            status: check.status,
            cause: check.cause,
            enabled: check.enabled,
            impact: spec.impact,
            message,
            description: &spec.description,
            tags: &spec.tags,
            schedule: schedule(check),
            since: unix_millis(check.since),
            at: check.at.map(unix_millis),
            latency_ms: check.latency.map(millis),
            score: check.score(),
            failures: check.consecutive_failures,
            details: check.details.as_deref(),
            runs: history.map_or_else(Runs::default, |history| Runs::of(&history)),
        }
    }
}

fn schedule(check: &CheckState) -> String {
    let spec = &check.spec;
    let time = humantime::format_duration;
    let within = time(spec.timeout);
    match spec.schedule {
        _ if check.component => "reported by itself".to_owned(),
        Schedule::Every(interval) => format!("every {}, within {within}", time(interval)),
        Schedule::OnDemand(ttl) => {
            format!("when asked, at most every {}, within {within}", time(ttl))
        }
    }
}

fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}

impl Runs {
    fn of(history: &History) -> Self {
        let skipped = history.entries.len().saturating_sub(RUNS);
        let entries = || history.entries.iter().skip(skipped);
        Self {
            status: entries()
                .map(|entry| match entry.status {
                    Status::Healthy => 'h',
                    Status::Degraded => 'd',
                    Status::Unhealthy => 'u',
                })
                .collect(),
            latency_ms: entries().map(|entry| millis(entry.latency)).collect(),
        }
    }
}

impl<'a> SectionJson<'a> {
    fn new(section: &'a SectionState, view: &View<'_>) -> Self {
        let age = |at| view.now.duration_since(at).unwrap_or_default();
        Self {
            name: &section.name,
            title: &section.title,
            stale: section.is_stale(view.uptime),
            age_seconds: section.updated.map(|at| age(at).as_secs_f64()),
            dropped: section.dropped,
            rows: &section.rows,
        }
    }
}
