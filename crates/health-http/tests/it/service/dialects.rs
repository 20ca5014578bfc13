//! Every dialect on every route that speaks it, in each state of a node, byte for byte.
//!
//! A change here is a change of the format: `UPDATE_GOLDEN=1` writes the files anew.

use std::fmt::Write as _;
use std::time::Duration;

use health_core::{Component, ComponentSpec, Group, Health, Outcome, check_fn};
use health_http::HealthService;
use hyper::{Request, header};
use serde_json::{Value, json};

use super::{get, send};
use crate::stack::golden::{compare, laid_out, timeless};

/// No check is due again within the test.
const LONG: Duration = Duration::from_hours(1);

/// A node with a check in every state, and what strangers might write into them.
pub(super) struct Node {
    pub(super) health: Health,
    pub(super) service: HealthService,
    /// Dropping one is a state of its own.
    pub(super) _parts: Vec<Component>,
}

pub(super) fn node() -> Node {
    let health = Health::builder().node_id("node-1").version("1.4.2").build();
    let hostile = "she said \"no\"\u{1f4a5} <b>é</b> \\ \u{2028}end";
    let checks = [
        check_fn("database", |_| async {
            Outcome::healthy()
                .detail("connections", 12)
                .detail("up", true)
        })
        .critical()
        .tag("storage")
        .tag("datastore"),
        check_fn("cache", move |_| async move {
            Outcome::degraded(hostile)
                .detail("hit_rate", 0.25)
                .detail("key \"quoted\"\n", "a\tb")
                .detail("nested", json!({"a": [1, null], "b": "c"}))
                .detail("nothing", Value::Null)
                .detail("message", "its own")
        })
        .tag("storage"),
        check_fn("mail", |_| async {
            Outcome::unhealthy("550 relay refused")
        })
        .informational(),
        check_fn("disk:data", |_| async { Outcome::unhealthy("96 % used") }).tag("system"),
        check_fn("queue", |_| std::future::pending::<()>()).timeout(Duration::from_millis(20)),
        check_fn("lost", |_| async { panic!("secret internals") as bool }),
        check_fn("replica", |_| async { true }).disabled(),
    ];
    for check in checks {
        health.register(check.every(LONG)).unwrap();
    }
    let mut parts = Vec::new();
    for (name, tell) in [
        ("ingest", Component::ready as fn(&Component)),
        ("index", |part| part.degraded("rebuilding")),
        ("silent", |_| {}),
    ] {
        let part = health.component(ComponentSpec::new(name).live()).unwrap();
        tell(&part);
        parts.push(part);
    }
    drop(health.component(ComponentSpec::new("worker")).unwrap());
    health.group(Group::tagged("storage", "storage")).unwrap();
    Node {
        service: HealthService::new(health.clone()),
        health,
        _parts: parts,
    }
}

/// Appends what each path answers.
async fn tell(out: &mut String, service: &HealthService, paths: &[String]) {
    for path in paths {
        let reply = get(service, path).await;
        let kind = reply.headers.get(header::CONTENT_TYPE);
        let kind = kind.map_or("-", |kind| kind.to_str().unwrap());
        writeln!(out, "GET {path}\n{} {kind}", reply.status).unwrap();
        if kind.ends_with("json") {
            reply.json();
            let body = timeless(&reply.text);
            out.push_str(&laid_out(&unmeasured(&body)));
        } else {
            out.push_str(&reply.text);
            if !reply.text.ends_with('\n') {
                out.push_str("(no line break)\n");
            }
        }
        out.push('\n');
    }
}

/// The text with each measured time of the IETF format replaced.
fn unmeasured(json: &str) -> String {
    let mut parts = json.split("\"observedValue\":");
    let mut out = parts.next().unwrap().to_owned();
    for part in parts {
        let end = part.find(',').unwrap();
        let value = &part[..end];
        let is_number = value.parse::<f64>().is_ok();
        let value = if is_number { "0.5" } else { value };
        write!(out, "\"observedValue\":{value}{}", &part[end..]).unwrap();
    }
    out
}

/// The paths of a dialect in a node that is running.
fn everything(format: &str) -> Vec<String> {
    let spoken = [
        "/health",
        "/health/ready",
        "/health/live",
        "/health/startup",
        "/health/groups/storage",
        "/health/groups/nobody",
        "/health/checks/database",
        "/health/checks/cache",
        "/health/checks/disk:data",
        "/health/checks/lost",
        "/health/checks/replica",
        "/health/checks/ingest",
        "/health/checks/worker",
        "/health/checks/nobody",
    ];
    let mut paths: Vec<_> = spoken
        .iter()
        .map(|path| format!("{path}?format={format}"))
        .collect();
    let others: &[&str] = match format {
        "kubernetes" => &[
            "/readyz?verbose",
            "/livez?verbose",
            "/startupz?verbose",
            "/startupz?exclude=ingest",
            "/health?format=kubernetes&verbose",
            "/health/groups/storage?format=kubernetes&verbose",
            "/readyz?verbose&exclude=cache&exclude=nobody&exclude=a%22b,c&exclude=%ff",
            "/livez?verbose&exclude=silent",
            "/livez?exclude=silent",
        ],
        "actuator" => &[
            "/actuator/health",
            "/actuator/health/liveness",
            "/actuator/health/readiness",
            "/actuator/health/storage",
            "/actuator/health/storage/cache",
            "/actuator/health/storage/mail",
            "/actuator/health/liveness/ingest",
            "/actuator/health/liveness/cache",
            "/actuator/health/mail",
            "/actuator/health/nobody",
        ],
        _ => &[],
    };
    paths.extend(others.iter().map(|path| (*path).to_owned()));
    paths
}

/// The paths whose answers follow the life of the node.
fn whole(format: &str) -> Vec<String> {
    ["/health", "/ready", "/live", "/startup"]
        .iter()
        .map(|path| format!("{path}?format={format}"))
        .collect()
}

#[tokio::test(start_paused = true)]
async fn every_dialect_is_as_it_was() {
    for (format, file) in [
        ("components", "components.txt"),
        ("ietf", "ietf.txt"),
        ("actuator", "actuator.txt"),
        ("microprofile", "microprofile.txt"),
        ("kubernetes", "kubernetes.txt"),
    ] {
        let Node {
            health,
            service,
            _parts,
        } = node();
        let mut out = String::from("# starting\n\n");
        tell(&mut out, &service, &whole(format)).await;
        health.start().unwrap();
        for name in ["database", "cache", "mail", "disk:data", "queue", "lost"] {
            health.ask(name).await.unwrap();
        }
        out.push_str("# running\n\n");
        tell(&mut out, &service, &everything(format)).await;
        health.begin_shutdown_within(LONG);
        out.push_str("# stopping\n\n");
        tell(&mut out, &service, &whole(format)).await;
        health.stop().await;
        compare(file, &out);
        assert!(!out.contains("secret internals"));
    }
}

#[tokio::test(start_paused = true)]
async fn codes_are_the_same_in_every_dialect() {
    let Node {
        health,
        service,
        _parts,
    } = node();
    let paths = everything("native");
    for started in [false, true] {
        if started {
            health.start().unwrap();
            health.ask("database").await.unwrap();
        }
        for path in &paths {
            let native = get(&service, path).await.status;
            for format in [
                "components",
                "ietf",
                "actuator",
                "microprofile",
                "kubernetes",
            ] {
                let path = path.replace("native", format);
                assert_eq!(get(&service, &path).await.status, native, "{path}");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn accept_chooses_and_head_and_headers_agree() {
    let Node {
        health,
        service,
        _parts,
    } = node();
    health.start().unwrap();
    health.ask("database").await.unwrap();
    for (accept, path, kind) in [
        ("*/*", "/health", "application/json"),
        (
            "application/health+json",
            "/health",
            "application/health+json",
        ),
        (
            "application/health+json",
            "/ready",
            "application/health+json",
        ),
        (
            "application/vnd.spring-boot.actuator.v3+json, application/json;q=0.5",
            "/health/groups/storage",
            "application/vnd.spring-boot.actuator.v3+json",
        ),
        ("text/plain", "/livez", "text/plain; charset=utf-8"),
        (
            "text/plain",
            "/health/checks/cache",
            "text/plain; charset=utf-8",
        ),
        ("image/png", "/health", "application/json"),
        ("q=1;;,/", "/ready", "application/json"),
        // No dialect but our own has these.
        ("text/plain", "/health/checks", "application/json"),
        ("text/plain", "/health/summary", "application/json"),
        ("text/plain", "/health/history/cache", "application/json"),
        // Spring Boot's paths speak no other.
        (
            "text/plain",
            "/actuator/health",
            "application/vnd.spring-boot.actuator.v3+json",
        ),
    ] {
        let ask = |method| {
            Request::builder()
                .method(method)
                .uri(path)
                .header("host", "node")
                .header("accept", accept)
                .body(())
                .unwrap()
        };
        let got = send(&service, ask("GET")).await;
        let head = send(&service, ask("HEAD")).await;
        assert_eq!(got.headers[header::CONTENT_TYPE], kind, "{accept} {path}");
        assert_eq!((head.status, &head.headers), (got.status, &got.headers));
        for (name, value) in [
            (header::CACHE_CONTROL, "no-store"),
            (header::VARY, "Accept"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        ] {
            assert_eq!(got.headers[&name], value, "{path}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn every_dialect_follows_every_change() {
    let health = Health::new();
    let service = HealthService::new(health.clone());
    let part = health
        .component(ComponentSpec::new("part").critical().tag("all"))
        .unwrap();
    health.group(Group::tagged("all", "all")).unwrap();
    health.start().unwrap();
    for format in [
        "native",
        "components",
        "ietf",
        "actuator",
        "microprofile",
        "kubernetes",
    ] {
        for path in [
            "/health",
            "/ready",
            "/health/groups/all",
            "/health/checks/part",
        ] {
            let path = format!("{path}?format={format}&verbose");
            let mut seen = Vec::new();
            for _ in 0..2 {
                part.ready();
                let up = get(&service, &path).await;
                assert_eq!(get(&service, &path).await.text, up.text);
                part.not_ready("gone");
                let down = get(&service, &path).await;
                assert_eq!((up.status, down.status), (200, 503), "{path}");
                assert_ne!(up.text, down.text, "{path}");
                seen.push((up.text, down.text));
            }
            if format != "native" && format != "ietf" {
                assert_eq!(seen[0], seen[1], "{path}: no time is in it");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_probe_stays_small_in_every_dialect_that_lists_no_checks() {
    let health = Health::new();
    let service = HealthService::new(health.clone());
    for n in 0..1000 {
        let name = format!("{n:04}-{}", "x".repeat(59));
        let check = check_fn(name, |_| async { Outcome::unhealthy("m".repeat(500)) });
        health.register(check.critical().live()).unwrap();
    }
    health.start().unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    for format in ["native", "components", "ietf", "actuator", "microprofile"] {
        for path in ["/ready", "/live", "/startup"] {
            let reply = get(&service, &format!("{path}?format={format}")).await;
            assert!(reply.text.len() < 1024, "{path} {format}: {}", reply.text);
            reply.json();
        }
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused_before_it_costs_anything() {
    let health = Health::new();
    let service = HealthService::new(health);
    let long = format!("/ready?x={}", "y".repeat(5000));
    let many = format!("/readyz?{}", "exclude=a&".repeat(65));
    for (path, status) in [(&long, 414), (&many, 400)] {
        let reply = get(&service, path).await;
        assert_eq!(reply.status, status);
        assert!(reply.json()["error"].is_string());
    }
}
