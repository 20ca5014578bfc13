//! Prometheus figures at `/metrics`, read from what is known when they are scraped.
//!
//! Nothing is counted here: the node counts its runs, the server its connections, the service
//! its answers.

mod family;
mod foreign;
mod format;
mod node;
mod proto;
mod server;
mod text;

use std::sync::{Arc, OnceLock};

use hyper::Response;
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY, X_CONTENT_TYPE_OPTIONS};
use prometheus::Registry;

use crate::answered::Answered;
use crate::body::Body;
use crate::mount::{Asked, Mounted};
use crate::server::CountsReader;

use family::Family as _;
use format::Format;
use text::Text;

pub use node::HealthCollector;

/// Answers `/metrics`: always 200, for a scrape that fails because the node is ill would hide why.
#[derive(Debug)]
pub(crate) struct Metrics {
    node: HealthCollector,
    answered: Arc<Answered>,
    /// Filled in once a server serves it.
    server: Arc<OnceLock<CountsReader>>,
    /// What else the service wants to be scraped.
    registries: Vec<Registry>,
}

impl Metrics {
    pub(crate) fn new(
        node: HealthCollector,
        answered: Arc<Answered>,
        server: Arc<OnceLock<CountsReader>>,
        registries: Vec<Registry>,
    ) -> Self {
        Self {
            node,
            answered,
            server,
            registries,
        }
    }

    /// Everything, sorted by name.
    fn gather(&self, format: Format) -> Vec<Text> {
        let mut families: Vec<Text> = self.node.families().collect();
        families.push(server::answered(&self.answered));
        families.extend(self.server.get().into_iter().flat_map(server::connections));
        families.retain(|family| !family.is_empty());
        for family in self.registries.iter().flat_map(Registry::gather) {
            // A family that comes twice makes the whole scrape invalid; ours is the truth here.
            if families.iter().any(|held| held.name == family.name()) {
                continue;
            }
            match foreign::written(family, format) {
                Ok(text) => families.push(text),
                // One without figures; the rest stays.
                Err(error) => tracing::warn!(%error, "a metric is left out"),
            }
        }
        families.sort_by(|a, b| a.name.cmp(&b.name));
        families
    }
}

impl Mounted for Metrics {
    fn answer(&self, asked: &Asked<'_>) -> Response<Body> {
        let format = Format::asked(asked.headers);
        let text = format.scrape(&self.gather(format));
        let mut response = Response::new(Body::from(text));
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static(format.content_type()),
        );
        headers.insert(VARY, HeaderValue::from_static("Accept"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}
