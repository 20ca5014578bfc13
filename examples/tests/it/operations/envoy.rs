//! Envoy in front of two nodes: its own idea of each host, and where traffic goes.
//!
//! Its workers learn of a host a moment after the page of the administrator shows it.

use serde_json::Value;

use super::file::File;
use super::mute::Mute;
use super::pair::{Pair, answering, only, port};
use super::program::{Program, free_address, get, tool};
use crate::process::Directory;

/// A running Envoy, its address and that of its administrator.
struct Proxy {
    program: Program,
    front: String,
    admin: String,
}

impl Proxy {
    /// With its file, and this in the place of the ports of both hosts.
    fn start(directory: &Directory, ports: [&str; 2]) -> Self {
        let (front, admin) = (free_address(), free_address());
        let number = |address: &str| format!("port_value: {}", address.rsplit(':').next().unwrap());
        let file = File::read("envoy.yaml")
            .with("port_value: 8000", &number(&front))
            .with("port_value: 9901", &number(&admin))
            .with("port_value: 8080 }", ports[0])
            .with("port_value: 8081 }", ports[1])
            .with("interval: 2s", "interval: 0.1s")
            .put(directory);
        let program = tool("envoy").display().to_string();
        let arguments = ["-c", &file, "--use-dynamic-base-id", "--concurrency", "1"];
        let program = Program::start(directory, &program, &arguments);
        Self {
            program,
            front,
            admin,
        }
    }

    /// Waits until a flag of the host with a port is so.
    fn wait(&mut self, port: u16, flag: &str, is: bool) {
        let admin = &self.admin;
        self.program.wait(&format!("{port}: {flag} {is}"), || {
            has(admin, port, flag) == Some(is)
        });
    }

    /// Waits until traffic goes to these.
    fn wait_for(&mut self, who: &[&str]) {
        let front = &self.front;
        self.program
            .wait("traffic", || answering(front) == only(who));
    }
}

/// The flags of the host with a port, as Envoy has them.
fn has(admin: &str, node_port: u16, flag: &str) -> Option<bool> {
    let (_, body) = get(&format!("http://{admin}/clusters?format=json"));
    let clusters: Value = serde_json::from_str(&body).ok()?;
    let hosts = clusters["cluster_statuses"][0]["host_statuses"].as_array()?;
    let host = hosts
        .iter()
        .find(|host| host["address"]["socket_address"]["port_value"] == node_port)?;
    // What is false is left out.
    Some(host["health_status"][flag].as_bool().unwrap_or(false))
}

const OUT: &str = "failed_active_health_check";
const DEGRADED: &str = "failed_active_degraded_check";

#[test]
fn envoy_takes_a_host_out_and_back_and_prefers_those_that_are_not_degraded() {
    let pair = Pair::start("envoy");
    let ports = [&pair.a, &pair.b].map(|node| format!("port_value: {} }}", port(node)));
    let mut envoy = Proxy::start(&pair.directory, [&ports[0], &ports[1]]);
    let number = |node| port(node).parse::<u16>().unwrap();
    let (a, b) = (number(&pair.a), number(&pair.b));
    envoy.wait(a, OUT, false);
    envoy.wait(b, OUT, false);
    envoy.wait_for(&["a", "b"]);

    pair.directory.remove("db-a");
    envoy.wait(a, OUT, true);
    envoy.wait_for(&["b"]);
    pair.directory.write("db-a");
    envoy.wait(a, OUT, false);
    envoy.wait_for(&["a", "b"]);

    // It still answers 200, and is left alone while b suffices.
    pair.directory.remove("cache-a");
    envoy.wait(a, DEGRADED, true);
    assert_eq!(has(&envoy.admin, a, OUT), Some(false));
    envoy.wait_for(&["b"]);
    // Better than none.
    pair.directory.remove("db-b");
    envoy.wait(b, OUT, true);
    envoy.wait_for(&["a"]);

    pair.directory.write("cache-a");
    envoy.wait(a, DEGRADED, false);
    pair.directory.remove("db-a");
    envoy.wait(a, OUT, true);
    envoy.wait_for(&["503"]);
}

#[test]
fn envoy_asks_the_port_of_health_and_sends_to_that_of_the_service() {
    let pair = Pair::start("envoy-ports");
    let services = [Mute::start(), Mute::start()];
    let of = |service: &Mute| service.address.rsplit(':').next().unwrap().to_owned();
    let ports = [(&services[0], &pair.a), (&services[1], &pair.b)].map(|(service, node)| {
        format!(
            "port_value: {} }}\n{:18}health_check_config: {{ port_value: {} }}",
            of(service),
            "",
            port(node)
        )
    });
    let mut envoy = Proxy::start(&pair.directory, [&ports[0], &ports[1]]);
    let [a, b] = [0, 1].map(|it: usize| of(&services[it]).parse().unwrap());
    envoy.wait(a, OUT, false);
    envoy.wait(b, OUT, false);
    pair.directory.remove("db-a");
    envoy.wait(a, OUT, true);
    assert_eq!(has(&envoy.admin, b, OUT), Some(false));

    // Only who is in gets what is sent, and once: what was taken may not be sent again.
    let _ = services.each_ref().map(Mute::take);
    let front = envoy.front.clone();
    envoy.program.wait("a request of the service", || {
        let _ = get(&format!("http://{front}/orders"));
        services[1].take() == 1
    });
    assert_eq!(services[0].take(), 0);
}
