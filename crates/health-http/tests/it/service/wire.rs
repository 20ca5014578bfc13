//! What is on the wire: aliases, fields and their types, methods, headers.

use std::time::Duration;

use health_core::{ComponentSpec, Outcome, check_fn};
use http_body_util::BodyExt;
use hyper::{Method, Request, StatusCode, Version, header};
use serde_json::{Value, json};

use super::{get, node, send};

#[tokio::test(start_paused = true)]
async fn every_alias_gives_the_same_answer() {
    let (health, service) = node();
    health.start().unwrap();
    for aliases in [
        "/health/ready /ready /readyz",
        "/health/live /live /livez",
        "/health/startup /health/started /startup /startupz",
    ] {
        let mut aliases = aliases.split(' ');
        let first = get(&service, aliases.next().unwrap()).await;
        for alias in aliases {
            let reply = get(&service, &format!("{alias}?x=1")).await;
            assert_eq!(
                (reply.status, &reply.text),
                (first.status, &first.text),
                "{alias}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_passes_degraded_says_so_to_envoy() {
    let (health, service) = node();
    let db = health
        .component(ComponentSpec::new("db").critical())
        .unwrap();
    db.ready();
    health.start().unwrap();
    let marked = async |path: &str| {
        let reply = get(&service, path).await;
        (reply.status, reply.headers.contains_key("x-envoy-degraded"))
    };
    let paths = ["/health", "/ready", "/readyz?verbose", "/health/checks/db"];
    for path in paths {
        assert_eq!(marked(path).await, (200, false), "healthy: {path}");
    }
    db.degraded("slow");
    for path in paths {
        assert_eq!(marked(path).await, (200, true), "degraded: {path}");
        assert_eq!(marked("/live").await, (200, false));
        assert_eq!(marked("/health/checks").await, (200, false));
    }
    db.not_ready("gone");
    for path in paths {
        assert_eq!(marked(path).await, (503, false), "unhealthy: {path}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_native_report_has_every_field_with_its_type() {
    let (health, service) = node();
    let failing = || async {
        Outcome::unhealthy("connection refused")
            .detail("attempts", 3)
            .with_error(std::io::Error::other("secret internals"))
    };
    health
        .register(check_fn("db", move |_| failing()).critical())
        .unwrap();
    health
        .register(check_fn("cache", |_| async {
            Outcome::healthy().detail("hits", 7)
        }))
        .unwrap();
    health
        .register(check_fn("later", |_| async { true }).initial_delay(Duration::from_mins(1)))
        .unwrap();
    health.start().unwrap();
    health.ask("db").await.unwrap();
    health.ask("cache").await.unwrap();
    tokio::time::advance(Duration::from_secs(5)).await;
    let reply = get(&service, "/health").await;
    assert_eq!(reply.status, 503);
    assert!(!reply.text.contains("secret internals"));
    let report = reply.json();
    for field in ["message", "timestamp", "start_time", "last_update"] {
        assert!(report[field].is_string(), "{field}");
    }
    assert!(report["uptime"].as_i64().unwrap() >= 5_000_000_000);
    assert_eq!(report["version"], "1.4.2");
    assert_eq!(report["node_id"], "node-1");
    assert_eq!(report["status"], "unhealthy");

    let db = &report["checks"]["db"];
    for (field, value) in [
        ("status", json!("unhealthy")),
        ("healthy", json!(false)),
        ("message", json!("connection refused")),
        ("reason", json!("connection refused")),
        ("details", json!({"attempts": 3})),
        ("impact", json!("critical")),
        ("cause", json!("reported")),
        ("raw_status", json!("unhealthy")),
        ("score", json!(0.0)),
    ] {
        assert_eq!(db[field], value, "{field}");
    }
    assert!(db["latency"].is_i64() && db["timestamp"].is_string() && db["since"].is_string());
    assert!(db["consecutive_failures"].as_u64().unwrap() >= 1);

    let cache = &report["checks"]["cache"];
    assert_eq!(cache["healthy"], true);
    assert_eq!(cache.get("reason"), None, "a healthy check needs no reason");
    let later = &report["checks"]["later"];
    assert_eq!(
        (&later["status"], &later["cause"]),
        (&json!("unknown"), &json!("pending"))
    );
    assert_eq!(
        (&later["timestamp"], &later["latency"]),
        (&Value::Null, &json!(0))
    );
    let names: Vec<_> = report["checks"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(names, ["cache", "db", "later"]);
}

#[tokio::test(start_paused = true)]
async fn the_list_of_checks_and_one_of_them() {
    let (health, service) = node();
    let check = check_fn("db", |_| async { true })
        .description("the main database")
        .every(Duration::from_secs(15))
        .tag("storage");
    health.register(check).unwrap();
    health
        .register(check_fn("off", |_| async { true }).disabled())
        .unwrap();
    health.start().unwrap();
    health.ask("db").await.unwrap();

    let list = get(&service, "/health/checks").await;
    assert_eq!(list.status, 200);
    let list = list.json();
    assert_eq!(
        (&list["total"], list["timestamp"].is_string()),
        (&json!(2), true)
    );
    let one = get(&service, "/health/checks/db").await;
    assert_eq!(one.status, 200);
    for db in [&list["checks"]["db"], &one.json()] {
        for (field, value) in [
            ("enabled", json!(true)),
            ("description", json!("the main database")),
            ("kind", json!("active")),
            ("interval", json!(15_000_000_000_u64)),
            ("timeout", json!(10_000_000_000_u64)),
            ("schedule", json!("interval")),
            ("tags", json!(["storage"])),
            ("status", json!("healthy")),
        ] {
            assert_eq!(db[field], value, "{field}");
        }
    }
    assert_eq!(one.json()["name"], "db");
    let off = get(&service, "/health/checks/off").await;
    assert_eq!(
        (off.status, off.json()["cause"].clone()),
        (503, json!("disabled"))
    );
    for unknown in [
        "/health/checks/nobody",
        "/health/checks/d%62",
        "/health/checks/",
        "/health/checks/db/",
    ] {
        assert_eq!(get(&service, unknown).await.status, 404, "{unknown}");
    }
}

#[tokio::test]
async fn methods_and_headers() {
    let (_health, service) = node();
    for path in [
        "/health",
        "/ready",
        "/health/checks",
        "/health/checks/nobody",
        "/nowhere",
    ] {
        let head = Request::head(path).header("host", "node").body(()).unwrap();
        let (head, get) = (send(&service, head).await, get(&service, path).await);
        assert_eq!(
            (head.status, &head.headers),
            (get.status, &get.headers),
            "{path}"
        );
        for (name, value) in [
            (header::CONTENT_TYPE, "application/json"),
            (header::CACHE_CONTROL, "no-store"),
            (header::VARY, "Accept"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            assert_eq!(get.headers[&name], value, "{path} {name}");
        }
    }
    for method in [
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::OPTIONS,
        Method::PATCH,
    ] {
        let build = |path| {
            Request::builder()
                .method(&method)
                .uri(path)
                .header("host", "n")
                .body(())
                .unwrap()
        };
        let reply = send(&service, build("/ready")).await;
        assert_eq!(
            (reply.status, &reply.headers[header::ALLOW]),
            (405, &"GET, HEAD".parse().unwrap())
        );
        assert_eq!(send(&service, build("/nowhere")).await.status, 404);
    }
    let hostless = Request::get("/live").body(()).unwrap();
    assert_eq!(
        send(&service, hostless).await.status,
        StatusCode::BAD_REQUEST
    );
    let old = Request::get("/live")
        .version(Version::HTTP_10)
        .body(())
        .unwrap();
    assert_eq!(send(&service, old).await.status, StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_history_is_rendered_once_for_each_run() {
    let (health, service) = node();
    for name in ["db", "cache"] {
        health.register(check_fn(name, |_| async { true })).unwrap();
    }
    health.start().unwrap();
    let body = async |name: &str| {
        let request = Request::get(format!("/health/history/{name}")).header("host", "node");
        let response = service.answer(&request.body(()).unwrap()).await;
        response.into_body().collect().await.unwrap().to_bytes()
    };
    health.ask("db").await.unwrap();
    let first = body("db").await;
    // A rendering is held by its address: what is the same is handed out, not made.
    let is_same = |other: &bytes::Bytes| other.as_ptr() == first.as_ptr();
    health.ask("cache").await.unwrap();
    health.disable("db").unwrap();
    let other = body("cache").await;
    assert!(is_same(&body("db").await) && !is_same(&other));
    health.enable("db").unwrap();
    health.ask("db").await.unwrap();
    let second = body("db").await;
    assert!(!is_same(&second));
    let total = |bytes: &bytes::Bytes| {
        let json: Value = serde_json::from_slice(bytes).unwrap();
        json["total"].as_u64().unwrap()
    };
    assert_eq!(total(&second), total(&first) + 1);
    // Another of the same name has a history of its own.
    health.unregister("db").unwrap();
    health.register(check_fn("db", |_| async { true })).unwrap();
    health.ask("db").await.unwrap();
    assert_eq!(total(&body("db").await), 1);
}
