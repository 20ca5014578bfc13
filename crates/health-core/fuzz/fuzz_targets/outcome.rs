//! Any message and details, on their way through a component into the report: what comes out is
//! one line, bounded, and JSON.
//!
//! The wire has targets of its own.
#![no_main]

use health_core::{ComponentSpec, Health, MAX_DEPTH, MAX_DETAILS, MAX_MESSAGE, Outcome, Status};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};

fuzz_target!(|text: &str| {
    // The first line is the message, the rest the details.
    let (message, rest) = text.split_once('\n').unwrap_or((text, ""));
    let details = match serde_json::from_str(rest) {
        Ok(Value::Object(map)) => map,
        Ok(other) => Map::from_iter([(message.to_owned(), other)]),
        Err(_) => Map::from_iter([(rest.to_owned(), Value::from(text))]),
    };
    let health = Health::new();
    let part = health
        .component(ComponentSpec::new("part"))
        .expect("the name is free");
    for status in [Status::Healthy, Status::Degraded, Status::Unhealthy] {
        part.report(
            Outcome::new(status, message.to_owned())
                .with_details(details.clone())
                .detail("ratio", f64::NAN)
                .with_error(text.to_owned()),
        );
        let report = health.report();
        let state = report.check("part").expect("it is registered");
        assert!(state.message.len() <= MAX_MESSAGE, "{}", state.message);
        assert!(
            !state.message.contains(char::is_control),
            "{:?}",
            state.message
        );
        let Some(details) = &state.details else {
            continue;
        };
        let json = serde_json::to_string(details.as_ref()).expect("details are JSON");
        assert!(json.len() <= MAX_DETAILS, "{} bytes: {json}", json.len());
        // The object itself is the first level.
        let depth = details.values().map(depth).max().unwrap_or(0) + 1;
        assert!(depth <= MAX_DEPTH + 1, "{depth} deep: {json}");
        let back: Map<String, Value> = serde_json::from_str(&json).expect("details parse again");
        assert_eq!(back.len(), details.len());
    }
});

fn depth(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}
