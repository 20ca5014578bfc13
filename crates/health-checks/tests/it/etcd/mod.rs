//! etcd, against real servers: Debian's `etcd-server`.

use std::path::Path;
use std::process::Command;

use etcd_client::Client;
use health_checks::etcd::EtcdCheck;
use health_core::CheckState;

use crate::harness::Monitored;
use crate::server::{Server, free_port};

#[cfg(feature = "distributed")]
mod adapters;
mod check;
#[cfg(feature = "distributed")]
mod relay;

/// A cluster of one.
fn start(arguments: &'static [&'static str]) -> Server {
    let peer = free_port();
    Server::start(move |directory, port| {
        let mut command = member(directory, port, "alone", &[("alone", peer)]);
        command.args(arguments);
        command
    })
}

/// One of the members that have these names and peer ports.
fn member(directory: &Path, port: u16, name: &str, peers: &[(&str, u16)]) -> Command {
    let at = |port: u16| format!("http://127.0.0.1:{port}");
    let peer = peers.iter().find(|(of, _)| *of == name).unwrap().1;
    let cluster: Vec<String> = peers
        .iter()
        .map(|(name, port)| format!("{name}={}", at(*port)))
        .collect();
    let mut command = Command::new("etcd");
    command.arg("--data-dir").arg(directory.join("data"));
    for (option, value) in [
        ("--name", name.to_owned()),
        ("--listen-client-urls", at(port)),
        ("--advertise-client-urls", at(port)),
        ("--listen-peer-urls", at(peer)),
        ("--initial-advertise-peer-urls", at(peer)),
        ("--initial-cluster", cluster.join(",")),
        ("--heartbeat-interval", "20".to_owned()),
        ("--election-timeout", "200".to_owned()),
    ] {
        command.arg(option).arg(value);
    }
    command
}

fn endpoint(server: &Server) -> String {
    format!("127.0.0.1:{}", server.port)
}

async fn client(server: &Server) -> Client {
    Client::connect([endpoint(server)], None).await.unwrap()
}

/// Once the cluster of one has elected its leader.
async fn ready(server: &Server) {
    let check = EtcdCheck::new(&endpoint(server)).unwrap();
    let monitored = Monitored::start(check.registration().thresholds(1, 1));
    monitored.ask_until("a leader", CheckState::healthy).await;
    monitored.stop().await;
}
