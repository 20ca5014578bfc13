//! What the checks of all stores share: how they are registered, how their findings are told,
//! the credentials in their URLs, and the part that a server plays in replication.
//!
//! It speaks to no server: the families do.

#[cfg(any(feature = "etcd", feature = "nats"))]
mod credentials;
mod defaults;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
mod findings;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
mod role;

#[cfg(any(feature = "etcd", feature = "nats"))]
pub(crate) use credentials::Credentials;
pub(crate) use defaults::{registration, until};
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
pub(crate) use findings::{Finding, worst};
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
pub use role::DatabaseRole;
