//! The tests of `health-lag` over its public face.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "a test that waits must give up some time"
)]

// How real servers are started, killed and suspended, as the tests of the checks do it.
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
#[path = "../../../health-checks/tests/it/harness.rs"]
mod harness;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
#[path = "../../../health-checks/tests/it/server.rs"]
mod server;

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "openraft")]
mod openraft;
mod poller;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[allow(dead_code, reason = "which of it is used depends on the features")]
mod watched;
