//! Where a server of PostgreSQL is expected, and none is.

use health_lag::Poller;
use health_lag::postgres::{PostgresPrimary, PostgresSlots, PostgresStandby};

use super::cluster;
use crate::strangers;

fn sources(port: u16) -> Vec<Poller> {
    let address = cluster::address("app", port);
    vec![
        Poller::new("primary", PostgresPrimary::connect(&address).unwrap()),
        Poller::new("slots", PostgresSlots::connect(&address).unwrap()),
        Poller::new("own", PostgresStandby::connect("f", &address).unwrap()),
    ]
}

#[tokio::test]
async fn are_no_data() {
    strangers::are_no_data(strangers::all(), sources).await;
}
