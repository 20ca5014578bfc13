//! Envoy in front of two nodes: its own idea of each host, and where traffic goes.
//!
//! Its workers learn of a host a moment after the page of the administrator shows it.

use serde_json::Value;

use super::file::File;
use super::pair::{Pair, answering, only, port};
use super::program::{Program, free_address, get, tool};

#[test]
fn envoy_takes_a_host_out_and_back_and_prefers_those_that_are_not_degraded() {
    let pair = Pair::start("envoy");
    let (front, admin) = (free_address(), free_address());
    let number = |address: &str| format!("port_value: {}", address.rsplit(':').next().unwrap());
    let file = File::read("envoy.yaml")
        .with("port_value: 8000", &number(&front))
        .with("port_value: 9901", &number(&admin))
        .with("port_value: 8080", &number(&format!(":{}", port(&pair.a))))
        .with("port_value: 8081", &number(&format!(":{}", port(&pair.b))))
        .with("interval: 2s", "interval: 0.1s")
        .put(&pair.directory);
    let program = tool("envoy").display().to_string();
    let arguments = ["-c", &file, "--use-dynamic-base-id", "--concurrency", "1"];
    let mut envoy = Program::start(&pair.directory, &program, &arguments);
    // The flags of the host with a port, as Envoy has them.
    let flag = |node_port: u16, flag: &str| -> Option<bool> {
        let (_, body) = get(&format!("http://{admin}/clusters?format=json"));
        let clusters: Value = serde_json::from_str(&body).ok()?;
        let hosts = clusters["cluster_statuses"][0]["host_statuses"].as_array()?;
        let host = hosts
            .iter()
            .find(|host| host["address"]["socket_address"]["port_value"] == node_port)?;
        // What is false is left out.
        Some(host["health_status"][flag].as_bool().unwrap_or(false))
    };
    let number = |node| port(node).parse::<u16>().unwrap();
    let (a, b) = (number(&pair.a), number(&pair.b));
    let is_out = |port| flag(port, "failed_active_health_check");
    let is_degraded = |port| flag(port, "failed_active_degraded_check");
    envoy.wait("both in", || {
        is_out(a) == Some(false) && is_out(b) == Some(false)
    });
    envoy.wait("both answer", || answering(&front) == only(&["a", "b"]));

    pair.directory.remove("db-a");
    envoy.wait("a out", || is_out(a) == Some(true));
    envoy.wait("traffic", || answering(&front) == only(&["b"]));
    pair.directory.write("db-a");
    envoy.wait("a in", || is_out(a) == Some(false));
    envoy.wait("traffic", || answering(&front) == only(&["a", "b"]));

    // It still answers 200, and is left alone while b suffices.
    pair.directory.remove("cache-a");
    envoy.wait("a degraded", || is_degraded(a) == Some(true));
    assert_eq!(is_out(a), Some(false));
    envoy.wait("traffic", || answering(&front) == only(&["b"]));
    // Better than none.
    pair.directory.remove("db-b");
    envoy.wait("b out", || is_out(b) == Some(true));
    envoy.wait("traffic", || answering(&front) == only(&["a"]));

    pair.directory.write("cache-a");
    envoy.wait("a as before", || is_degraded(a) == Some(false));
    pair.directory.remove("db-a");
    envoy.wait("none in", || is_out(a) == Some(true));
    envoy.wait("traffic", || answering(&front) == only(&["503"]));
}
