//! Redis, against real servers: Debian's `redis-server`.

use std::path::Path;
use std::process::Command;

use redis::aio::MultiplexedConnection;
use redis::{Client, FromRedisValue};

use crate::server::Server;

#[cfg(feature = "distributed")]
mod adapters;
mod check;
mod leaks;

fn start(arguments: &'static [&'static str]) -> Server {
    Server::start(move |directory, port| command(directory, port, arguments))
}

fn command(directory: &Path, port: u16, arguments: &[&str]) -> Command {
    let mut command = Command::new("redis-server");
    command
        .args(["--bind", "127.0.0.1", "--save", "", "--port"])
        .arg(port.to_string())
        .arg("--dir")
        .arg(directory)
        .args(arguments);
    command
}

fn url(server: &Server) -> String {
    format!("redis://127.0.0.1:{}", server.port)
}

async fn connection(server: &Server) -> MultiplexedConnection {
    let client = Client::open(url(server)).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

/// Sends words to the server, past the check.
async fn tell<T: FromRedisValue>(connection: &mut MultiplexedConnection, words: &str) -> T {
    let mut words = words.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    command.arg(words.collect::<Vec<_>>());
    command.query_async(connection).await.unwrap()
}

/// How many clients the server has, besides the one that asks.
async fn clients(connection: &mut MultiplexedConnection) -> usize {
    let list: String = tell(connection, "CLIENT LIST TYPE normal").await;
    list.lines().count() - 1
}
