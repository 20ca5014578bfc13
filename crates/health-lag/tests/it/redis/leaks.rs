//! Ten thousand polls of each source leave nothing, here and on the servers.

use std::sync::Arc;

use health_lag::LagSource;
use health_lag::redis::RedisPrimary;

use super::{connection, from_primary, load, pair, start, start_replica};
use crate::harness::{connections, eventually};
use crate::leaks::{by_itself, leak_nothing};

#[test]
fn of_each_source() {
    by_itself("redis::leaks::of_each_source", async || {
        let primary = start(&[]);
        let replica = start_replica(&primary);
        let mut shared = connection(&primary).await;
        load(&mut shared, 1_000).await;
        let sources: Vec<Arc<dyn LagSource>> = vec![
            Arc::new(from_primary(&primary)),
            Arc::new(RedisPrimary::shared(shared)),
            Arc::new(pair(&replica, &primary)),
        ];
        leak_nothing(sources).await;
        for server in [&primary, &replica] {
            eventually("the end of the connections", || {
                let left = connections(server.port);
                (left > 0).then_some(left)
            })
            .await;
        }
    });
}
