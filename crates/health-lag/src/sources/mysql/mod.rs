//! MySQL and MariaDB: a replica by its positions, or by a heartbeat written on its primary.
//!
//! `Seconds_Behind_Master` is never taken for a lag: it is zero while the replica receives nothing,
//! and NULL, which is not zero either, when it is broken.
//!
//! | source | position | needs |
//! |---|---|---|
//! | [`MysqlReplica::by_gtid`] | transactions, counted by global transaction ids | its primary if it can be reached; of MySQL `gtid_mode=ON` |
//! | [`MysqlReplica::by_file`] | bytes of the binary log | its primary |
//! | [`MysqlHeartbeat`] | microseconds of the time that is written to a table | its primary, and who writes the time: this source if asked, or `pt-heartbeat` |
//!
//! The epoch is the server id of the primary. The tests run MariaDB 10.11. Of MySQL, which says the
//! same under other names and has sets of ids, only the names and the sets are tested: Debian has
//! no server of it.
//!
//! The feature `mysql` adds 78 crates: `mysql_async` with neither TLS nor C code. For TLS, enable
//! `default-rustls-ring` of the crate `mysql_async` in the service.

mod binlog;
mod gtid;
mod gtid_set;
mod heartbeat;
mod replica;
mod server;
mod status;
mod trouble;
mod view;

pub use heartbeat::MysqlHeartbeat;
pub use replica::MysqlReplica;
pub use server::MysqlServer;

const NAME: &str = "mysql";
