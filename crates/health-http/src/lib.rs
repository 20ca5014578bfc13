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
//! | `/health/startup` (`/health/started`, `/startup`, `/startupz`) | `{"started","status","message"}` | 200 / 503 |
//! | `/health/checks` | every check with its spec, `total`, `timestamp` | 200 |
//! | `/health/checks/{name}` | one of them | 200 healthy, degraded; 503; 404 |
//! | `/health/groups/{name}` | the report on a group | 200 healthy, degraded; 503; 404 |
//! | `/health/summary` | the node in a few figures | 200 |
//! | `/health/history/{name}` | the past runs of a check | 200; 404 |
//! | `/actuator/health`, `/actuator/health/…` | the paths of Spring Boot Actuator | 200 / 503 / 404 |
//! | `/health/events` | server-sent events, one per transition, a `beat` at least every 5 s | 200 |
//! | `/health/ui` | the page for people (feature `ui`) | 200 |
//! | `/metrics` | figures for Prometheus, as text or OpenMetrics (feature `prometheus`) | 200 |
//!
//! GET and HEAD have the same headers; other methods get 405, other paths 404,
//! an HTTP/1.1 request without exactly one `Host` 400, a query of more than
//! 4096 bytes 414. Liveness stays 200 while the node drains, and turns 503 when
//! a shutdown has overrun its deadline. A 200 that is degraded
//! carries `x-envoy-degraded`, by which Envoy prefers other hosts.
//!
//! # The native JSON
//!
//! Durations (`uptime`, `latency`, `interval`, `timeout`) are whole nanoseconds,
//! times are RFC 3339 in UTC, `checks` is an object keyed by name and sorted.
//! `timestamp` at the top is that of the snapshot, not of the request; that of a
//! check is its last result's, `null` before the first. The repository has a
//! JSON schema of it, `docs/native.schema.json`.
//!
//! # Dialects
//!
//! `?format=components`, `ietf`, `actuator`, `microprofile` or `kubernetes`, or an
//! `Accept` of `application/health+json`,
//! `application/vnd.spring-boot.actuator.v3+json` or `text/plain`, asks for the
//! report, a group, a check or a probe in the words of another prober; `?verbose`
//! or `?exclude=NAME` on a path of a probe asks for the text of Kubernetes'
//! servers. Anything else is answered natively, never with 406. Codes are the
//! same in all of them.
//!
//! | native | components | IETF | Actuator | MicroProfile | Kubernetes |
//! |---|---|---|---|---|---|
//! | healthy | `ready` | `pass` | `UP` | `UP` | `check passed` |
//! | degraded | `affected` | `warn` | `UP` | `UP` | `check passed` |
//! | unhealthy | `not_ready` | `fail` | `DOWN` | `DOWN` | `check failed` |
//! | starting | `not_ready` | `fail` | `OUT_OF_SERVICE` | `DOWN` | `check failed` |
//! | stopping | `shutting_down` | `fail` | `OUT_OF_SERVICE` | `DOWN` | `check failed` |
//!
//! What is degraded and passes has the header `x-envoy-degraded`, for Envoy.
//!
//! A check that is unknown (stale, pending, disabled) is `not_ready`, `fail`,
//! `UNKNOWN`, `DOWN` and `[-]`, save that Kubernetes' text has a disabled one as
//! `excluded: ok`. `docs/dialects.md` has the rest.
//!
//! # Who may see what
//!
//! Everything is public by default, save the errors behind failures, which are
//! never served. [`status_only`](HealthServiceBuilder::status_only) tells
//! strangers the status alone, [`tokens`](HealthServiceBuilder::tokens) asks for a
//! bearer token for more, and
//! [`bind_with_admin`](HealthServerBuilder::bind_with_admin) puts the probes on
//! one address and everything on another. What a stranger may cost is bounded by
//! [`Limits`](server::Limits); `docs/limits.md` has the test of each.
//!
//! # The page
//!
//! `/health/ui` shows people what the node knows: its state and since when, the checks with the
//! worst first, their past runs and latency, the sections that the service pushes
//! ([`Health::section`](health_core::Health::section)), and what has changed of late. It is one
//! document of some 35 kB that asks nobody but this node, under a content security policy that
//! lets nothing else in. It follows the node live; if the node falls silent for 12 s, or its
//! state cannot be had, the page says that the connection is lost, and that what it shows is
//! past. Where tokens are asked for, the page is open, and asks for one before it shows anything;
//! it is kept for the tab alone. `/health/ui/state`, which it reads, may change with it.
//! [`without_page`](HealthServiceBuilder::without_page) leaves it away.
//!
//! # Metrics
//!
//! `/metrics` is Prometheus' text format, version 0.0.4, or OpenMetrics 1.0 for whoever prefers it
//! in `Accept`, as Prometheus itself does. Both have the same series with the same labels and
//! values, so that alerts and dashboards need not know which is scraped. What differs is what is
//! told of a metric: in OpenMetrics a counter is named without `_total`, and a unit stands apart.
//! A counter of a [registry](HealthServiceBuilder::registry) that does not end in `_total`, or
//! whose name without it another metric has, is of type `unknown` there. State sets and infos are
//! gauges in both, for OpenMetrics' own would need other labels or names. A histogram's bound and
//! a summary's quantile is a float in OpenMetrics: `le="1.0"`, where the text has `le="1"`.
//!
//! # Features
//!
//! | feature | brings | crates it adds |
//! |---|---|---|
//! | (none) | all but the rest of this table | over `health-core`: `hyper` 1 (http1, server), `hyper-util`, `itoa`, `mediatype`, `percent-encoding`, `socket2`, `subtle`, `tower-service` and what they need |
//! | `ui` (default) | the page at `/health/ui` | none |
//! | `prometheus` | `/metrics`, OpenMetrics included, and `HealthCollector` | `prometheus` |

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
mod negotiator;
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
