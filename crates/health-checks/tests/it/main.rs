//! The checks as a service uses them: registered, run by the monitor, against the real thing.
//!
//! Thresholds and messages have their tables beside the code.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "a test that waits must give up some time"
)]

#[cfg(any(feature = "net", feature = "postgres"))]
mod authority;
mod details;
mod harness;
mod server;
#[cfg(any(
    feature = "etcd",
    feature = "mysql",
    feature = "nats",
    feature = "postgres",
    feature = "redis"
))]
mod stores;

#[cfg(feature = "distributed")]
mod distributed;
#[cfg(feature = "etcd")]
mod etcd;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "nats")]
mod nats;
#[cfg(feature = "net")]
mod net;
#[cfg(feature = "passive")]
mod passive;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "process")]
mod process;
#[cfg(feature = "redis")]
mod redis;
#[cfg(all(
    feature = "distributed",
    feature = "etcd",
    feature = "mysql",
    feature = "nats",
    feature = "postgres",
    feature = "redis"
))]
mod resolver;
#[cfg(feature = "runtime")]
mod runtime;
#[cfg(feature = "system")]
mod system;
#[cfg(feature = "testing")]
mod testing;
#[cfg(feature = "time")]
mod time;
#[cfg(feature = "wrap")]
mod wrap;
