//! Prometheus scrapes a node, and its alerts come and go.

use std::fmt::Write as _;

use serde_json::Value;

use super::file::{File, folder};
use super::program::{Program, free_address, get, run};
use crate::process::{Directory, Node};

/// A running Prometheus with the files of `docs/operations`, every interval a second.
pub(super) struct Prometheus {
    program: Program,
    address: String,
}

impl Prometheus {
    /// Starts it on a node, and waits for the first scrape.
    pub(super) fn of(node: &Node, directory: &Directory) -> Self {
        Self::at(node.address.strip_prefix("http://").unwrap(), directory)
    }

    /// The same on whatever listens at an address.
    pub(super) fn at(target: &str, directory: &Directory) -> Self {
        let mut alerts = File::read("alerts.yml");
        for time in ["30s", "1m", "2m", "5m", "10m", "15m"] {
            alerts = alerts.with(&format!("for: {time}\n"), "for: 1s\n");
        }
        alerts.put(directory);
        let config = File::read("prometheus.yml")
            .with("127.0.0.1:8080", target)
            .with("interval: 15s", "interval: 1s")
            .put(directory);
        let address = free_address();
        let arguments = [
            &format!("--config.file={config}"),
            &format!("--web.listen-address={address}"),
            &format!("--storage.tsdb.path={}", directory.path("tsdb").display()),
        ];
        let arguments = arguments.map(String::as_str);
        let program = Program::start(directory, "prometheus", &arguments);
        let mut prometheus = Self { program, address };
        prometheus.wait("a scrape", |it| {
            it.query(r#"up{job="health"} == 1"#).is_some()
        });
        prometheus
    }

    pub(super) fn wait(&mut self, what: &str, holds: impl Fn(&Answers<'_>) -> bool) {
        let answers = Answers(&self.address);
        self.program.wait(what, || holds(&answers));
    }
}

/// What Prometheus says over its HTTP API.
pub(super) struct Answers<'a>(&'a str);

impl Answers<'_> {
    fn data(&self, path: &str) -> Option<Value> {
        let (code, body) = get(&format!("http://{}/api/v1/{path}", self.0));
        assert_ne!(code, 400, "{path}: {body}");
        let mut answer: Value = serde_json::from_str(&body).ok()?;
        Some(answer["data"].take())
    }

    /// The series that an expression has now; `None` if there are none.
    pub(super) fn query(&self, expression: &str) -> Option<Vec<Value>> {
        let data = self.data(&format!("query?query={}", encoded(expression)))?;
        let series = data["result"].as_array()?;
        (!series.is_empty()).then(|| series.clone())
    }

    /// The values of a label, of the series that match.
    pub(super) fn label_values(&self, label: &str, matching: &str) -> Option<Vec<Value>> {
        let data = self.data(&format!(
            "label/{label}/values?match[]={}",
            encoded(matching)
        ))?;
        let values = data.as_array()?;
        (!values.is_empty()).then(|| values.clone())
    }

    /// The type of a metric.
    pub(super) fn kind(&self, metric: &str) -> Option<String> {
        let data = self.data(&format!("metadata?metric={metric}"))?;
        Some(data.get(metric)?.get(0)?["type"].as_str()?.to_owned())
    }

    /// Whether an alert fires, on a check if one is named.
    fn fires(&self, alert: &str, check: Option<&str>) -> Option<bool> {
        let data = self.data("alerts")?;
        let alerts = data["alerts"].as_array()?;
        Some(alerts.iter().any(|it| {
            let labels = &it["labels"];
            it["state"] == "firing"
                && labels["alertname"] == alert
                && check.is_none_or(|check| labels["check"] == check)
        }))
    }
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        write!(encoded, "%{byte:02X}").unwrap();
    }
    encoded
}

#[test]
fn promtool_finds_no_fault_with_the_files() {
    let path = |name: &str| folder().join(name).display().to_string();
    for arguments in [
        ["check", "rules", &path("alerts.yml")],
        ["check", "config", &path("prometheus.yml")],
        ["test", "rules", &path("alerts.test.yml")],
    ] {
        let (good, said) = run("promtool", &arguments, "");
        assert!(good, "{said}");
    }
}

#[test]
fn promtool_finds_no_fault_with_a_scrape() {
    let directory = Directory::new("metrics");
    directory.write("db");
    let good = directory.check("db", ":critical");
    let missing = directory.check("gone", "");
    let node = Node::start(&[
        "--checks",
        "5",
        "--interval",
        "50ms",
        "--file-check",
        &good,
        "--file-check",
        &missing,
    ]);
    node.wait_until("/metrics", |_, text| {
        text.contains("health_check_status{check=\"gone\",status=\"unhealthy\"} 1")
    });
    let (code, scrape) = node.get("/metrics");
    assert_eq!(code, 200);
    for part in [
        "health_shutdown_phase",
        "health_http_connections ",
        "health_node_info",
        "health_lag_seconds",
    ] {
        assert!(scrape.contains(part), "{part} is missing in {scrape}");
    }
    let (good, said) = run("promtool", &["check", "metrics"], &scrape);
    assert!(good && said.trim().is_empty(), "{said}");
}

#[test]
fn an_alert_fires_and_resolves() {
    let directory = Directory::new("alerts");
    directory.write("db");
    let db = directory.check("db", ":critical");
    let node = Node::start(&[
        "--without-own-checks",
        "--interval",
        "100ms",
        "--file-check",
        &db,
    ]);
    node.wait_for("/ready", 200);
    let mut prometheus = Prometheus::of(&node, &directory);
    prometheus.wait("the check's figures", |it| {
        it.query(r#"health_check_status{check="db",status="healthy"} == 1"#)
            .is_some()
    });
    let critical = "HealthCriticalCheckFailing";
    prometheus.wait("no alert", |it| {
        it.fires(critical, Some("db")) == Some(false)
    });

    directory.remove("db");
    prometheus.wait("the alert on the check", |it| {
        it.fires(critical, Some("db")) == Some(true)
    });
    for alert in ["HealthNodeUnhealthy", "HealthNodeNotReady"] {
        prometheus.wait(alert, |it| it.fires(alert, None) == Some(true));
    }

    directory.write("db");
    prometheus.wait("its end", |it| {
        it.fires(critical, Some("db")) == Some(false)
    });
    for alert in ["HealthNodeUnhealthy", "HealthNodeNotReady"] {
        prometheus.wait(alert, |it| it.fires(alert, None) == Some(false));
    }

    drop(node);
    prometheus.wait("a node that is gone", |it| {
        it.fires("HealthNodeDown", None) == Some(true)
    });
}

#[test]
fn a_replica_that_stops_is_told_and_forgotten() {
    let directory = Directory::new("lag-alerts");
    let stopped = Node::start(&["--without-own-checks", "--apply-time", "1h"]);
    let mut prometheus = Prometheus::of(&stopped, &directory);
    let alerts = [
        "HealthLagBreachPredicted",
        "HealthLagWarning",
        "HealthLagStalled",
    ];
    for alert in alerts {
        prometheus.wait(alert, |it| it.fires(alert, None) == Some(true));
    }
    let address = stopped.address.clone();
    drop(stopped);
    let listen = address.strip_prefix("http://").unwrap();
    let _again = Node::start_as(&["--listen", listen, "--without-own-checks"]);
    for alert in alerts {
        prometheus.wait(alert, |it| it.fires(alert, None) == Some(false));
    }
}
