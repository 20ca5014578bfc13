//! Ten thousand polls of each source leave nothing, here and on the servers.

use std::sync::Arc;

use health_lag::LagSource;
use health_lag::postgres::{PostgresPrimary, PostgresSlots, PostgresStandby};

use super::{admin_address, cluster, run};
use crate::harness::{connections, eventually};
use crate::leaks::{by_itself, leak_nothing};

#[test]
fn of_each_source() {
    by_itself("postgres::leaks::of_each_source", async || {
        let primary = cluster::start().await;
        let standby = cluster::start_standby(&primary);
        let admin = cluster::admin(primary.port).await;
        let slot = "SELECT pg_create_physical_replication_slot('kept', true)";
        run(&admin, slot).await;
        let (leader, follower) = (admin_address(&primary), admin_address(&standby));
        let sources: Vec<Arc<dyn LagSource>> = vec![
            Arc::new(PostgresPrimary::connect(&leader).unwrap()),
            Arc::new(PostgresSlots::connect(&leader).unwrap()),
            Arc::new(PostgresStandby::connect("standby", &follower).unwrap()),
        ];
        leak_nothing(sources).await;
        drop(admin);
        for server in [&primary, &standby] {
            eventually("the end of the connections", || {
                let left = connections(server.port);
                (left > 0).then_some(left)
            })
            .await;
        }
        cluster::end(standby);
        cluster::end(primary);
    });
}
