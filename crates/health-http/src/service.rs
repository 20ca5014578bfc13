//! The health service: a request in, an answer out, from what is already known.
//!
//! It opens no socket and bounds no connection (see [`server`](crate::server)),
//! and runs no check; an on-demand check past its max age is waited for, a
//! bounded time.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use health_core::{CheckStatus, Health, NodeStatus, Probe};
use hyper::{Method, Request, Response, StatusCode};

use crate::body::Body;
use crate::clock;
use crate::host::{HostError, check_host};
use crate::native;
use crate::probe_body::ProbeBodies;
use crate::rendered::{Page, Renderer};
use crate::reply;
use crate::route::{Route, route};
use crate::server::StallWatch;
use crate::stall_view::StallView;

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
    stall: Option<Arc<StallWatch>>,
}

impl HealthService {
    /// Serves `health`.
    pub fn new(health: Health) -> Self {
        Self::configured(health, false, None)
    }

    /// The same, but liveness fails as soon as the node is stopping. Only for
    /// platforms that want it: an orchestrator that restarts on failed liveness
    /// would cut the drain short.
    pub fn live_fails_while_stopping(health: Health) -> Self {
        Self::configured(health, true, None)
    }

    pub(crate) fn configured(
        health: Health,
        live_fails_while_stopping: bool,
        stall: Option<Arc<StallWatch>>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                health,
                ready: ProbeBodies::new(Probe::Ready, false),
                live: ProbeBodies::new(Probe::Live, live_fails_while_stopping),
                startup: ProbeBodies::new(Probe::Startup, false),
                report: Renderer::new(Page::Report),
                checks: Renderer::new(Page::Checks),
                stall,
            }),
        }
    }

    /// The answer to `request`, whose body is not read. At once, unless an
    /// on-demand check is to be waited for. Cancel safe.
    pub fn answer<B>(&self, request: &Request<B>) -> Answer {
        let now = clock::now().into_std();
        let path = request.uri().path();
        let route = match admit(request) {
            Ok(route) => route,
            Err(refusal) => return Answer(State::Ready(Some(refusal.into()))),
        };
        let inner = &self.inner;
        Answer(if inner.health.demand_due(route.probe(), now) {
            let (inner, path) = (Arc::clone(inner), path.to_owned());
            State::Waiting(Box::pin(
                async move { inner.respond_after_demand(&path).await },
            ))
        } else {
            State::Ready(Some(inner.respond(route, now)))
        })
    }
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

    fn respond(&self, route: Route<'_>, now: Instant) -> Response<Body> {
        let stall = self
            .stall
            .as_ref()
            .map_or_else(StallView::default, |watch| watch.stall().into());
        let bodies = match route {
            Route::Probe(Probe::Ready) => &self.ready,
            Route::Probe(Probe::Live) => &self.live,
            Route::Probe(Probe::Startup) => &self.startup,
            Route::Report | Route::Probe(Probe::Health) => {
                let page = self.report.render(&self.health.report(), stall);
                let serving = matches!(page.status, NodeStatus::Healthy | NodeStatus::Degraded);
                return reply::verdict(serving, page.body.clone());
            }
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

/// The answer to a request, as a future. Cancel safe.
#[must_use = "an answer must be awaited"]
pub struct Answer(State);

enum State {
    /// `None` once taken.
    Ready(Option<Response<Body>>),
    Waiting(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl Future for Answer {
    type Output = Response<Body>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<Body>> {
        match &mut self.get_mut().0 {
            State::Ready(response) => response.take().map_or(Poll::Pending, Poll::Ready),
            State::Waiting(answer) => answer.as_mut().poll(cx),
        }
    }
}

/// An [`Answer`] as a fallible future, which the service traits ask for. It never fails.
#[must_use = "an answer must be awaited"]
pub struct Infallibly(Answer);

impl Future for Infallibly {
    type Output = Result<Response<Body>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.get_mut().0).poll(cx).map(Ok)
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
