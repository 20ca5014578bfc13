//! `application/health+json`, as draft-inadarei-api-health-check-06 has it.
//!
//! `pass` and `warn` go with 200, `fail` with 503 (section 3.1). A key of `checks` is
//! `{componentName}:{measurementName}` (section 4): of a check its `responseTime` in milliseconds,
//! of a component its `state` as text. A colon in a name, which the draft keeps for itself, is
//! written `%3A`; `componentId` is the name as it is.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use health_core::{CheckState, CheckStatus, NodeStatus};
use serde::Serialize;
use serde_json::Value;

use super::{Object, Whole, json};
use crate::wire_time::{Timestamp, nanos};

#[derive(Serialize)]
struct Document<'a, C> {
    status: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    version: &'a str,
    #[serde(rename = "releaseId", skip_serializing_if = "str::is_empty")]
    release_id: &'a str,
    #[serde(rename = "serviceId", skip_serializing_if = "str::is_empty")]
    service_id: &'a str,
    /// Omitted when all is well (section 3.5).
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    checks: Option<C>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Reading<'a> {
    component_id: &'a str,
    component_type: &'static str,
    observed_value: Value,
    observed_unit: &'static str,
    status: &'static str,
    /// Of the observed value, so only where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a str>,
}

impl<'a> Reading<'a> {
    fn new(check: &'a CheckState) -> Self {
        let (observed_value, observed_unit) = if check.component {
            (Value::from(check.status.as_str()), "text")
        } else {
            let millis = check.latency.map(millis);
            (millis.map_or(Value::Null, Value::from), "ms")
        };
        Self {
            component_id: check.name(),
            component_type: component_type(&check.spec.tags),
            observed_value,
            observed_unit,
            status: status(check.status),
            time: check.at.map(Timestamp),
            output: (!check.healthy()).then(|| check.reason()),
        }
    }
}

#[allow(
    clippy::cast_precision_loss,
    reason = "exact for any latency below 104 days"
)]
fn millis(latency: Duration) -> f64 {
    nanos(latency) as f64 / 1e6
}

/// The types that the draft defines (section 4.2); a tag of that name chooses one.
fn component_type(tags: &[String]) -> &'static str {
    ["datastore", "system"]
        .into_iter()
        .find(|kind| tags.iter().any(|tag| tag == kind))
        .unwrap_or("component")
}

fn status(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Healthy => "pass",
        CheckStatus::Degraded => "warn",
        _ => "fail",
    }
}

fn key(check: &CheckState) -> String {
    let name = match check.name() {
        name if name.contains(':') => Cow::Owned(name.replace(':', "%3A")),
        name => Cow::Borrowed(name),
    };
    let measurement = if check.component {
        "state"
    } else {
        "responseTime"
    };
    format!("{name}:{measurement}")
}

fn entry(check: &CheckState) -> (String, [Reading<'_>; 1]) {
    (key(check), [Reading::new(check)])
}

pub(super) fn whole(whole: &Whole<'_>) -> Vec<u8> {
    let (version, node_id) = whole
        .report
        .map_or(("", ""), |report| (&*report.version, &*report.node_id));
    json(&Document {
        status: match (whole.passing, whole.status) {
            (false, _) => "fail",
            (true, NodeStatus::Healthy) => "pass",
            (true, _) => "warn",
        },
        version,
        release_id: version,
        service_id: node_id,
        output: whole.complaint(),
        checks: whole.report.map(|_| Object(whole.checks(), entry)),
    })
}

pub(super) fn check(check: &CheckState) -> Vec<u8> {
    let reading = Reading::new(check);
    json(&Document {
        status: reading.status,
        version: "",
        release_id: "",
        service_id: "",
        output: reading.output,
        checks: Some(BTreeMap::from([entry(check)])),
    })
}
