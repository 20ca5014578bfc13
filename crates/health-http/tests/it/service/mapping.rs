//! The tables of `docs/dialects.md` that say what a status becomes, against real answers.

use std::time::Duration;

use health_core::{Component, ComponentSpec, Group, Health, Outcome, check_fn};
use health_http::HealthService;
use serde_json::Value;

use super::get;

const PAGE: &str = include_str!("../../../../../docs/dialects.md");
const LONG: Duration = Duration::from_hours(100);

/// The cells of each row of the table under that line, without their marks.
fn rows(title: &str) -> Vec<Vec<String>> {
    let table = PAGE.split(&format!("{title}\n\n")).nth(1).unwrap();
    let lines = table
        .lines()
        .take_while(|line| line.starts_with('|'))
        .skip(2);
    lines
        .map(|line| {
            let cells = line.trim_matches('|').split(" | ");
            cells.map(|cell| cell.trim().replace('`', "")).collect()
        })
        .collect()
}

/// A node with a check in each state, named `STATUS-CAUSE`.
async fn node() -> (Health, Vec<Component>) {
    let health = Health::new();
    let checks = [
        check_fn("healthy-reported", |_| async { true }),
        check_fn("degraded-reported", |_| async { Outcome::degraded("slow") }),
        check_fn("unhealthy-reported", |_| async { false }),
        check_fn("unhealthy-timeout", |_| std::future::pending::<()>())
            .timeout(Duration::from_millis(20)),
        check_fn("unhealthy-panic", |_| async {
            panic!("on purpose") as bool
        }),
        check_fn("unknown-pending", |_| async { true }).initial_delay(LONG),
        check_fn("unknown-disabled", |_| async { true }).disabled(),
    ];
    for check in checks {
        health.register(check.every(LONG)).unwrap();
    }
    let component = |name: &str| health.component(ComponentSpec::new(name)).unwrap();
    let silent = component("starting-pending");
    let leaving = component("stopping-reported");
    leaving.stopping("bye");
    let beating = ComponentSpec::new("unknown-stale").heartbeat(Duration::from_secs(5));
    let beating = health.component(beating).unwrap();
    beating.ready();
    drop(component("stopped-dropped"));
    let dying = component("panicked-panic");
    let death = tokio::spawn(async move {
        let _dying = dying;
        panic!("on purpose");
    });
    assert!(death.await.unwrap_err().is_panic());
    health.start().unwrap();
    for name in [
        "healthy-reported",
        "degraded-reported",
        "unhealthy-reported",
        "unhealthy-timeout",
        "unhealthy-panic",
    ] {
        health.ask(name).await.unwrap();
    }
    tokio::time::advance(Duration::from_mins(1)).await;
    (health, vec![silent, leaving, beating])
}

#[tokio::test(start_paused = true)]
async fn a_check_becomes_what_the_page_says() {
    let (health, _parts) = node().await;
    let service = HealthService::new(health.clone());
    let rows = rows("A check or component:");
    assert_eq!(rows.len(), 12);
    for row in rows {
        let [
            native,
            cause,
            code,
            components,
            ietf,
            actuator,
            microprofile,
            kubernetes,
        ] = &row[..]
        else {
            panic!("{row:?}");
        };
        let name = format!("{native}-{cause}");
        let check = health.check(&name).unwrap();
        assert_eq!(
            (check.status.as_str(), check.cause.as_str()),
            (&**native, &**cause)
        );
        for (format, expected) in [
            ("native", native),
            ("components", components),
            ("ietf", ietf),
            ("actuator", actuator),
            ("microprofile", microprofile),
        ] {
            let path = format!("/health/checks/{name}?format={format}");
            let reply = get(&service, &path).await;
            assert_eq!(reply.status.to_string(), *code, "{path}");
            assert_eq!(reply.json()["status"], expected.as_str(), "{path}");
            let whole = get(&service, &format!("/health?format={format}"))
                .await
                .json();
            assert_eq!(
                in_whole(&whole, format, &name),
                expected.as_str(),
                "{name} {format}"
            );
        }
        let text = get(&service, "/health?format=kubernetes&verbose")
            .await
            .text;
        let line = kubernetes.replace('…', &name);
        assert!(text.lines().any(|told| told == line), "{line}\n{text}");
    }
}

/// The status of a check in the report.
fn in_whole(whole: &Value, format: &str, name: &str) -> String {
    let check = match format {
        "native" => &whole["checks"][name],
        "ietf" => ["responseTime", "state"]
            .iter()
            .map(|measured| &whole["checks"][format!("{name}:{measured}")][0])
            .find(|check| !check.is_null())
            .unwrap(),
        "microprofile" => whole["checks"]
            .as_array()
            .unwrap()
            .iter()
            .find(|check| check["name"] == name)
            .unwrap(),
        _ => &whole["components"][name],
    };
    check["status"].as_str().unwrap().to_owned()
}

/// A node of that status, with the component that makes it so.
fn node_that_is(status: &str) -> (Health, Component) {
    let health = Health::new();
    let part = health.component(ComponentSpec::new("part").critical());
    let part = part.unwrap();
    if status != "starting" {
        health.start().unwrap();
        part.ready();
    }
    match status {
        "degraded" => part.degraded("slow"),
        "unhealthy" => part.not_ready("gone"),
        "stopping" => health.begin_shutdown(),
        _ => {}
    }
    (health, part)
}

/// What a path answers in each dialect, against a row of the page: its code and its other cells.
async fn assert_becomes(service: &HealthService, path: &str, native: &str, cells: &[&str]) {
    let [code, others @ .., kubernetes] = cells else {
        panic!("{cells:?}");
    };
    let formats = ["components", "ietf", "actuator", "microprofile"];
    assert_eq!(formats.len(), others.len());
    for (format, expected) in formats.iter().zip(others).chain([(&"native", &native)]) {
        let reply = get(service, &format!("{path}?format={format}")).await;
        assert_eq!(reply.status.to_string(), *code, "{path} {format}");
        assert_eq!(reply.json()["status"], *expected, "{path} {format}");
    }
    let text = get(service, &format!("{path}?format=kubernetes&verbose")).await;
    assert_eq!(text.status.to_string(), *code, "{path}");
    let last = text.text.lines().last().unwrap();
    assert!(last.ends_with(kubernetes), "{path}: {last}");
}

#[tokio::test(start_paused = true)]
async fn a_node_becomes_what_the_page_says() {
    let rows = rows("The node, a group, a probe:");
    assert_eq!(rows.len(), 6);
    // The last one is of probes.
    for row in &rows[..5] {
        let (native, cells) = row.split_first().unwrap();
        let cells: Vec<_> = cells.iter().map(String::as_str).collect();
        let (health, _part) = node_that_is(native);
        health.group(Group::listed("all", ["part"])).unwrap();
        let service = HealthService::new(health);
        for path in ["/health", "/ready", "/health/groups/all"] {
            assert_becomes(&service, path, native, &cells).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_passes_in_a_node_that_does_not_becomes_what_the_page_says() {
    let rows = rows("The node, a group, a probe:");
    let row = rows.last().unwrap();
    assert_eq!(row[0], "starting or stopping, of a probe that passes");
    for (position, status, paths) in [
        (0, "starting", &["/live"][..]),
        (1, "stopping", &["/live", "/startup"]),
    ] {
        // A cell with two words has one for each of the two.
        let cells = row[1..].iter().map(|cell| match cell.split_once(", ") {
            Some((starting, stopping)) => [starting, stopping][position],
            None => cell,
        });
        let cells: Vec<_> = cells.collect();
        let (health, _part) = node_that_is(status);
        let service = HealthService::new(health);
        for path in paths {
            assert_becomes(&service, path, status, &cells).await;
        }
    }
}
