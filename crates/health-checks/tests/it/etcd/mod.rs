//! etcd, against real servers: Debian's `etcd-server`.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use etcd_client::Client;

use crate::server::{Server, free_port};

mod check;

/// Given to whatever must fail, and looked for in all that it says.
const SECRET: &str = "swordfish-9";

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

/// How many connections to the server this process has, by the kernel's table. (The server
/// has one to itself.)
fn connections(server: &Server) -> usize {
    let ours: HashSet<PathBuf> = std::fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok())
        .collect();
    let port = format!(":{:04X}", server.port);
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    table
        .lines()
        .skip(1)
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .filter(|fields| fields[2].ends_with(&port))
        .filter(|fields| ours.contains(&PathBuf::from(format!("socket:[{}]", fields[9]))))
        .count()
}
