//! Redis: whether a server answers, which role it plays, and how full its memory is.
//!
//! Nothing here watches a cluster or a sentinel as a whole, or replication lag: each
//! check is of one server.
//!
//! The feature `redis` adds 44 crates: `redis` itself without TLS, and what it needs for
//! tokio and for URLs. For TLS (`rediss://`), enable `tokio-rustls-comp` of the crate
//! `redis` in the service.
//!
//! Names are resolved on a thread of the check's own, at most one at once: a resolver that
//! hangs holds up neither the runtime nor its end. Certificates are verified for the name all
//! the same. A connection of the service resolves as the service made it; the subscriptions
//! of `RedisPubSub` over TLS are resolved once more, by `redis`, right after that.

mod advice;
mod check;
mod door;
mod info;
#[cfg(feature = "distributed")]
mod key_value;
mod names;
#[cfg(feature = "distributed")]
mod pub_sub;

pub use crate::stores::DatabaseRole;
pub use check::RedisCheck;
#[cfg(feature = "distributed")]
pub use key_value::RedisKeyValue;
#[cfg(feature = "distributed")]
pub use pub_sub::RedisPubSub;
