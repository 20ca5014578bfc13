//! promtool on the files as they are, and on what a node answers.

use super::file::folder;
use super::program::run;
use crate::process::{Directory, Node};

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
