//! MySQL and MariaDB: whether a server answers, takes writes, plays its role, and has
//! connections left.
//!
//! Nothing here watches replication lag, or a cluster as a whole: each check is of one server.
//!
//! The feature `mysql` adds 78 crates: `mysql_async` with neither TLS nor C code, and what it
//! needs for tokio, for URLs and for passwords. For TLS, enable `default-rustls-ring` of the
//! crate `mysql_async` in the service.

mod check;
mod door;
mod query;
mod trouble;

pub use crate::sql::DatabaseRole;
pub use check::MysqlCheck;
