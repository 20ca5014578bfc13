//! The tests of `health-lag` over its public face: recordings by their own time, tasks under paused time.
//!
//! Pure decisions have their tables beside them; real servers their own tests.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests spawn what they stop, read the paused clock, and give up in the end"
)]

// Certificates for those that speak TLS.
#[cfg(feature = "postgres")]
#[allow(dead_code, reason = "it is the tests of the checks that speak TLS")]
#[path = "../../../health-checks/tests/it/authority.rs"]
mod authority;
// How real servers are started, killed and suspended, as the tests of the checks do it.
#[cfg(any(
    feature = "mysql",
    feature = "openraft",
    feature = "postgres",
    feature = "redis"
))]
#[path = "../../../health-checks/tests/it/harness.rs"]
mod harness;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
#[path = "../../../health-checks/tests/it/server.rs"]
mod server;

mod alerts;
mod bounds;
mod check;
mod cluster;
#[cfg(feature = "prometheus")]
mod collector;
mod compat;
mod defects;
#[cfg(any(
    feature = "mysql",
    feature = "openraft",
    feature = "postgres",
    feature = "redis"
))]
#[allow(dead_code, reason = "which of it is used depends on the features")]
mod judged;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
mod leaks;
mod memory;
#[cfg(feature = "mysql")]
mod mysql;
mod observer_panics;
#[cfg(feature = "openraft")]
mod openraft;
mod poller;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
#[allow(dead_code, reason = "the tests of the checks use the rest")]
#[path = "../../../health-checks/tests/it/net/raw.rs"]
mod raw;
mod recording;
#[cfg(feature = "redis")]
mod redis;
mod section;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
mod strangers;
mod suspension;
mod threads;
mod watch;
#[allow(dead_code, reason = "which of it is used depends on the features")]
mod watched;

use std::time::Duration;

use health_lag::{Condition, Follower, LagMonitor, Sample, Status};

fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A monitor of one follower.
fn one() -> (LagMonitor, Follower) {
    let monitor = LagMonitor::new();
    let follower = monitor.follower_at("b", Duration::ZERO).unwrap();
    (monitor, follower)
}

/// A sample of (second, leader, applied).
fn push(follower: &Follower, second: u64, leader: u64, applied: u64) {
    follower
        .push_at(secs(second), Sample::new(leader, applied))
        .unwrap();
}

fn status(follower: &Follower, second: u64) -> Status {
    follower.status_at(secs(second)).unwrap()
}

/// Its conditions by name.
fn conditions(status: &Status) -> Vec<&'static str> {
    status.conditions.iter().map(Condition::name).collect()
}

/// What the log says, one `follower kind:event` after the other.
fn said(monitor: &LagMonitor) -> Vec<String> {
    let alerts = monitor.alerts().since(1).alerts;
    let words = alerts
        .iter()
        .map(|it| format!("{} {}:{}", it.follower, it.kind.name(), it.event.name()));
    words.collect()
}
