//! What happens, as server-sent events (the `text/event-stream` of the HTML standard). Pure.
//!
//! Runs that change nothing are not told: one event a transition. The stream itself
//! is in `event_stream`.

use std::time::SystemTime;

use bytes::Bytes;
use health_core::{CheckState, Event, EventKind, NodeStatus, Notice};
use serde_json::{Value, json};

use crate::wire_time::Timestamp;

/// How soon a browser connects again, in milliseconds, and the first thing it hears.
pub(crate) fn greeting(status: NodeStatus, at: SystemTime) -> Bytes {
    let mut text = b"retry: 2000\n".to_vec();
    text.extend_from_slice(&beat(status, at));
    text.into()
}

/// That the node is still there, and how it is.
pub(crate) fn beat(status: NodeStatus, at: SystemTime) -> Bytes {
    let data = json!({ "timestamp": time(at), "status": status });
    written("beat", None, &data)
}

/// The event for a notice; `None` for what is not told.
pub(crate) fn event(notice: &Notice) -> Option<Bytes> {
    match notice {
        Notice::Event(event) => {
            let (name, data) = told(event)?;
            Some(written(name, Some(event.seq), &data))
        }
        Notice::Missed { count, report } => {
            let data = json!({
                "timestamp": time(report.at), "count": count, "status": report.status,
            });
            Some(written("missed", None, &data))
        }
        _ => None,
    }
}

fn told(event: &Event) -> Option<(&'static str, Value)> {
    let at = time(event.at);
    let told = match &event.kind {
        EventKind::Transition { check, from } => {
            let mut data = state(check, &at);
            set(&mut data, "from", json!(from));
            set(&mut data, "to", json!(check.status));
            ("transition", data)
        }
        EventKind::Probe {
            probe,
            from,
            to,
            passing,
        } => (
            "probe",
            json!({ "timestamp": at, "probe": probe, "from": from, "to": to, "passing": passing }),
        ),
        EventKind::Lifecycle { from, to } => (
            "lifecycle",
            json!({ "timestamp": at, "from": from, "to": to }),
        ),
        EventKind::Registered { check } => ("registered", state(check, &at)),
        EventKind::Unregistered { name } => (
            "unregistered",
            json!({ "timestamp": at, "name": name.as_ref() }),
        ),
        _ => return None,
    };
    Some(told)
}

fn state(check: &CheckState, at: &str) -> Value {
    json!({
        "timestamp": at,
        "name": check.name(),
        "status": check.status,
        "cause": check.cause,
        "impact": check.spec.impact,
        "message": check.reason(),
        "enabled": check.enabled,
    })
}

fn set(data: &mut Value, key: &str, value: Value) {
    if let Value::Object(fields) = data {
        fields.insert(key.to_owned(), value);
    }
}

fn time(at: SystemTime) -> String {
    Timestamp(at).to_string()
}

/// One event. JSON has no line breaks of its own, so one `data` line holds it.
fn written(name: &str, id: Option<u64>, data: &Value) -> Bytes {
    let id = id.map_or_else(String::new, |id| format!("id: {id}\n"));
    format!("event: {name}\n{id}data: {data}\n\n").into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use health_core::{ComponentSpec, Health};

    #[tokio::test]
    async fn one_event_a_transition_in_its_wording() {
        let health = Health::new();
        let mut notices = health.subscribe();
        let queue = health.component(ComponentSpec::new("queue")).unwrap();
        queue.ready();
        queue.ready();
        queue.degraded("a\nb");
        drop(queue);
        let mut told = Vec::new();
        while told.len() < 4 {
            if let Some(event) = event(&notices.next().await.unwrap()) {
                told.push(String::from_utf8(event.to_vec()).unwrap());
            }
        }
        let heads: Vec<(&str, bool, bool)> = told
            .iter()
            .map(|event| {
                let name = event.lines().next().unwrap();
                (name, event.contains("\nid: "), event.ends_with("\n\n"))
            })
            .collect();
        assert_eq!(heads[0], ("event: registered", true, true));
        for head in heads.get(1..).unwrap() {
            assert_eq!(*head, ("event: transition", true, true));
        }
        for event in &told {
            let lines: Vec<&str> = event.trim_end().lines().collect();
            let data = lines.last().unwrap().strip_prefix("data: ").unwrap();
            let data: Value = serde_json::from_str(data).unwrap();
            assert_eq!((lines.len(), &data["name"]), (3, &json!("queue")));
        }
        assert!(told[2].contains(r#""from":"healthy""#) && told[2].contains(r#""to":"degraded""#));
        assert!(told[2].contains(r#""message":"a b""#), "{}", told[2]);
    }
}
