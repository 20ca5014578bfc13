//! PostgreSQL, against real servers: Debian's `postgresql`.

#[allow(dead_code, reason = "the tests of the checks use the rest")]
#[path = "../../../../health-checks/tests/it/postgres/cluster.rs"]
mod cluster;
mod connection;
mod leaks;
mod monitored;
mod slots;
mod strangers;
mod streaming;

use tokio_postgres::Client;

use crate::server::Server;

/// What a superuser connects to.
fn admin_address(server: &Server) -> String {
    cluster::address("postgres", server.port).replace("/service", "/postgres")
}

async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap();
}

/// Writes some of the log, and how much.
async fn load(client: &Client, rows: u32) {
    let sql = format!(
        "CREATE TABLE IF NOT EXISTS load (id int, text text); \
         INSERT INTO load SELECT id, repeat('x', 500) FROM generate_series(1, {rows}) id"
    );
    run(client, &sql).await;
}
