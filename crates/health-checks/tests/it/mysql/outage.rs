//! A server that hangs, or is gone, and comes back: each door says so, and recovers.

use health_checks::mysql::MysqlCheck;
use health_core::CheckState;
use mysql_async::prelude::Queryable;

use super::check::{SHORT, connect, pool};
use super::mariadb::{self, address};
use crate::harness::Monitored;
use crate::server::Server;
use crate::stores::says;

pub(super) async fn suspended(server: &Server) {
    let check = connect(server.port).registration();
    let monitored = Monitored::start(check.timeout(SHORT).thresholds(1, 1));
    // A kept connection is given up, and a new one is not given.
    server
        .suspend_under(&monitored, "did not answer the query in time")
        .await;
    let words = "gave no connection in time";
    monitored.ask_until(words, |state| says(state, words)).await;
    server.resume();
    monitored.ask_until("the return", CheckState::healthy).await;
    monitored.stop().await;
    let mut admin = mariadb::admin(server.port).await;
    mariadb::no_connection(&mut admin, "app").await;
    admin.disconnect().await.unwrap();
}

pub(super) async fn suspended_under_a_pool(server: &Server) {
    let pool = pool(&address("app", server.port), 1);
    let check = MysqlCheck::pool(pool.clone()).registration();
    let monitored = Monitored::start(check.timeout(SHORT).thresholds(1, 1));
    server
        .suspend_under(&monitored, "did not answer the query in time")
        .await;
    // The only connection of the pool is not held up by the answer that did not come.
    let words = "the pool gave no connection to mysql in time";
    monitored.ask_until(words, |state| says(state, words)).await;
    server.resume();
    monitored.ask_until("the return", CheckState::healthy).await;
    // Nor does anybody else get that answer.
    let mut conn = pool.get_conn().await.unwrap();
    let two: Option<u8> = conn.query_first("SELECT 2").await.unwrap();
    assert_eq!(two, Some(2));
    monitored.stop().await;
}

pub(super) async fn killed(server: &mut Server) {
    let own = Monitored::start(connect(server.port));
    let pooled = Monitored::start(MysqlCheck::pool(pool(&address("app", server.port), 2)));
    for monitored in [&own, &pooled] {
        let state = monitored.ask().await;
        assert!(state.healthy(), "{state:?}");
    }
    server.kill();
    for monitored in [&own, &pooled] {
        let words = "accepts no connection; start it";
        monitored.ask_until(words, |state| says(state, words)).await;
    }
    server.restart();
    for monitored in [own, pooled] {
        monitored.ask_until("the return", CheckState::healthy).await;
        monitored.stop().await;
    }
}
