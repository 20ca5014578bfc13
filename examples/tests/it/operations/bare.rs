//! A node without checks, followers or a shutdown: no alert takes it for ill, and no number on the
//! dashboard is left blank.

use health_core::Health;
use health_http::HealthServer;
use serde_json::Value;
use tokio::runtime::Runtime;

use super::alerts;
use super::dashboard::{filled, panels};
use super::prometheus::Prometheus;
use crate::process::Directory;

#[test]
fn a_node_that_has_nothing_is_healthy() {
    let runtime = Runtime::new().unwrap();
    let _context = runtime.enter();
    let health = Health::builder().node_id("bare").build();
    health.start().unwrap();
    let server = HealthServer::builder(health).bind("127.0.0.1:0").unwrap();
    let server = server.serve().unwrap();
    let directory = Directory::new("bare");
    let mut prometheus = Prometheus::at(&server.local_addr().to_string(), &directory);

    // Once every rule has been evaluated on what was scraped.
    prometheus.wait("its figures", |it| {
        it.query(r#"health_probe_passing{probe="ready"} == 1"#)
            .is_some()
    });
    for rule in alerts::rules() {
        let name = alerts::name(&rule);
        // Nobody probes here.
        if name != "HealthProberDown" {
            prometheus.wait(name, |it| it.fires(name, None) == Some(false));
        }
        let expression = rule["expr"].as_str().unwrap();
        if !expression.contains("health-ready") {
            prometheus.wait(expression, |it| it.query(expression).is_none());
        }
    }

    for panel in panels() {
        let no_value = &panel["fieldConfig"]["defaults"]["noValue"];
        let is_number = ["stat", "gauge"].iter().any(|it| panel["type"] == *it);
        for expression in queries(&panel) {
            // It can be carried out, at least.
            prometheus.wait(&expression, |it| {
                let has_data = it.query(&expression).is_some();
                has_data || !is_number || no_value.is_string()
            });
        }
    }
}

fn queries(panel: &Value) -> Vec<String> {
    let targets = panel["targets"].as_array().into_iter().flatten();
    targets
        .map(|it| filled(it["expr"].as_str().unwrap()))
        .collect()
}
