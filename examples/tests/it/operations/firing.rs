//! Alerts go by what nodes tell, and come and go in a running Prometheus.
//!
//! When exactly each fires is tried with made-up series, in `alerts.test.yml`.

use serde_json::Value;

use super::alerts;
use super::prometheus::Prometheus;
use crate::process::{Directory, Node};

/// What an expression selects of a node's own figures: metric and labels.
fn selectors(expression: &str) -> Vec<&str> {
    let begins = expression.match_indices("health_").map(|(at, _)| at);
    begins
        .filter(|at| !expression[..*at].ends_with(|it: char| it.is_alphanumeric() || it == '_'))
        .map(|at| {
            let rest = &expression[at..];
            let name = rest.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
            let name = name.unwrap_or(rest.len());
            let labels = rest[name..].starts_with('{').then(|| rest.find('}'));
            &rest[..labels.flatten().map_or(name, |it| it + 1)]
        })
        .collect()
}

/// A selector for each of the values that a label may have.
fn alternatives(selector: &str) -> Vec<String> {
    let Some((before, after)) = selector.split_once("=~\"") else {
        return vec![selector.to_owned()];
    };
    let (values, after) = after.split_once('"').unwrap();
    let each = values.split('|');
    each.map(|it| format!("{before}=\"{it}\"{after}")).collect()
}

/// The labels that the annotations of a rule name.
fn labels(rule: &Value) -> Vec<String> {
    let texts = rule["annotations"].to_string();
    let names = texts.split("$labels.").skip(1);
    let names = names.map(|it| it.split(|it: char| !it.is_ascii_alphanumeric() && it != '_'));
    names.map(|mut it| it.next().unwrap().to_owned()).collect()
}

#[test]
fn alerts_name_metrics_and_labels_that_a_node_tells() {
    let directory = Directory::new("selectors");
    let (critical, other) = (
        directory.check("db", ":critical"),
        directory.check("cache", ""),
    );
    let checks = ["--file-check", &critical, "--file-check", &other];
    let node = Node::start(&checks);
    let mut prometheus = Prometheus::of(&node, &directory);
    let mut asked = 0;
    for rule in alerts::rules() {
        let expression = rule["expr"].as_str().unwrap();
        for selector in selectors(expression) {
            for selector in alternatives(selector) {
                prometheus.wait(&selector, |it| it.query(&selector).is_some());
                asked += 1;
            }
        }
        // The alert has the labels of what comes first, alone or in a function.
        if let Some(first) = selectors(expression).first()
            && let Some((before, _)) = expression.split_once(first)
            && (before.is_empty() || before.ends_with('('))
        {
            prometheus.wait(first, |it| {
                let series = it.query(first).unwrap_or_default();
                let named = labels(&rule);
                let missing = |it: &Value| named.iter().any(|name| it["metric"][name].is_null());
                !series.is_empty() && !series.iter().any(missing)
            });
        }
    }
    assert!(asked > 30, "{asked}");
}

#[test]
fn selectors_are_found() {
    for (expression, expected) in [
        (
            "rate(health_a[5m]) > 1 or health_b == 1",
            &["health_a", "health_b"][..],
        ),
        (
            r#"up{job="health"} == 1 unless on (x) health_a"#,
            &["health_a"],
        ),
        (r#"health_a{b=~"c|d"} == 1"#, &[r#"health_a{b=~"c|d"}"#]),
    ] {
        assert_eq!(selectors(expression), expected);
    }
    assert_eq!(
        alternatives(r#"a{b=~"c|d", e="f"}"#),
        [r#"a{b="c", e="f"}"#, r#"a{b="d", e="f"}"#]
    );
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
