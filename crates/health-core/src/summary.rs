//! The summary: a few figures on the node, drawn from a report.

use std::collections::BTreeMap;
use std::time::SystemTime;

use serde_json::{Map, Value};

use crate::report::Report;
use crate::status::{NodeStatus, Status};

/// The node in a few figures.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Summary {
    /// The outward status.
    pub status: NodeStatus,
    /// The mean score of the checks that count, weighted by impact, in 0..=1.
    pub overall_score: f64,
    /// The score of each check and component.
    pub component_scores: BTreeMap<String, f64>,
    /// Counts by status, runs, and the slowest latency.
    pub key_metrics: Map<String, Value>,
    /// How many checks and components are registered.
    pub total_checks: usize,
    /// How many are unhealthy, or count without evidence.
    pub failed_checks: usize,
    /// The last moment by which every enabled check had given a result: the end
    /// of the last full round. `None` while one has given none.
    pub last_check: Option<SystemTime>,
}

impl Summary {
    pub(crate) fn new(report: &Report) -> Self {
        let enabled = || report.checks.iter().filter(|check| check.enabled);
        let count = |status: Option<Status>| {
            enabled()
                .filter(|check| check.counted && check.effective == status)
                .count()
        };
        let slowest = enabled()
            .filter_map(|check| check.latency)
            .max()
            .unwrap_or_default();
        let mut key_metrics = Map::new();
        for (name, value) in [
            ("healthy_checks", count(Some(Status::Healthy)) as u64),
            ("degraded_checks", count(Some(Status::Degraded)) as u64),
            ("unhealthy_checks", count(Some(Status::Unhealthy)) as u64),
            ("unknown_checks", count(None) as u64),
            (
                "disabled_checks",
                (report.checks.len() - enabled().count()) as u64,
            ),
            (
                "runs_total",
                report.checks.iter().map(|check| check.runs).sum(),
            ),
            (
                "slowest_check_ms",
                u64::try_from(slowest.as_millis()).unwrap_or(u64::MAX),
            ),
        ] {
            key_metrics.insert(name.to_owned(), value.into());
        }
        Self {
            status: report.status,
            overall_score: report.tallies.score(),
            component_scores: report
                .checks
                .iter()
                .map(|check| (check.name().to_owned(), check.score()))
                .collect(),
            key_metrics,
            total_checks: report.checks.len(),
            failed_checks: count(Some(Status::Unhealthy)) + count(None),
            last_check: enabled().map(|check| check.at).min().flatten(),
        }
    }
}
