//! The dashboard's queries against a Prometheus that scrapes a node.

use serde_json::Value;

use super::file::File;
use super::prometheus::Prometheus;
use crate::process::{Directory, Node};

/// As Grafana fills its variables in.
fn filled(expression: &str) -> String {
    expression
        .replace("$job", "health")
        .replace("$instance", ".*")
        .replace("$check", ".*")
        .replace("$__rate_interval", "10s")
}

#[test]
fn every_panel_has_data() {
    let directory = Directory::new("dashboard");
    let gone = directory.check("gone", "");
    let node = Node::start(&["--interval", "100ms", "--file-check", &gone]);
    let mut prometheus = Prometheus::of(&node, &directory);

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
    assert!(asked >= 12, "{asked}");

    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        let Some(query) = variable["query"]["query"].as_str() else {
            continue;
        };
        let query = filled(query);
        let inner = query.strip_prefix("label_values(").unwrap();
        let (matching, label) = inner.strip_suffix(')').unwrap().rsplit_once(", ").unwrap();
        prometheus.wait(&query, |it| it.label_values(label, matching).is_some());
    }
}

#[test]
fn panels_have_titles_descriptions_and_room() {
    let dashboard: Value = serde_json::from_str(File::read("dashboard.json").text()).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let number = |panel: &Value, side: &str| panel["gridPos"][side].as_u64().unwrap();
    let area = |panel: &Value| {
        let (x, y) = (number(panel, "x"), number(panel, "y"));
        (x..x + number(panel, "w"), y..y + number(panel, "h"))
    };
    for (index, panel) in panels.iter().enumerate() {
        assert!(panel["title"].is_string());
        assert!(panel["type"] == "row" || panel["description"].is_string());
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
