//! MySQL and MariaDB: whether a server answers, takes writes, plays its role, and has
//! connections left.
//!
//! Nothing here watches replication lag, or a cluster as a whole: each check is of one server.
//!
//! The feature `mysql` adds 78 crates: `mysql_async` with neither TLS nor C code, and what it
//! needs for tokio, for URLs and for passwords. For TLS, enable `default-rustls-ring` of the
//! crate `mysql_async` in the service.
//!
//! The name of the host is resolved on a thread of the check's own, at most one at once: a
//! resolver that hangs holds up neither the runtime nor its end. Certificates are verified for
//! the name all the same. A pool of the service resolves as `mysql_async` does.

mod check;
mod door;
mod place;
mod query;
mod trouble;

pub use crate::stores::DatabaseRole;
pub use check::MysqlCheck;
