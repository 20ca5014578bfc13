//! A node under test: an application's runtime, a `Health` on it, and a server in front.
//!
//! It registers no check.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use health_core::Health;
use health_http::HealthServer;
use health_http::server::{Limits, ServerHandle, StallLimits};
use tokio::runtime::Runtime;

/// When a condition is taken to be missed; reached only by a test that fails.
const PATIENCE: Duration = Duration::from_mins(1);

/// Where the server runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Application,
    OwnThread(StallLimits),
}

impl Place {
    /// Both, with the default limits.
    pub(crate) fn both() -> [Self; 2] {
        [Self::Application, Self::OwnThread(StallLimits::default())]
    }
}

/// The runtime of an application with this many workers.
pub(crate) fn runtime(workers: usize) -> Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(workers)
        .enable_all()
        .build()
        .unwrap()
}

/// Starts `health` on `runtime`, and serves it.
pub(crate) fn serve(
    runtime: &Runtime,
    health: &Health,
    place: Place,
    limits: Limits,
) -> (ServerHandle, SocketAddr) {
    let _within = runtime.enter();
    health.start().unwrap();
    serve_started(health, place, limits)
}

/// Serves within a runtime; `health` may be started already.
pub(crate) fn serve_started(
    health: &Health,
    place: Place,
    limits: Limits,
) -> (ServerHandle, SocketAddr) {
    let mut server = HealthServer::builder(health.clone()).limits(limits);
    if let Place::OwnThread(stall) = place {
        server = server.own_thread(stall);
    }
    let handle = server.bind("127.0.0.1:0").unwrap().serve().unwrap();
    let address = handle.local_addr().tcp().unwrap();
    (handle, address)
}

/// Waits for what others are about to bring about.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "{what} never came true");
        std::thread::sleep(Duration::from_millis(2));
    }
}
