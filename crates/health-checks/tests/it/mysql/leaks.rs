//! Ten thousand runs leave nothing, here and on the server.

use health_checks::mysql::MysqlCheck;
use health_core::Registration;

use super::check::pool;
use super::mariadb::{self, address};
use crate::harness::{alone, leaks_nothing};

#[test]
fn ten_thousand_runs_leave_nothing() {
    alone("mysql::leaks::ten_thousand_runs_leave_nothing", || {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(every_door());
    });
}

async fn every_door() {
    let server = mariadb::start().await;
    let port = server.port;
    let mut admin = mariadb::admin(port).await;

    let own = MysqlCheck::new(&address("app", port)).unwrap();
    let own: Registration = own.connections().into();
    let check = own.check().clone();
    leaks_nothing(own).await;
    assert_eq!(mariadb::connections(&mut admin, "app").await, 1);
    drop(check);
    mariadb::no_connection(&mut admin, "app").await;

    // A larger pool may grow: a connection is given back a moment after its run.
    leaks_nothing(MysqlCheck::pool(pool(&address("app", port), 1))).await;
    admin.disconnect().await.unwrap();
    mariadb::end(server);
}
