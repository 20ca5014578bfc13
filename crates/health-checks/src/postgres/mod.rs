//! PostgreSQL: whether a server answers, takes writes, plays its role, and has connections left.
//!
//! Nothing here watches replication lag, or a cluster as a whole: each check is of one server.
//!
//! The feature `postgres` adds 49 crates: `tokio-postgres` without TLS, and what it needs
//! for tokio and for passwords. TLS comes with the connector that
//! [`connect_with`](PostgresCheck::connect_with) is given.

mod check;
mod door;
mod own;
mod pool;
mod query;
mod trouble;

pub use crate::sql::DatabaseRole;
pub use check::PostgresCheck;
pub use pool::PostgresPool;
