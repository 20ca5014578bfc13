//! A running Prometheus with the files of `docs/operations`, and what it says.
//!
//! What it is expected to say is the tests' business.

use std::fmt::Write as _;

use serde_json::Value;

use super::file::File;
use super::program::{Program, free_address, get};
use crate::process::{Directory, Node};

/// Every interval and every wait is a second.
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
        // Nobody probes.
        Self::with_prober(&[target], &free_address(), directory)
    }

    /// The same on several, which a blackbox exporter probes too.
    pub(super) fn with_prober(targets: &[&str], prober: &str, directory: &Directory) -> Self {
        Self::start(config(targets, prober), targets.len(), directory)
    }

    /// With a configuration, and so many targets in the job `health`.
    pub(super) fn start(config: File, targets: usize, directory: &Directory) -> Self {
        let mut alerts = File::read("alerts.yml");
        for time in ["30s", "1m", "2m", "5m", "10m", "15m"] {
            alerts = alerts.with(&format!("for: {time}\n"), "for: 1s\n");
        }
        alerts.put(directory);
        let config = config.with("interval: 15s", "interval: 1s").put(directory);
        let address = free_address();
        let arguments = [
            &format!("--config.file={config}"),
            &format!("--web.listen-address={address}"),
            &format!("--storage.tsdb.path={}", directory.path("tsdb").display()),
        ];
        let arguments = arguments.map(String::as_str);
        let program = Program::start(directory, "prometheus", &arguments);
        let mut prometheus = Self { program, address };
        prometheus.wait("a scrape of each", |it| {
            let up = it.query(r#"up{job="health"} == 1"#);
            up.is_some_and(|it| it.len() == targets)
        });
        prometheus
    }

    pub(super) fn wait(&mut self, what: &str, holds: impl Fn(&Answers<'_>) -> bool) {
        let answers = Answers(&self.address);
        self.program.wait(what, || holds(&answers));
    }
}

/// `prometheus.yml` with these nodes, and a blackbox exporter.
pub(super) fn config(targets: &[&str], prober: &str) -> File {
    let each = |format: &dyn Fn(&str) -> String| {
        let targets: Vec<String> = targets.iter().map(|it| format(it)).collect();
        targets.join(", ")
    };
    File::read("prometheus.yml")
        .with(r#""127.0.0.1:8080""#, &each(&|it| format!("{it:?}")))
        .with(
            r#""http://127.0.0.1:8080/ready""#,
            &each(&|it| format!("\"http://{it}/ready\"")),
        )
        .with("127.0.0.1:9115", prober)
}

/// What Prometheus says over its HTTP API.
pub(super) struct Answers<'a>(&'a str);

impl Answers<'_> {
    fn data(&self, path: &str) -> Option<Value> {
        let (code, body) = get(&format!("http://{}/api/v1/{path}", self.0));
        // It cannot be read, or not be carried out, as a join of many with many.
        assert!(![400, 422].contains(&code), "{path}: {body}");
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
    pub(super) fn fires(&self, alert: &str, check: Option<&str>) -> Option<bool> {
        let data = self.data("alerts")?;
        let alerts = data["alerts"].as_array()?;
        for it in alerts {
            let texts = it["annotations"].to_string();
            // A template that fails, and a label that is not there.
            for wrong in ["<error", "<no value>"] {
                assert!(!texts.contains(wrong), "{it}");
            }
        }
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
