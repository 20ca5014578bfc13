//! Ten thousand polls of each source leave nothing, here and on the servers.

use std::sync::Arc;

use health_lag::LagSource;
use health_lag::mysql::{MysqlHeartbeat, MysqlReplica};

use super::{admin_of, load, mariadb, run};
use crate::harness::PATIENCE;
use crate::leaks::{by_itself, leak_nothing};

#[test]
fn of_each_source() {
    by_itself("mysql::leaks::of_each_source", async || {
        let primary = mariadb::start().await;
        let replica = mariadb::start_replica(&primary).await;
        let mut on_primary = mariadb::admin(primary.port).await;
        run(&mut on_primary, "SET GLOBAL sync_binlog = 0").await;
        load(&mut on_primary, 10).await;
        let of = || (admin_of(&replica), admin_of(&primary));
        let by_gtid = MysqlReplica::by_gtid("r", of().0).primary(of().1);
        let by_file = MysqlReplica::by_file("r", of().0, of().1);
        let beats = MysqlHeartbeat::new("r", of().0, of().1, "service.heartbeat");
        let sources: Vec<Arc<dyn LagSource>> = vec![
            Arc::new(by_gtid),
            Arc::new(by_file),
            Arc::new(beats.unwrap().write()),
        ];
        leak_nothing(sources).await;
        // One connection of each was kept, and is closed now.
        let begin = std::time::Instant::now();
        while mariadb::connections(&mut on_primary, "root").await > 1 {
            assert!(begin.elapsed() < PATIENCE, "a connection is left");
        }
        drop(on_primary);
        mariadb::end(replica);
        mariadb::end(primary);
    });
}
