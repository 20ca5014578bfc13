//! The health endpoint of Spring Boot Actuator, version 3 of its media type.
//!
//! A status is one of `UP`, `DOWN`, `OUT_OF_SERVICE`, `UNKNOWN`, with the `description` that a
//! Spring status may have where there is something to say. Spring knows no degraded: that is `UP`
//! with a description.

use std::sync::Arc;

use health_core::{CheckState, CheckStatus, NodeStatus};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Object, Whole, json};

#[derive(Serialize)]
struct Composite<'a, C> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    components: Option<C>,
    #[serde(skip_serializing_if = "Option::is_none")]
    groups: Option<Vec<&'a str>>,
}

#[derive(Serialize)]
struct Indicator<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a Map<String, Value>>,
}

impl<'a> Indicator<'a> {
    fn new(check: &'a CheckState) -> Self {
        Self {
            status: match check.status {
                CheckStatus::Healthy | CheckStatus::Degraded => "UP",
                CheckStatus::Unhealthy | CheckStatus::Stopped | CheckStatus::Panicked => "DOWN",
                CheckStatus::Starting | CheckStatus::Stopping => "OUT_OF_SERVICE",
                CheckStatus::Unknown => "UNKNOWN",
            },
            description: (!check.healthy()).then(|| check.reason()),
            details: check.details.as_deref().filter(|map| !map.is_empty()),
        }
    }
}

/// The groups that Spring Boot has for the probes, and those of the node; sorted.
fn groups(named: &[Arc<str>]) -> Vec<&str> {
    let mut groups: Vec<&str> = named.iter().map(AsRef::as_ref).collect();
    groups.extend(["liveness", "readiness"]);
    groups.sort_unstable();
    groups.dedup();
    groups
}

fn entry(check: &CheckState) -> (&str, Indicator<'_>) {
    (check.name(), Indicator::new(check))
}

pub(super) fn whole(whole: &Whole<'_>) -> Vec<u8> {
    json(&Composite {
        status: match (whole.passing, whole.status) {
            (true, _) => "UP",
            (false, NodeStatus::Starting | NodeStatus::Stopping) => "OUT_OF_SERVICE",
            (false, _) => "DOWN",
        },
        description: whole.complaint(),
        // As in Spring, no components are no key.
        components: (!whole.checks().is_empty()).then(|| Object(whole.checks(), entry)),
        groups: whole.groups.map(groups),
    })
}

pub(super) fn check(check: &CheckState) -> Vec<u8> {
    json(&Indicator::new(check))
}
