//! NATS, against real servers: Debian's `nats-server`.

use std::process::Command;

use crate::server::Server;

#[cfg(feature = "distributed")]
mod adapters;
mod check;

fn start(arguments: &'static [&'static str]) -> Server {
    Server::start(move |_, port| {
        let mut command = Command::new("nats-server");
        command.args(["--addr", "127.0.0.1", "--port", &port.to_string()]);
        command.args(arguments);
        command
    })
}

fn url(server: &Server) -> String {
    format!("nats://127.0.0.1:{}", server.port)
}
