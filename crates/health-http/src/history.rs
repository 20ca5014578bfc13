//! The past runs of one check as JSON, oldest first. Pure.
//!
//! The ring and its figures are core's.

use health_core::{Cause, CheckState, History, HistoryEntry, Status};
use serde::Serialize;

use crate::wire_time::{Timestamp, nanos};

#[derive(Serialize)]
struct HistoryJson<'a> {
    name: &'a str,
    total: usize,
    /// Older runs that the bound of the ring has cost.
    dropped: u64,
    success_rate: Option<f64>,
    score: f64,
    consecutive_failures: u64,
    last_success: Option<Timestamp>,
    latency: LatencyJson,
    entries: Vec<EntryJson>,
}

/// Nearest-rank quantiles in nanoseconds; `null` before the first run.
#[derive(Serialize)]
struct LatencyJson {
    p50: Option<i64>,
    p90: Option<i64>,
    p99: Option<i64>,
    max: Option<i64>,
}

#[derive(Serialize)]
struct EntryJson {
    timestamp: Timestamp,
    latency: i64,
    status: Status,
    cause: Cause,
}

impl From<&HistoryEntry> for EntryJson {
    fn from(entry: &HistoryEntry) -> Self {
        Self {
            timestamp: Timestamp(entry.at),
            latency: nanos(entry.latency),
            status: entry.status,
            cause: entry.cause,
        }
    }
}

/// The history of a check.
pub(crate) fn render(check: &CheckState, history: &History) -> Vec<u8> {
    let quantile = |q| history.latency_quantile(q).map(nanos);
    let json = serde_json::to_vec(&HistoryJson {
        name: check.name(),
        total: history.entries.len(),
        dropped: history.dropped,
        success_rate: history.success_rate(),
        score: check.score(),
        consecutive_failures: check.consecutive_failures,
        last_success: check.last_success.map(Timestamp),
        latency: LatencyJson {
            p50: quantile(0.5),
            p90: quantile(0.9),
            p99: quantile(0.99),
            max: quantile(1.0),
        },
        entries: history.entries.iter().map(EntryJson::from).collect(),
    });
    debug_assert!(json.is_ok(), "{json:?}");
    json.unwrap_or_default()
}
