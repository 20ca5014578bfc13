//! The native answers, against the schema that is published for them.
//!
//! The schema lets readers meet fields that are new to them; here none may be missing from it.

use std::time::Duration;

use health_http::HealthService;
use jsonschema::Validator;
use serde_json::{Value, json};

use super::dialect_golden::{Node, node};
use super::{Reply, get};

const SCHEMA: &str = include_str!("../../../../../docs/native.schema.json");

/// The schema of one kind of answer, with every object closed that lists its fields.
fn validator(kind: &str) -> Validator {
    let mut schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert!(schema["$defs"][kind].is_object(), "{kind}");
    close(&mut schema["$defs"]);
    schema.as_object_mut().unwrap().remove("anyOf");
    schema["$ref"] = json!(format!("#/$defs/{kind}"));
    jsonschema::draft202012::new(&schema).unwrap()
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            // Where fields are required by type, all of them are listed.
            if map.contains_key("properties")
                && map.contains_key("required")
                && map.contains_key("type")
            {
                map.insert("additionalProperties".to_owned(), json!(false));
            }
            map.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

fn check(path: &str, reply: &Reply, kind: &str) {
    let validator = validator(kind);
    let answer = reply.json();
    let errors: Vec<_> = validator
        .iter_errors(&answer)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(
        errors.is_empty(),
        "{path} is no {kind}: {errors:#?}\n{answer:#}"
    );
}

async fn check_all(service: &HealthService) {
    for (path, kind) in [
        ("/health", "report"),
        ("/health/groups/storage", "group"),
        ("/health/checks", "checks"),
        ("/health/checks/cache", "one_check"),
        ("/health/checks/ingest", "one_check"),
        ("/health/checks/worker", "one_check"),
        ("/health/checks/replica", "one_check"),
        ("/health/summary", "summary"),
        ("/health/history/cache", "history"),
        ("/health/history/replica", "history"),
        ("/health/history/silent", "history"),
        ("/health/ready", "ready"),
        ("/health/live", "live"),
        ("/health/startup", "startup"),
        ("/health/groups/nobody", "error"),
        ("/health/checks/nobody", "error"),
        ("/health/history/nobody", "error"),
        ("/nowhere", "error"),
    ] {
        check(path, &get(service, path).await, kind);
    }
}

#[tokio::test(start_paused = true)]
async fn every_native_answer_is_as_the_schema_says() {
    let Node {
        health,
        service,
        _parts,
    } = node();
    check_all(&service).await;
    health.start().unwrap();
    for _ in 0..3 {
        for name in ["database", "cache", "mail", "disk:data", "queue", "lost"] {
            health.ask(name).await.unwrap();
        }
        check_all(&service).await;
    }
    tokio::time::advance(Duration::from_hours(30)).await;
    check_all(&service).await;
    health.begin_shutdown_within(Duration::ZERO);
    check_all(&service).await;
    let live = get(&service, "/live").await;
    assert_eq!(
        (live.status, live.json()["uptime"].clone()),
        (503, json!("30h0m0s"))
    );

    let service = HealthService::builder(health).status_only().build();
    for (path, kind) in [
        ("/health", "status_only"),
        ("/health/groups/storage", "status_only"),
        ("/health/ready", "ready"),
        ("/health/live", "live"),
        ("/health/startup", "startup"),
    ] {
        check(path, &get(&service, path).await, kind);
    }
}

#[test]
fn the_schema_is_one_and_refuses_what_is_wrong() {
    let schema: Value = serde_json::from_str(SCHEMA).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    let ready = validator("ready");
    assert!(ready.is_valid(&json!({"ready": true, "status": "healthy", "message": "x"})));
    for wrong in [
        json!({"ready": true, "status": "fine", "message": "x"}),
        json!({"ready": "yes", "status": "healthy", "message": "x"}),
        json!({"ready": true, "status": "healthy"}),
        json!({"ready": true, "status": "healthy", "message": "x", "more": 1}),
    ] {
        assert!(!ready.is_valid(&wrong), "{wrong}");
    }
    assert!(!validator("live").is_valid(&json!({"live": false, "status": "stopping"})));
}
