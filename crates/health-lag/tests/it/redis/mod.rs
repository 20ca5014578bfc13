//! Redis, against real servers: Debian's `redis-server`.

mod leaks;
mod monitored;
mod pair;
mod strangers;

use std::process::Command;

use health_lag::redis::{RedisPrimary, RedisReplica};
use redis::aio::MultiplexedConnection;
use redis::{Client, FromRedisValue};

use crate::server::Server;

fn start(arguments: &[String]) -> Server {
    let arguments = arguments.to_vec();
    Server::start(move |directory, port| {
        let mut command = Command::new("redis-server");
        command
            .args(["--bind", "127.0.0.1", "--save", "", "--port"])
            .arg(port.to_string())
            .arg("--dir")
            .arg(directory)
            .args(["--repl-diskless-sync-delay", "0"])
            .args(&arguments);
        command
    })
}

fn start_replica(primary: &Server) -> Server {
    start(&["--replicaof".into(), format!("127.0.0.1 {}", primary.port)])
}

fn url(server: &Server) -> String {
    format!("redis://127.0.0.1:{}", server.port)
}

fn name(server: &Server) -> String {
    format!("127.0.0.1:{}", server.port)
}

async fn connection(server: &Server) -> MultiplexedConnection {
    let client = Client::open(url(server)).unwrap();
    client.get_multiplexed_async_connection().await.unwrap()
}

async fn tell<T: FromRedisValue>(connection: &mut MultiplexedConnection, words: &str) -> T {
    let mut words = words.split(' ');
    let mut command = redis::cmd(words.next().unwrap());
    command.arg(words.collect::<Vec<_>>());
    command.query_async(connection).await.unwrap()
}

/// Writes about so many bytes.
async fn load(connection: &mut MultiplexedConnection, bytes: usize) {
    let mut set = redis::cmd("SET");
    set.arg("load").arg("x".repeat(bytes));
    let () = set.query_async(connection).await.unwrap();
}

fn from_primary(primary: &Server) -> RedisPrimary {
    RedisPrimary::connect(&url(primary)).unwrap()
}

fn pair(replica: &Server, primary: &Server) -> RedisReplica {
    let source = RedisReplica::connect("replica", &url(replica)).unwrap();
    source.primary(&url(primary)).unwrap()
}
