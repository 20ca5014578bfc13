//! The health service: a request in, an answer out, from what is already known.
//!
//! It opens no socket and bounds no connection (see [`server`](crate::server)),
//! and runs no check; an on-demand check past its max age is waited for, a
//! bounded time.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use health_core::{CheckStatus, Health, NodeStatus, Probe};
use hyper::{Method, Request, Response, StatusCode};

use crate::answer::{Answer, Infallibly};
use crate::body::Body;
use crate::clock;
use crate::history;
use crate::host::{HostError, check_host};
use crate::kept::Kept;
use crate::mount::{Asked, Mounts};
use crate::native;
use crate::probe_body::ProbeBodies;
use crate::rendered::{Page, Renderer};
use crate::reply;
use crate::route::{Route, route};
use crate::server::StallWatch;
use crate::service_builder::HealthServiceBuilder;
use crate::stall_view::StallView;
use crate::summary;

/// Answers health requests: a [`hyper::service::Service`], and a
/// [`tower_service::Service`] for routers such as axum's.
///
/// Cheap to clone; clones share their renderings.
///
/// ```
/// use health_core::Health;
/// use health_http::HealthService;
/// use hyper::{Request, StatusCode};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let service = HealthService::new(Health::new());
/// let request = Request::get("/ready").header("host", "node").body(()).unwrap();
/// let response = service.answer(&request).await;
/// assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE); // still starting
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct HealthService {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    health: Health,
    ready: ProbeBodies,
    live: ProbeBodies,
    startup: ProbeBodies,
    report: Renderer,
    checks: Renderer,
    summary: Kept,
    stall: Option<Arc<StallWatch>>,
    mounts: Mounts,
}

impl HealthService {
    /// Serves `health`, with the defaults of the [`builder`](Self::builder).
    pub fn new(health: Health) -> Self {
        Self::builder(health).build()
    }

    /// Sets up a service.
    pub fn builder(health: Health) -> HealthServiceBuilder {
        HealthServiceBuilder::new(health)
    }

    pub(crate) fn configured(builder: HealthServiceBuilder) -> Self {
        let HealthServiceBuilder {
            health,
            live_fails_while_stopping,
            stall,
            mounts,
            ..
        } = builder;
        Self {
            inner: Arc::new(Inner {
                health,
                ready: ProbeBodies::new(Probe::Ready, false),
                live: ProbeBodies::new(Probe::Live, live_fails_while_stopping),
                startup: ProbeBodies::new(Probe::Startup, false),
                report: Renderer::new(Page::Report),
                checks: Renderer::new(Page::Checks),
                summary: Kept::default(),
                stall,
                mounts,
            }),
        }
    }

    /// The answer to `request`, whose body is not read. At once, unless an
    /// on-demand check is to be waited for. Cancel safe.
    pub fn answer<B>(&self, request: &Request<B>) -> Answer {
        let now = clock::now().into_std();
        let route = match admit(request) {
            Ok(route) => route,
            Err(refusal) => return Answer::ready(refusal.into()),
        };
        let inner = &self.inner;
        if let Route::Mounted(seat) = route {
            return Answer::ready(inner.mounts.answer(
                seat,
                &Asked {
                    health: &inner.health,
                    method: request.method(),
                    query: request.uri().query().unwrap_or_default(),
                    headers: request.headers(),
                    stall: inner.stall(),
                },
            ));
        }
        if route.demands() && inner.health.demand_due(route.probe(), now) {
            let (inner, path) = (Arc::clone(inner), request.uri().path().to_owned());
            return Answer::waiting(async move { inner.respond_after_demand(&path).await });
        }
        Answer::ready(inner.respond(route, now))
    }
}

/// Whether the node, or a group, serves: 200 rather than 503.
fn is_serving(status: NodeStatus) -> bool {
    matches!(status, NodeStatus::Healthy | NodeStatus::Degraded)
}

/// Why a request gets no answer on health.
enum Refusal {
    Host(HostError),
    NotFound,
    Method,
}

impl From<Refusal> for Response<Body> {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Host(error) => reply::bad_request(&error),
            Refusal::NotFound => reply::not_found(),
            Refusal::Method => reply::method_not_allowed(),
        }
    }
}

/// The route of a request that may be answered.
fn admit<B>(request: &Request<B>) -> Result<Route<'_>, Refusal> {
    check_host(request.version(), request.headers()).map_err(Refusal::Host)?;
    let route = route(request.uri().path()).ok_or(Refusal::NotFound)?;
    match *request.method() {
        Method::GET | Method::HEAD => Ok(route),
        _ => Err(Refusal::Method),
    }
}

impl Inner {
    async fn respond_after_demand(&self, path: &str) -> Response<Body> {
        let Some(route) = route(path) else {
            return reply::not_found();
        };
        self.health.demand(route.probe()).await;
        self.respond(route, clock::now().into_std())
    }

    fn stall(&self) -> StallView {
        self.stall
            .as_ref()
            .map_or_else(StallView::default, |watch| watch.stall().into())
    }

    fn respond(&self, route: Route<'_>, now: Instant) -> Response<Body> {
        let stall = self.stall();
        let bodies = match route {
            Route::Probe(Probe::Ready) => &self.ready,
            Route::Probe(Probe::Live) => &self.live,
            Route::Probe(Probe::Startup) => &self.startup,
            Route::Report | Route::Probe(Probe::Health) => {
                let page = self.report.render(&self.health.report(), stall);
                return reply::verdict(is_serving(page.status), page.body.clone());
            }
            Route::Group(name) => {
                return match self.health.group_report(name) {
                    None => reply::unknown_group(),
                    Some(report) => {
                        let (status, message) = stall.overlay(report.status, &report.message);
                        let body = native::group(&report, name, status, &message);
                        reply::verdict(is_serving(status), body.into())
                    }
                };
            }
            Route::Summary => {
                let body = self
                    .summary
                    .get(&self.health.report(), stall, summary::render);
                return reply::json(StatusCode::OK, body);
            }
            Route::History(name) => {
                return match (self.health.check(name), self.health.history(name)) {
                    (Some(check), Some(history)) => {
                        reply::json(StatusCode::OK, history::render(&check, &history).into())
                    }
                    _ => reply::unknown_check(),
                };
            }
            Route::Mounted(_) => return reply::not_found(),
            Route::Checks => {
                let page = self.checks.render(&self.health.report(), stall);
                return reply::json(StatusCode::OK, page.body.clone());
            }
            Route::Check(name) => {
                return match self.health.check(name) {
                    None => reply::unknown_check(),
                    Some(check) => {
                        let serving =
                            matches!(check.status, CheckStatus::Healthy | CheckStatus::Degraded);
                        reply::verdict(serving, native::check(&check).into())
                    }
                };
            }
        };
        let (passing, body) = bodies.answer(&self.health, now, stall);
        reply::verdict(passing, body)
    }
}

impl<B> hyper::service::Service<Request<B>> for HealthService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Infallibly;

    fn call(&self, request: Request<B>) -> Infallibly {
        Infallibly(self.answer(&request))
    }
}

impl<B> tower_service::Service<Request<B>> for HealthService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Infallibly;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Infallibly {
        Infallibly(self.answer(&request))
    }
}
