//! The alerts and their tests, as they are written: each is tried when it must fire and when it must
//! not, and no part of a rule can be changed without a test that fails.
//!
//! What is changed is the business of `mutants.rs`; what alerts do in a real Prometheus that of
//! `prometheus.rs`.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::file::File;
use super::mutants;
use super::program::run;
use crate::process::Directory;

/// `alerts.test.yml`. Series are text: `0x4`, five zeros, is a number in YAML.
#[derive(Deserialize)]
struct Tests {
    evaluation_interval: String,
    tests: Vec<Group>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Group {
    name: String,
    interval: String,
    input_series: Vec<Series>,
    alert_rule_test: Vec<Case>,
}

#[derive(Clone, Serialize, Deserialize)]
struct Series {
    series: String,
    values: String,
}

#[derive(Clone, Serialize, Deserialize)]
struct Case {
    alertname: String,
    eval_time: String,
    exp_alerts: Vec<Value>,
}

impl Tests {
    fn read() -> Self {
        serde_saphyr::from_str(File::read("alerts.test.yml").text()).unwrap()
    }

    /// The cases of one alert, and the series that they are about.
    fn of(&self, alert: &str) -> Vec<Group> {
        let mut groups = self.tests.clone();
        for group in &mut groups {
            group.alert_rule_test.retain(|it| it.alertname == alert);
        }
        groups.retain(|it| !it.alert_rule_test.is_empty());
        groups
    }
}

/// Every rule, as it is written.
pub(super) fn rules() -> Vec<Value> {
    let file: Value = serde_saphyr::from_str(File::read("alerts.yml").text()).unwrap();
    let groups = file["groups"].as_array().unwrap().iter();
    let rules: Vec<Value> = groups
        .flat_map(|it| it["rules"].as_array().unwrap().clone())
        .collect();
    assert!(rules.len() > 10);
    rules
}

pub(super) fn name(rule: &Value) -> &str {
    rule["alert"].as_str().unwrap()
}

#[test]
fn every_alert_is_tried_when_it_must_fire_and_when_it_must_not() {
    let (rules, tests) = (rules(), Tests::read());
    for rule in &rules {
        let expression = rule["expr"].as_str().unwrap();
        let groups = tests.of(name(rule));
        let has = |fires: bool| {
            groups.iter().any(|group| {
                let cases = &mut group.alert_rule_test.iter();
                // Silence means something over series that the rule looks at.
                let metric = |it: &Series| it.series.split('{').next().unwrap().to_owned();
                group
                    .input_series
                    .iter()
                    .any(|it| expression.contains(&metric(it)))
                    && cases.any(|it| it.exp_alerts.is_empty() != fires)
            })
        };
        assert!(has(true), "{} never fires in a test", name(rule));
        assert!(has(false), "{} is never silent in a test", name(rule));
    }
    for case in tests.tests.iter().flat_map(|it| &it.alert_rule_test) {
        let known = rules.iter().any(|rule| name(rule) == case.alertname);
        assert!(known, "there is no {}", case.alertname);
    }
}

#[test]
fn every_alert_says_what_it_is_and_what_to_do() {
    let file = File::read("README.md");
    let lines = file.text().lines();
    let rows = lines
        .skip_while(|it| *it != "| alert | means | do |")
        .skip(2);
    let mut told: Vec<&str> = rows
        .take_while(|it| !it.is_empty())
        .map(|row| {
            let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
            assert_eq!(cells.len(), 3, "{row}");
            cells[0].trim().trim_matches('`')
        })
        .collect();
    told.sort_unstable();
    let rules = rules();
    let mut names: Vec<&str> = rules.iter().map(name).collect();
    names.sort_unstable();
    assert_eq!(told, names);
    for rule in &rules {
        for text in ["summary", "description"] {
            let text = rule["annotations"][text].as_str();
            assert!(text.is_some_and(|it| !it.is_empty()), "{}", name(rule));
        }
        let severity = rule["labels"]["severity"].as_str();
        assert!(
            matches!(severity, Some("critical" | "warning")),
            "{}",
            name(rule)
        );
    }
}

#[test]
fn no_part_of_a_rule_changes_without_a_test_that_fails() {
    let tests = Tests::read();
    let directory = Directory::new("mutants");
    let put = |name: &str, content: &Value| {
        let path = directory.path(name);
        std::fs::write(&path, content.to_string()).unwrap();
        path.display().to_string()
    };
    let (mut all_rules, mut all_tests, mut what) = (Vec::new(), Vec::new(), Vec::new());
    for rule in rules() {
        let groups = tests.of(name(&rule));
        // First as it is: its own cases must pass without the other rules.
        let as_it_is = std::iter::once(rule.clone());
        for (number, rule) in as_it_is.chain(mutants::of(&rule)).enumerate() {
            let file = format!("{}-{number}.rules.json", name(&rule));
            let group = json!({ "name": "mutant", "rules": [rule] });
            all_rules.push(put(&file, &json!({ "groups": [group] })));
            let test = json!({
                "rule_files": [file],
                "evaluation_interval": tests.evaluation_interval,
                "tests": groups,
            });
            let path = put(&format!("{}-{number}.test.json", name(&rule)), &test);
            all_tests.push(path);
            what.push((number == 0, rule));
        }
    }
    let promtool = |command: &str, files: &[String]| {
        let files = files.iter().map(String::as_str);
        let arguments: Vec<&str> = [command, "rules"].into_iter().chain(files).collect();
        run("promtool", &arguments, "")
    };
    // A rule that cannot be read would fail every test.
    let (good, said) = promtool("check", &all_rules);
    assert!(good, "{said}");
    let (_, said) = promtool("test", &all_tests);
    let mut passed = std::collections::BTreeSet::new();
    let mut lines = said.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(file) = line.strip_prefix("Unit Testing: ")
            && lines.peek().is_some_and(|it| it.trim() == "SUCCESS")
        {
            passed.insert(file.trim().to_owned());
        }
    }
    let wrong: Vec<String> = all_tests
        .iter()
        .zip(&what)
        .filter(|(file, (as_it_is, _))| passed.contains(*file) != *as_it_is)
        .map(|(file, (_, rule))| format!("{file}: for {}: {}", rule["for"], rule["expr"]))
        .collect();
    assert!(all_tests.len() > 100, "{}", all_tests.len());
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        all_tests.len(),
        wrong.join("\n")
    );
}
