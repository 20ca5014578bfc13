//! MariaDB, against real servers: Debian's `mariadb-server`.

mod failover;
mod heartbeat;
mod leaks;
#[allow(dead_code, reason = "the tests of the checks use the rest")]
#[path = "../../../../health-checks/tests/it/mysql/mariadb.rs"]
mod mariadb;
mod positions;
mod strangers;

use health_lag::LagSource;
use health_lag::mysql::MysqlServer;
use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use crate::server::Server;

fn admin_of(server: &Server) -> MysqlServer {
    MysqlServer::connect(&format!("mysql://root@127.0.0.1:{}", server.port)).unwrap()
}

fn user_of(server: &Server, user: &str) -> MysqlServer {
    MysqlServer::connect(&mariadb::address(user, server.port)).unwrap()
}

async fn run(conn: &mut Conn, sql: &str) {
    conn.query_drop(sql).await.unwrap();
}

/// So many transactions of a kilobyte each.
async fn load(conn: &mut Conn, transactions: u32) {
    let create = "CREATE TABLE IF NOT EXISTS service.load (id int, text text)";
    run(conn, create).await;
    let text = "x".repeat(1_000);
    for id in 0..transactions {
        let sql = format!("INSERT INTO service.load VALUES ({id}, '{text}')");
        run(conn, &sql).await;
    }
}

async fn refusal(source: impl LagSource) -> String {
    let error = source.poll().await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains(crate::server::PASSWORD));
    error.to_string()
}
