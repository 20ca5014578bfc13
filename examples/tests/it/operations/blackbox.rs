//! The blackbox exporter asks a node from outside.

use super::file::File;
use super::program::{Program, free_address, get, run};
use crate::process::{Directory, Node};

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
    let file = File::read("blackbox.yml").put(&directory);
    let program = "prometheus-blackbox-exporter";
    let config = format!("--config.file={file}");
    let (good, said) = run(program, &[&config, "--config.check"], "");
    assert!(good, "{said}");
    let address = free_address();
    let listen = format!("--web.listen-address={address}");
    let mut exporter = Program::start(&directory, program, &[&config, &listen]);
    exporter.wait("an answer", || {
        get(&format!("http://{address}/-/healthy")).0 == 200
    });

    // Success, and the code.
    let probe = |module: &str, path: &str| {
        let url = format!(
            "http://{address}/probe?module={module}&target={}{path}",
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
    };
    let is = |success: &str, code: &str| (success.to_owned(), code.to_owned());
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
