//! The summary as JSON: the node in a few figures. Pure.
//!
//! The figures are drawn by core.

use health_core::{NodeStatus, Report};
use serde::Serialize;
use serde_json::{Map, Value};

use std::collections::BTreeMap;

use crate::stall_view::StallView;
use crate::wire_time::Timestamp;

#[derive(Serialize)]
struct SummaryJson<'a> {
    status: NodeStatus,
    overall_score: f64,
    /// The end of the last full round; `null` before there was one.
    last_check: Option<Timestamp>,
    total_checks: usize,
    failed_checks: usize,
    component_scores: &'a BTreeMap<String, f64>,
    key_metrics: &'a Map<String, Value>,
}

/// The summary of a report; a stall of the application makes its status worse.
pub(crate) fn render(report: &Report, stall: StallView) -> Vec<u8> {
    let summary = report.summary();
    let (status, _) = stall.overlay(report.status, &report.message);
    let json = serde_json::to_vec(&SummaryJson {
        status,
        overall_score: summary.overall_score,
        last_check: summary.last_check.map(Timestamp),
        total_checks: summary.total_checks,
        failed_checks: summary.failed_checks,
        component_scores: &summary.component_scores,
        key_metrics: &summary.key_metrics,
    });
    debug_assert!(json.is_ok(), "{json:?}");
    json.unwrap_or_default()
}
