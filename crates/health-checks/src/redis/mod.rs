//! Redis: whether a server answers, which role it plays, and how full its memory is.
//!
//! Nothing here watches a cluster or a sentinel as a whole, or replication lag: each
//! check is of one server.
//!
//! The feature `redis` adds 44 crates: `redis` itself without TLS, and what it needs for
//! tokio and for URLs. For TLS (`rediss://`), enable `tokio-rustls-comp` of the crate
//! `redis` in the service.

mod advice;
mod check;
mod door;
mod info;
#[cfg(feature = "distributed")]
mod key_value;
#[cfg(feature = "distributed")]
mod pub_sub;

pub use check::RedisCheck;
pub use info::RedisRole;
#[cfg(feature = "distributed")]
pub use key_value::RedisKeyValue;
#[cfg(feature = "distributed")]
pub use pub_sub::RedisPubSub;
