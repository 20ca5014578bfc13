//! The dialect of components that report on themselves: a status, and that of each component.
//!
//! `{"status":"ready","components":{NAME:{"status":…,"details":…}}}`, where a status is one of
//! `not_ready`, `ready`, `affected`, `shutting_down`, `shut_down`, `panicked`; `message` stands
//! beside the details of a component that is not ready.

use health_core::{Cause, CheckState, CheckStatus, Lifecycle, NodeStatus};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Object, Whole, json};

#[derive(Serialize)]
struct App<C> {
    status: &'static str,
    components: C,
}

#[derive(Serialize)]
struct Component<'a> {
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<&'a Map<String, Value>>,
}

impl<'a> Component<'a> {
    fn new(check: &'a CheckState) -> Self {
        Self {
            status: status(check),
            message: (!check.healthy()).then(|| check.reason()),
            details: check.details.as_deref(),
        }
    }
}

fn status(check: &CheckState) -> &'static str {
    match (check.status, check.cause) {
        (CheckStatus::Healthy, _) => "ready",
        (CheckStatus::Degraded, _) => "affected",
        (CheckStatus::Panicked, _) | (CheckStatus::Unhealthy, Cause::Panic) => "panicked",
        (CheckStatus::Stopping, _) => "shutting_down",
        (CheckStatus::Stopped, _) => "shut_down",
        (CheckStatus::Unhealthy | CheckStatus::Unknown | CheckStatus::Starting, _) => "not_ready",
    }
}

fn entry(check: &CheckState) -> (&str, Component<'_>) {
    (check.name(), Component::new(check))
}

pub(super) fn whole(whole: &Whole<'_>) -> Vec<u8> {
    let stopped = whole
        .report
        .is_some_and(|report| report.lifecycle == Lifecycle::Stopped);
    json(&App {
        status: match whole.status {
            NodeStatus::Healthy => "ready",
            NodeStatus::Degraded => "affected",
            // Alive, though it is not in service yet.
            NodeStatus::Starting if whole.passing => "ready",
            NodeStatus::Unhealthy | NodeStatus::Starting => "not_ready",
            NodeStatus::Stopping if stopped => "shut_down",
            NodeStatus::Stopping => "shutting_down",
        },
        components: Object(whole.checks(), entry),
    })
}

pub(super) fn check(check: &CheckState) -> Vec<u8> {
    json(&Component::new(check))
}
