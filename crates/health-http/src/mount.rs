//! The seam for answers that are no rendering of a report: metrics, events, the page.
//!
//! It answers nothing itself: what is not mounted is not there.

use std::fmt;
use std::sync::Arc;

use health_core::Health;
use hyper::header::HeaderMap;
use hyper::{Method, Response};

use crate::body::Body;
use crate::reply;
use crate::route::Seat;
use crate::stall_view::StallView;

/// A request for something mounted: admitted, and its path known.
#[derive(Clone, Copy, Debug)]
#[allow(
    dead_code,
    reason = "read by what is mounted, each behind its own feature"
)]
pub(crate) struct Asked<'a> {
    pub(crate) health: &'a Health,
    /// GET or HEAD; hyper sends no body on HEAD.
    pub(crate) method: &'a Method,
    /// What follows `?`, as it was sent; empty without one.
    pub(crate) query: &'a str,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) stall: StallView,
}

/// Answers one [`Seat`]. At once: it neither waits nor blocks; a body may go on streaming.
pub(crate) trait Mounted: fmt::Debug + Send + Sync {
    fn answer(&self, asked: &Asked<'_>) -> Response<Body>;
}

/// What is mounted where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mounts {
    pub(crate) metrics: Option<Arc<dyn Mounted>>,
    pub(crate) events: Option<Arc<dyn Mounted>>,
    pub(crate) page: Option<Arc<dyn Mounted>>,
    /// What the page shows, as JSON.
    pub(crate) page_state: Option<Arc<dyn Mounted>>,
}

impl Mounts {
    pub(crate) fn answer(&self, seat: Seat, asked: &Asked<'_>) -> Response<Body> {
        let mounted = match seat {
            Seat::Metrics => &self.metrics,
            Seat::Events => &self.events,
            Seat::Page => &self.page,
            Seat::PageState => &self.page_state,
        };
        mounted
            .as_ref()
            .map_or_else(reply::not_found, |mounted| mounted.answer(asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use hyper::Request;

    use crate::service::HealthService;

    #[derive(Debug)]
    struct Echo;

    impl Mounted for Echo {
        fn answer(&self, asked: &Asked<'_>) -> Response<Body> {
            let said = format!("{} {}", asked.method, asked.query);
            Response::new(Body::full(Bytes::from(said)))
        }
    }

    #[tokio::test]
    async fn what_is_mounted_answers_and_the_rest_is_not_there() {
        let mut builder = HealthService::builder(Health::new());
        builder.mounts.metrics = Some(Arc::new(Echo));
        let service = builder.build();
        for (path, status) in [
            ("/metrics?a=1", 200),
            ("/health/ui/other", 404),
            ("/health/other", 404),
        ] {
            let request = Request::get(path).header("host", "node").body(()).unwrap();
            let response = service.answer(&request).await;
            assert_eq!(response.status(), status, "{path}");
        }
    }
}
