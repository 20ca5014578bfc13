//! Ten thousand runs leave nothing, here and on the server.

use health_checks::postgres::PostgresCheck;
use health_core::Registration;

use super::check::pool;
use super::cluster::{self, address};
use crate::harness::{PATIENCE, alone, leaks_nothing};

#[test]
fn ten_thousand_runs_leave_nothing() {
    alone("postgres::leaks::ten_thousand_runs_leave_nothing", || {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .unwrap()
            .block_on(every_door());
    });
}

async fn every_door() {
    let server = cluster::start().await;
    let port = server.port;
    let admin = cluster::admin(port).await;

    let own = PostgresCheck::new(&address("app", port)).unwrap();
    let own: Registration = own.connections().into();
    let check = own.check().clone();
    leaks_nothing(own).await;
    assert_eq!(cluster::connections(&admin).await, 1);
    drop(check);
    let begin = std::time::Instant::now();
    while cluster::connections(&admin).await > 0 {
        assert!(
            begin.elapsed() < PATIENCE,
            "the connection outlives its check"
        );
    }

    leaks_nothing(PostgresCheck::client(cluster::client(port).await)).await;
    leaks_nothing(PostgresCheck::pool(pool(&address("app", port), 2))).await;
    cluster::end(server);
}
