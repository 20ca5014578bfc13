//! The page for people at `/health/ui`: one document that fetches nothing but the node's own state.
//!
//! What it shows comes from `state`; how is the business of `page.html`, `page.css` and `page.js`.

mod state;

use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};
use sha2::{Digest, Sha256};

use crate::body::Body;
use crate::clock;
use crate::journal::Journal;
use crate::mount::{Asked, Mounted};
use crate::reply;

const MARKUP: &str = include_str!("ui/page.html");
const STYLE: &str = include_str!("ui/page.css");
const SCRIPT: &str = include_str!("ui/page.js");

/// The document and the policy that lets it run: its own style and script, and nothing else.
struct Document {
    body: Bytes,
    policy: HeaderValue,
}

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let body = MARKUP
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT);
    let hash = |text: &str| STANDARD.encode(Sha256::digest(text.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{}'; script-src 'sha256-{}'; connect-src 'self'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        hash(STYLE),
        hash(SCRIPT),
    );
    Document {
        body: body.into(),
        policy: HeaderValue::from_str(&policy)
            .unwrap_or(HeaderValue::from_static("default-src 'none'")),
    }
});

/// Answers `/health/ui`: the same for everybody, and nothing of the node in it.
#[derive(Debug)]
pub(crate) struct Page;

impl Mounted for Page {
    fn answer(&self, _asked: &Asked<'_>) -> Response<Body> {
        let mut response = Response::new(Body::full(DOCUMENT.body.clone()));
        let mut set = |name, value| HeaderMap::insert(response.headers_mut(), name, value);
        set(
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        set(CONTENT_SECURITY_POLICY, DOCUMENT.policy.clone());
        set(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        set(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        set(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        response
    }
}

/// Answers `/health/ui/state`: all that the page shows, or what changed `?after=` a moment.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) journal: Journal,
}

impl Mounted for State {
    fn answer(&self, asked: &Asked<'_>) -> Response<Body> {
        let after = asked.query.strip_prefix("after=").map(str::parse);
        let Ok(after) = after.transpose() else {
            return reply::refused(
                StatusCode::BAD_REQUEST,
                &"`after` is a time in milliseconds since 1970",
            );
        };
        let health = asked.health;
        let (transitions, since) = self.journal.read();
        let view = state::View {
            report: &health.report(),
            stall: asked.stall,
            uptime: health.uptime_at(clock::now().into_std()),
            now: clock::wall(),
            since,
            transitions: &transitions,
            sections: &health.sections(),
        };
        let body = state::render(&view, after, |name| health.history(name));
        reply::json(StatusCode::OK, body.into())
    }
}
