//! The blackbox exporter asks a node from outside.

use super::file::File;
use super::pair::{Pair, host};
use super::program::{Program, free_address, get, run};
use super::prometheus::{Prometheus, config};
use crate::process::{Directory, Node};

/// The exporter with its file, and its address.
fn exporter(file: &File, directory: &Directory) -> (Program, String) {
    let file = file.put(directory);
    let program = "prometheus-blackbox-exporter";
    let config = format!("--config.file={file}");
    let (good, said) = run(program, &[&config, "--config.check"], "");
    assert!(good, "{said}");
    let address = free_address();
    let listen = format!("--web.listen-address={address}");
    let mut exporter = Program::start(directory, program, &[&config, &listen]);
    exporter.wait("an answer", || {
        get(&format!("http://{address}/-/healthy")).0 == 200
    });
    (exporter, address)
}

/// Whether a probe succeeds, and the code that it got.
fn probe(exporter: &str, module: &str, node: &Node, path: &str) -> (String, String) {
    let url = format!(
        "http://{exporter}/probe?module={module}&target={}{path}",
        node.address
    );
    let (_, figures) = get(&url);
    let figure = |name: &str| {
        figures
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))
            .map(str::to_owned)
            .unwrap_or_default()
    };
    (figure("probe_success"), figure("probe_http_status_code"))
}

fn is(success: &str, code: &str) -> (String, String) {
    (success.to_owned(), code.to_owned())
}

#[test]
fn the_exporter_sees_what_a_prober_sees() {
    let directory = Directory::new("blackbox");
    directory.write("db");
    directory.write("cache");
    let db = directory.check("db", ":critical");
    let cache = directory.check("cache", "");
    let node = Node::start(&[
        "--without-own-checks",
        "--interval",
        "50ms",
        "--file-check",
        &db,
        "--file-check",
        &cache,
    ]);
    let (_exporter, address) = exporter(&File::read("blackbox.yml"), &directory);

    let probe = |module: &str, path: &str| probe(&address, module, &node, path);
    node.wait_until("/health", |_, body| body.contains(r#""status":"healthy""#));
    assert_eq!(probe("health_ready", "/ready"), is("1", "200"));
    assert_eq!(probe("health_live", "/live"), is("1", "200"));
    assert_eq!(probe("health_healthy", "/health"), is("1", "200"));
    // The body counts: 200 from another page does not pass.
    assert_eq!(probe("health_ready", "/live"), is("0", "200"));

    directory.remove("cache");
    node.wait_until("/health", |_, body| body.contains(r#""status":"degraded""#));
    assert_eq!(probe("health_ready", "/ready"), is("1", "200"));
    assert_eq!(probe("health_healthy", "/health"), is("0", "200"));

    directory.remove("db");
    node.wait_for("/ready", 503);
    assert_eq!(probe("health_ready", "/ready"), is("0", "503"));
    assert_eq!(probe("health_live", "/live"), is("1", "200"));
}

#[test]
fn prometheus_alerts_for_what_the_exporter_sees() {
    let pair = Pair::start("probed");
    let (exporter, address) = exporter(&File::read("blackbox.yml"), &pair.directory);
    let nodes = [&pair.a, &pair.b].map(host);
    let mut prometheus = Prometheus::with_prober(&nodes, &address, &pair.directory);
    let success = |node: &str, value: u8| {
        format!(r#"probe_success{{job="health-ready", instance="http://{node}/ready"}} == {value}"#)
    };
    for node in nodes {
        let seen = success(node, 1);
        prometheus.wait(&seen, |it| it.query(&seen).is_some());
    }
    let failing = "HealthProbeFailing";
    prometheus.wait("no alert", |it| it.fires(failing, None) == Some(false));

    // The node itself goes on, and is scraped.
    pair.directory.remove("db-a");
    let seen = success(nodes[0], 0);
    prometheus.wait(&seen, |it| it.query(&seen).is_some());
    prometheus.wait(failing, |it| it.fires(failing, None) == Some(true));
    let alert =
        |node: &str| format!(r#"ALERTS{{alertname="{failing}", instance="http://{node}/ready"}}"#);
    let (one, other) = (alert(nodes[0]), alert(nodes[1]));
    prometheus.wait("of one node", |it| {
        it.query(&one).is_some() && it.query(&other).is_none()
    });

    pair.directory.write("db-a");
    prometheus.wait("its end", |it| it.fires(failing, None) == Some(false));

    // Without the exporter nothing is known of what is seen from outside.
    drop(exporter);
    let down = "HealthProberDown";
    prometheus.wait(down, |it| it.fires(down, None) == Some(true));
}

#[test]
fn with_the_token_a_node_tells_prometheus_and_the_exporter_all() {
    let directory = Directory::new("token");
    let token = directory.path("token");
    std::fs::write(&token, "a-token-of-the-operator-of-this-test").unwrap();
    let token = token.display().to_string();
    let node = Node::start(&["--without-own-checks", "--token-file", &token]);
    node.wait_for("/ready", 200);
    let given = |file: File| {
        file.with("# authorization:", "authorization:")
            .with("/etc/prometheus/health.token", &token)
    };

    let (_without, address) = exporter(&File::read("blackbox.yml"), &directory);
    assert_eq!(
        probe(&address, "health_ready", &node, "/ready"),
        is("1", "200")
    );
    assert_eq!(
        probe(&address, "health_live", &node, "/live"),
        is("1", "200")
    );
    assert_eq!(
        probe(&address, "health_healthy", &node, "/health"),
        is("0", "401")
    );
    let (_with, address) = exporter(&given(File::read("blackbox.yml")), &directory);
    assert_eq!(
        probe(&address, "health_healthy", &node, "/health"),
        is("1", "200")
    );

    let config = given(config(&[host(&node)], &address));
    let mut prometheus = Prometheus::start(config, 1, &directory);
    let info = "health_node_info";
    prometheus.wait(info, |it| it.query(info).is_some());
}
