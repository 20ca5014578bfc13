//! Serves health to probers, on hyper 1: what an orchestrator, a load balancer
//! or a person asks over HTTP, answered from what is already known.
//!
//! ```
//! use health_core::{Health, check_fn};
//! use health_http::HealthServer;
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let health = Health::builder().node_id("node-1").build();
//! let server = HealthServer::bind("127.0.0.1:0", health.clone())?.serve()?;
//! health.register(check_fn("config", |_| async { true }).critical())?;
//! health.start()?;
//! println!("listening on http://{}", server.local_addr());
//! server.close().await;
//! # Ok(()) }
//! ```
//!
//! | path (aliases) | answers | codes |
//! |---|---|---|
//! | `/health` | the full report | 200 healthy, degraded; 503 unhealthy, starting, stopping |
//! | `/health/ready` (`/ready`, `/readyz`) | `{"ready","status","message"}` | 200 / 503 |
//! | `/health/live` (`/live`, `/livez`) | `{"live","status","uptime"}`, and `message` on failure | 200 / 503 |
//! | `/health/startup` (`/startup`, `/startupz`) | `{"started","status","message"}` | 200 / 503 |
//! | `/health/checks` | every check with its spec, `total`, `timestamp` | 200 |
//! | `/health/checks/{name}` | one of them | 200 healthy, degraded; 503; 404 |
//! | `/health/groups/{name}` | the report on a group | 200 healthy, degraded; 503; 404 |
//! | `/health/summary` | the node in a few figures | 200 |
//! | `/health/history/{name}` | the past runs of a check | 200; 404 |
//!
//! GET and HEAD have the same headers; other methods get 405, other paths 404,
//! an HTTP/1.1 request without exactly one `Host` 400. Liveness stays 200 while
//! the node drains, and turns 503 when a shutdown has overrun its deadline. A 200
//! that is degraded carries `x-envoy-degraded`, by which Envoy prefers other hosts.
//!
//! # The native JSON
//!
//! Durations (`uptime`, `latency`, `interval`, `timeout`) are whole nanoseconds,
//! times are RFC 3339 in UTC, `checks` is an object keyed by name and sorted.
//! `timestamp` at the top is that of the snapshot, not of the request; that of a
//! check is its last result's, `null` before the first.
//!
//! It has no features yet; beside hyper 1 (`http1`, `server`), hyper-util's tokio
//! adapter and tokio it pulls in `arc-swap`, `humantime`, `serde_json`,
//! `socket2`, `tower-service` (the trait alone) and `tracing`.

mod answer;
#[cfg(feature = "prometheus")]
mod answered;
mod asked;
mod body;
mod clock;
mod dialect;
mod disclosure;
mod event_stream;
mod events;
mod health_server;
mod history;
mod host;
#[cfg(feature = "ui")]
mod journal;
mod kept;
#[cfg(feature = "prometheus")]
mod metrics;
mod mount;
mod native;
mod negotiate;
mod pages;
mod probe_body;
mod query;
mod rendered;
mod reply;
mod route;
pub mod server;
mod service;
mod service_builder;
mod shelf;
mod stall_view;
mod summary;
mod token;
#[cfg(feature = "ui")]
mod ui;
mod wire_time;

pub use answer::{Answer, Infallibly};
pub use body::Body;
pub use health_server::{HealthServer, HealthServerBuilder};
pub use host::{HostError, check_host};
#[cfg(feature = "prometheus")]
pub use metrics::HealthCollector;
pub use service::HealthService;
pub use service_builder::HealthServiceBuilder;
pub use token::{MAX_TOKEN, Token, TokenError};
