//! The dashboard: its queries against a Prometheus that scrapes a node, its fields against Grafana's
//! own types. Grafana itself draws nothing here.

use serde_json::Value;

use super::file::{File, folder};
use super::pair::host;
use super::program::{free_address, run, tool};
use super::prometheus::Prometheus;
use crate::process::{Directory, Node};

/// As Grafana fills its variables in.
pub(super) fn filled(expression: &str) -> String {
    expression
        .replace("$job", "health")
        .replace("$instance", ".*")
        .replace("$node", ".*")
        .replace("$check", ".*")
        .replace("$follower", ".*")
        .replace("$__rate_interval", "10s")
        // What was a minute ago is not waited for.
        .replace("offset 1m", "offset 1s")
}

/// Two nodes with checks of the same names. The replica of the second stands still, so that there
/// is a lag to come; nothing else of it can be ill.
#[test]
fn every_panel_has_data_of_two_nodes() {
    let directory = Directory::new("dashboard");
    let gone = directory.check("gone", "");
    let start = |more: &[&str]| Node::start(&[&["--interval", "100ms"], more].concat());
    let first = start(&["--node-id", "a", "--file-check", &gone]);
    let second = start(&[
        "--node-id",
        "b",
        "--without-own-checks",
        "--apply-time",
        "1h",
    ]);
    let nodes = [&first, &second].map(host);
    let mut prometheus = Prometheus::with_prober(&nodes, &free_address(), &directory);

    let dashboard: Value = serde_json::from_str(File::read("dashboard.json").text()).unwrap();
    let mut asked = 0;
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = filled(target["expr"].as_str().unwrap());
            assert!(!expression.contains('$'), "{expression}");
            prometheus.wait(&format!("{}: {expression}", panel["title"]), |it| {
                it.query(&expression).is_some()
            });
            asked += 1;
        }
    }
    assert!(asked >= 30, "{asked}");

    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        let Some(query) = variable["query"]["query"].as_str() else {
            continue;
        };
        let query = filled(query);
        let inner = query.strip_prefix("label_values(").unwrap();
        let (matching, label) = inner.strip_suffix(')').unwrap().rsplit_once(", ").unwrap();
        let least = if ["node_id", "instance"].contains(&label) {
            2
        } else {
            1
        };
        prometheus.wait(&query, |it| {
            let values = it.label_values(label, matching);
            values.is_some_and(|it| it.len() >= least)
        });
    }

    // Nothing restarts, until one does.
    let annotations = dashboard["annotations"]["list"].as_array().unwrap();
    let restarts: Vec<String> = annotations
        .iter()
        .map(|it| filled(it["expr"].as_str().unwrap()))
        .collect();
    for query in &restarts {
        prometheus.wait(query, |it| it.query(query).is_none());
    }
    let listen = host(&second).to_owned();
    drop(second);
    let _again = Node::start_as(&["--listen", &listen, "--node-id", "b"]);
    for query in &restarts {
        prometheus.wait(query, |it| {
            let marks = it.query(query).unwrap_or_default();
            marks.len() == 1 && marks[0]["metric"]["instance"] == listen
        });
    }
}

/// A unit as the name of the metric has it: seconds are no milliseconds, a share is no number.
#[test]
fn units_are_those_of_the_metrics() {
    for panel in panels() {
        let unit = &panel["fieldConfig"]["defaults"]["unit"];
        for target in panel["targets"].as_array().into_iter().flatten() {
            let expression = target["expr"].as_str().unwrap();
            let expected: &[&str] = if expression.contains("rate(") {
                &["ops", "reqps", "cps"]
            } else if expression.contains("_seconds") {
                &["s"]
            } else if expression.contains("_score") {
                &["percentunit"]
            } else {
                &["short"]
            };
            assert!(
                expected.iter().any(|it| unit == it),
                "{}: {unit}",
                panel["title"]
            );
        }
    }
}

/// Its types lose what they do not know, so that what goes in must come out. They are those of
/// Grafana 10.1, and take any text for a unit, a colour or the options of a transformation.
#[test]
fn grafana_knows_every_field() {
    let python = tool("python3").display().to_string();
    let schema = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/operations/schema.py");
    let check = |dashboard: &str| run(&python, &[schema, dashboard], "");
    // The title of an annotation belongs to the data source, of which the types do not tell.
    let known = "dashboard.annotations.list[0].titleFormat is not known\n";
    let (good, said) = check(&folder().join("dashboard.json").display().to_string());
    assert!(good, "{said}; `cargo xtask ci test` installs what it needs");
    assert_eq!(said, known);
    // It would notice.
    let directory = Directory::new("schema");
    for (right, wrong) in [
        (r#""noValue""#, r#""novalue""#),
        (r#""mode": "absolute""#, r#""mode": "relative""#),
        (r#""graphMode": "none""#, r#""graphMode": "no""#),
    ] {
        let path = File::read("dashboard.json").with(right, wrong);
        let (_, said) = check(&path.put(&directory));
        assert!(said.lines().count() > 1, "{wrong}: {said}");
    }
}

/// Its panels, rows among them.
pub(super) fn panels() -> Vec<Value> {
    let dashboard: Value = serde_json::from_str(File::read("dashboard.json").text()).unwrap();
    dashboard["panels"].as_array().unwrap().clone()
}

#[test]
fn panels_have_titles_descriptions_and_room() {
    let panels = panels();
    let number = |panel: &Value, side: &str| panel["gridPos"][side].as_u64().unwrap();
    let area = |panel: &Value| {
        let (x, y) = (number(panel, "x"), number(panel, "y"));
        (x..x + number(panel, "w"), y..y + number(panel, "h"))
    };
    for (index, panel) in panels.iter().enumerate() {
        assert!(panel["title"].is_string());
        if panel["type"] != "row" {
            says_what_it_shows(panel);
        }
        let (x, y) = area(panel);
        assert!(x.end <= 24, "{}", panel["title"]);
        for other in &panels[..index] {
            let (others_x, others_y) = area(other);
            let apart = x.start >= others_x.end
                || others_x.start >= x.end
                || y.start >= others_y.end
                || others_y.start >= y.end;
            assert!(apart, "{} lies on {}", panel["title"], other["title"]);
        }
    }
}

fn says_what_it_shows(panel: &Value) {
    let title = &panel["title"];
    let defaults = &panel["fieldConfig"]["defaults"];
    assert!(panel["description"].is_string(), "{title}");
    assert!(defaults["unit"].is_string(), "{title}");
    let thresholds = defaults["thresholds"]["steps"].is_array();
    assert!(panel["type"] == "table" || thresholds, "{title}");
    for target in panel["targets"].as_array().unwrap() {
        let expression = target["expr"].as_str().unwrap();
        for filter in [r#"job="$job""#, r#"instance=~"$instance""#] {
            assert!(expression.contains(filter), "{title}: {expression}");
        }
        // Over a range as long as the scrapes want it.
        let is_rate = ["rate(", "increase("]
            .iter()
            .any(|it| expression.contains(it));
        assert_eq!(
            is_rate,
            expression.contains("[$__rate_interval]"),
            "{title}"
        );
        let legend = target["legendFormat"].as_str().unwrap();
        assert!(panel["type"] == "table" || !legend.is_empty(), "{title}");
    }
}
