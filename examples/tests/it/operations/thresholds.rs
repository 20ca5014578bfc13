//! The numbers in alerts and dashboard stand with the defaults of what they watch.

use std::time::Duration;

use health_examples::duration;
use health_examples::shutdown_flags::ShutdownFlags;
use health_lag::LagPolicy;
use serde_json::{Value, json};

use super::alerts;
use super::dashboard;
use super::file::File;

fn seconds(time: Duration) -> Value {
    json!(time.as_secs())
}

/// The steps of a panel's thresholds, without the first, which is the colour below all others.
fn steps(title: &str) -> Vec<Value> {
    let mut panels = dashboard::panels().into_iter();
    let panel = panels.find(|it| it["title"] == title);
    let panel = panel.unwrap_or_else(|| panic!("there is no panel {title:?}"));
    let steps = &panel["fieldConfig"]["defaults"]["thresholds"]["steps"];
    let steps = steps.as_array().unwrap().iter();
    steps.skip(1).map(|it| it["value"].clone()).collect()
}

/// An alert's rule.
fn alert(name: &str) -> Value {
    let mut rules = alerts::rules().into_iter();
    let found = rules.find(|it| alerts::name(it) == name);
    found.unwrap_or_else(|| panic!("there is no {name}"))
}

fn expression(name: &str) -> String {
    alert(name)["expr"].as_str().unwrap().trim_end().to_owned()
}

#[test]
fn the_limits_of_a_lag_are_those_of_the_program() {
    let policy = LagPolicy::default();
    let limits = [policy.warning, policy.critical].map(seconds);
    for panel in [
        "Lag, and what was expected a minute before",
        "Lag expected in a minute",
    ] {
        assert_eq!(steps(panel), limits, "{panel}");
    }
    assert_eq!(steps("Age of the last sample"), [seconds(policy.silence)]);
    let prediction = seconds(policy.prediction.unwrap());
    assert_eq!(steps("Time to the critical limit"), [json!(1), prediction]);

    // The alerts go by what the program has judged, and have no limits of their own.
    for (name, begins) in [
        ("HealthLagCritical", "health_lag_level == 2"),
        ("HealthLagWarning", "health_lag_level == 1"),
        (
            "HealthLagBreachPredicted",
            "health_lag_breach_predicted == 1",
        ),
    ] {
        assert!(expression(name).starts_with(begins), "{name}");
    }
    // It is ahead by so little that it must not wait.
    assert!(alert("HealthLagBreachPredicted")["for"].is_null());
    let file = File::read("alerts.yml");
    let said = file.between("# The limits (", " by default)");
    let [warning, critical] = [policy.warning, policy.critical].map(|it| it.as_secs());
    assert_eq!(said, format!("{warning} s, {critical} s"));
}

#[test]
fn whatever_overruns_a_shutdown_was_seen_to_be_slow() {
    let deadline = ShutdownFlags::default().deadline;
    let scrapes = File::read("prometheus.yml");
    let mut lines = scrapes.text().lines();
    let interval = lines.find_map(|it| it.trim().strip_prefix("scrape_interval: "));
    let interval = duration::parse(interval.unwrap()).unwrap();
    let slow = deadline.checked_sub(interval).unwrap();
    let limit = format!(">= {}", slow.as_secs());
    assert!(
        expression("HealthShutdownSlow").ends_with(&limit),
        "{limit}"
    );
    let panel = steps("Shutdown: time since it began");
    assert_eq!(panel, [slow, deadline].map(seconds));
}

#[test]
fn a_shutdown_that_overran_is_known_by_its_code() {
    // Which the tests of `graceful` show, and the unit reckons with.
    assert!(expression("HealthShutdownOverrun").ends_with("exitcode == 124"));
    let unit = File::read("health.service");
    assert!(unit.text().contains("RestartForceExitStatus=70 124\n"));
    assert!(expression("HealthUnitFailed").contains(r#"name="health.service""#));
}
