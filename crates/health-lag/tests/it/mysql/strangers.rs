//! Where a server of MySQL is expected, and none is.

use health_lag::Poller;
use health_lag::mysql::{MysqlHeartbeat, MysqlReplica, MysqlServer};

use super::mariadb;
use crate::strangers;

fn sources(port: u16) -> Vec<Poller> {
    let server = || MysqlServer::connect(&mariadb::address("app", port)).unwrap();
    let beats = MysqlHeartbeat::new("f", server(), server(), "service.heartbeat");
    vec![
        Poller::new("ids", MysqlReplica::by_gtid("f", server())),
        Poller::new("files", MysqlReplica::by_file("f", server(), server())),
        Poller::new("beats", beats.unwrap().write()),
    ]
}

#[tokio::test]
async fn are_no_data() {
    strangers::are_no_data(strangers::all(), sources).await;
}
