//! The page for people at `/health/ui`: one document that fetches nothing but the node's own state.
//!
//! What it shows comes from `state`; how is the business of `page.html`, `page.css` and `page.js`.

mod state;

use std::sync::LazyLock;

use bytes::Bytes;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};

use crate::body::Body;
use crate::clock;
use crate::journal::Journal;
use crate::mount::{Asked, Mounted};
use crate::reply;

const MARKUP: &str = include_str!("ui/page.html");
const STYLE: &str = include_str!("ui/page.css");
const SCRIPT: &str = include_str!("ui/page.js");

/// Lets the document run its own style and script, which it knows by their SHA-256, and nothing
/// else. A test says what to write here after a change of either.
const POLICY: &str = "default-src 'none'; \
    style-src 'sha256-Z+4Wl4TUUyZV0KMHnzqvxZvHw9SRLgrU/j7jl4yC8FY='; \
    script-src 'sha256-ff8XHrAWrRMgp9lOnbJ9bmuc5+R6WzfgSihiVapRbSY='; \
    connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

static DOCUMENT: LazyLock<Bytes> = LazyLock::new(|| {
    let body = MARKUP
        .replace("{{style}}", STYLE)
        .replace("{{script}}", SCRIPT);
    body.into()
});

/// Answers `/health/ui`: the same for everybody, and nothing of the node in it.
#[derive(Debug)]
pub(crate) struct Page;

impl Mounted for Page {
    fn answer(&self, _asked: &Asked<'_>) -> Response<Body> {
        let mut response = Response::new(Body::full(DOCUMENT.clone()));
        let mut set = |name, value| HeaderMap::insert(response.headers_mut(), name, value);
        set(
            CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        );
        set(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
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

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};

    #[test]
    fn the_policy_knows_the_style_and_the_script() {
        for (directive, text) in [("style-src", STYLE), ("script-src", SCRIPT)] {
            let hash = STANDARD.encode(Sha256::digest(text.as_bytes()));
            let expected = format!("{directive} 'sha256-{hash}';");
            assert!(POLICY.contains(&expected), "write {expected} into POLICY");
        }
    }
}
