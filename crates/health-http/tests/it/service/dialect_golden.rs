//! Every dialect on every route that speaks it, in each state of a node, byte for byte.
//!
//! A change here is a change of the format: `UPDATE_GOLDEN=1` writes the files anew.

use std::fmt::Write as _;
use std::time::Duration;

use health_core::{Component, ComponentSpec, Group, Health, Outcome, check_fn};
use health_http::HealthService;
use hyper::header;
use serde_json::{Value, json};

use super::get;
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
    let live = |name| ComponentSpec::new(name).live();
    for (spec, tell) in [
        (live("ingest").startup(), Component::ready as fn(&Component)),
        (live("index"), |part| part.degraded("rebuilding")),
        (live("silent"), |_| {}),
    ] {
        let part = health.component(spec).unwrap();
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
pub(super) fn everything(format: &str) -> Vec<String> {
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
            "/health/startup?verbose",
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
    let mut paths: Vec<_> = ["/health", "/ready", "/live", "/startup"]
        .iter()
        .map(|path| format!("{path}?format={format}"))
        .collect();
    if format == "kubernetes" {
        paths.push("/health/startup?verbose".to_owned());
        paths.push("/health/groups/storage?format=kubernetes".to_owned());
    }
    paths
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
