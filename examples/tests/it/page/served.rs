//! A server in the test's own process, for what the example `node` has no flag for.

use health_core::Health;
use health_http::server::{Limits, ServerHandle};
use health_http::{HealthServer, HealthServiceBuilder};
use tokio::runtime::{Builder, Runtime};

/// A node without checks, served until this is dropped.
pub(super) struct Served {
    pub(super) health: Health,
    pub(super) address: String,
    _server: ServerHandle,
    runtime: Runtime,
}

impl Served {
    pub(super) fn new(
        service: impl FnOnce(HealthServiceBuilder) -> HealthServiceBuilder + Send + 'static,
    ) -> Self {
        Self::within(Limits::default(), service)
    }

    pub(super) fn within(
        limits: Limits,
        service: impl FnOnce(HealthServiceBuilder) -> HealthServiceBuilder + Send + 'static,
    ) -> Self {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let health = Health::builder().node_id("served").build();
        let entered = runtime.enter();
        let server = HealthServer::builder(health.clone())
            .limits(limits)
            .service(service);
        let server = server.bind("127.0.0.1:0").unwrap().serve().unwrap();
        let address = format!("http://{}", server.local_addr());
        health.start().unwrap();
        drop(entered);
        Self {
            health,
            address,
            _server: server,
            runtime,
        }
    }

    /// Runs `task` in the node's own runtime.
    pub(super) fn enter<T>(&self, task: impl FnOnce() -> T) -> T {
        let _entered = self.runtime.enter();
        task()
    }
}
