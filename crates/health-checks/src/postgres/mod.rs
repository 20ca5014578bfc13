//! PostgreSQL: whether a server answers, takes writes, plays its role, and has connections left.
//!
//! Nothing here watches replication lag, or a cluster as a whole: each check is of one server.
//!
//! The feature `postgres` adds 49 crates: `tokio-postgres` without TLS, and what it needs
//! for tokio and for passwords. TLS comes with the connector that
//! [`with_options`](PostgresCheck::with_options) is given.
//!
//! Names are resolved on a thread of the check's own, at most one for each name at once: a
//! resolver that hangs holds up neither the runtime nor its end. Certificates are verified for
//! the name all the same. A pool of the service resolves as it does.

mod check;
mod door;
mod own;
mod place;
mod pool;
mod query;
mod tls;
mod trouble;

pub use crate::stores::DatabaseRole;
pub use check::PostgresCheck;
pub use pool::PostgresPool;
