//! Redis: replicas as their primary sees them, and a replica by itself.
//!
//! Positions are offsets of the replication stream, in bytes, and the epoch is the replication id.
//! The field `lag` is not used: it is the seconds since the replica last said anything.
//!
//! | source | knows | does not know |
//! |---|---|---|
//! | [`RedisPrimary`] | every connected replica, by what it acknowledges each second | how far a replica is that is not connected |
//! | [`RedisReplica`] with its primary | one replica at this moment, connected or not | what is under way between them |
//! | [`RedisReplica`] alone | what the replica has read and not applied yet, next to nothing as a rule | how far the primary is |
//!
//! The feature `redis` adds 44 crates: `redis` itself without TLS. For TLS (`rediss://`), enable
//! `tokio-rustls-comp` of the crate `redis` in the service.

mod advice;
mod door;
mod info;
mod primary;
mod replica;

pub use primary::RedisPrimary;
pub use replica::RedisReplica;

const NAME: &str = "redis";
