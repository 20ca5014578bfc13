//! The health service: a request in, an answer out, from what is already known.
//!
//! It opens no socket and bounds no connection (see [`server`](crate::server)),
//! and runs no check; an on-demand check past its max age is waited for, a
//! bounded time.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use health_core::{Health, Probe};
use hyper::{Request, Response};

use crate::answer::{Answer, Infallibly};
#[cfg(feature = "prometheus")]
use crate::answered::Answered;
use crate::asked::{asked, resolve};
use crate::body::Body;
use crate::clock;
use crate::dialect::Form;
use crate::disclosure::Disclosure;
use crate::mount::{Asked, Mounts};
use crate::negotiator::Negotiator;
use crate::pages::Pages;
use crate::route::{Route, route};
use crate::server::StallWatch;
use crate::service_builder::HealthServiceBuilder;
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
    pages: Pages,
    disclosure: Disclosure,
    negotiator: Negotiator,
    stall: Option<Arc<StallWatch>>,
    mounts: Mounts,
    #[cfg(feature = "prometheus")]
    answered: Arc<Answered>,
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
            disclosure,
            stall,
            mounts,
            #[cfg(feature = "prometheus")]
            answered,
            ..
        } = builder;
        Self {
            inner: Arc::new(Inner {
                pages: Pages::new(health.clone(), live_fails_while_stopping),
                health,
                disclosure,
                negotiator: Negotiator::default(),
                stall,
                mounts,
                #[cfg(feature = "prometheus")]
                answered,
            }),
        }
    }

    /// The answer to `request`, whose body is not read. At once, unless an
    /// on-demand check is to be waited for. Cancel safe.
    pub fn answer<B>(&self, request: &Request<B>) -> Answer {
        let now = clock::now().into_std();
        let inner = &self.inner;
        let found = route(request.uri().path());
        let response = match asked(
            request,
            found,
            &inner.disclosure,
            &inner.negotiator,
            &inner.health,
        ) {
            Ok((Route::Mounted(seat), _)) => {
                let asked = Asked {
                    health: &inner.health,
                    method: request.method(),
                    query: request.uri().query().unwrap_or_default(),
                    headers: request.headers(),
                    stall: inner.stall(),
                };
                inner.mounts.answer(seat, &asked)
            }
            Ok((route, form)) => {
                let probe = route.probe();
                if route.demands() && inner.health.demand_due(probe, now) {
                    let path = request.uri().path().to_owned();
                    return Answer::waiting(Arc::clone(inner).demanded(path, form, probe));
                }
                inner.respond(route, &form, now)
            }
            Err(refusal) => refusal.into(),
        };
        #[cfg(feature = "prometheus")]
        inner.answered.count(found, response.status());
        Answer::ready(response)
    }
}

impl Inner {
    fn stall(&self) -> StallView {
        self.stall
            .as_ref()
            .map_or_else(StallView::default, |watch| watch.stall().into())
    }

    /// The answer, once the checks on demand that it shows have run.
    async fn demanded(self: Arc<Self>, path: String, form: Form, probe: Probe) -> Response<Body> {
        self.health.demand(probe).await;
        let found = route(&path);
        let response = match resolve(found, form.view, &self.health) {
            Ok(route) => self.respond(route, &form, clock::now().into_std()),
            // It was unregistered meanwhile.
            Err(refusal) => refusal.into(),
        };
        #[cfg(feature = "prometheus")]
        self.answered.count(found, response.status());
        response
    }

    fn respond(&self, route: Route<'_>, form: &Form, now: Instant) -> Response<Body> {
        self.pages.answer(route, form, now, self.stall())
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
