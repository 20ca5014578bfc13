//! A response from its parts: status, headers, body. The same for GET and HEAD.

use std::sync::LazyLock;

use bytes::Bytes;
use health_core::NodeStatus;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, VARY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};

use crate::body::Body;
use crate::dialect::Dialect;

/// An answer in our own JSON.
pub(crate) fn json(status: StatusCode, body: Bytes) -> Response<Body> {
    spoken(status, Dialect::Native, body)
}

/// What the node, a probe of it, or a group says: 200 if it passes, else 503. Envoy is told when it
/// serves with something amiss, and sends less there.
pub(crate) fn of_status(
    passing: bool,
    status: NodeStatus,
    dialect: Dialect,
    body: Bytes,
) -> Response<Body> {
    let mut response = verdict(passing, dialect, body);
    if passing && status == NodeStatus::Degraded {
        response
            .headers_mut()
            .insert(ENVOY_DEGRADED, HeaderValue::from_static("true"));
    }
    response
}

/// Whose presence in the answer to a health check makes a host degraded.
const ENVOY_DEGRADED: HeaderName = HeaderName::from_static("x-envoy-degraded");

/// 200 if it passes, else 503.
pub(crate) fn verdict(passing: bool, dialect: Dialect, body: Bytes) -> Response<Body> {
    let status = if passing {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    spoken(status, dialect, body)
}

fn spoken(status: StatusCode, dialect: Dialect, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = status;
    // A copy of a finished map costs a third of making one.
    *response.headers_mut() = match dialect {
        Dialect::Native | Dialect::Components | Dialect::MicroProfile => JSON.clone(),
        Dialect::Ietf => IETF.clone(),
        Dialect::Actuator => ACTUATOR.clone(),
        Dialect::Kubernetes => TEXT.clone(),
    };
    response
}

static JSON: LazyLock<HeaderMap> = LazyLock::new(|| headers_of(Dialect::Native));
static IETF: LazyLock<HeaderMap> = LazyLock::new(|| headers_of(Dialect::Ietf));
static ACTUATOR: LazyLock<HeaderMap> = LazyLock::new(|| headers_of(Dialect::Actuator));
static TEXT: LazyLock<HeaderMap> = LazyLock::new(|| headers_of(Dialect::Kubernetes));

fn headers_of(dialect: Dialect) -> HeaderMap {
    let mut headers = common();
    let kind = HeaderValue::from_static(dialect.content_type());
    headers.insert(CONTENT_TYPE, kind);
    headers
}

/// What every answer has.
fn common() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers
}

/// Without a body, and so without a type.
fn bodiless(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    *response.headers_mut() = common();
    response
}

pub(crate) fn not_found() -> Response<Body> {
    missing(br#"{"error":"there is nothing at this path"}"#)
}

fn missing(body: &'static [u8]) -> Response<Body> {
    json(StatusCode::NOT_FOUND, Bytes::from_static(body))
}

pub(crate) fn unknown_check(dialect: Dialect) -> Response<Body> {
    unknown(
        dialect,
        br#"{"error":"no check of this name is registered"}"#,
    )
}

pub(crate) fn unknown_group(dialect: Dialect) -> Response<Body> {
    unknown(dialect, br#"{"error":"there is no group of this name"}"#)
}

/// Nothing of that name, as each dialect says it.
fn unknown(dialect: Dialect, otherwise: &'static [u8]) -> Response<Body> {
    match dialect {
        // Spring Boot says nothing at all.
        Dialect::Actuator => bodiless(StatusCode::NOT_FOUND),
        // The words of Go's own server.
        Dialect::Kubernetes => spoken(
            StatusCode::NOT_FOUND,
            dialect,
            Bytes::from_static(b"404 page not found\n"),
        ),
        _ => missing(otherwise),
    }
}

pub(crate) fn method_not_allowed() -> Response<Body> {
    let body = Bytes::from_static(br#"{"error":"only GET and HEAD are answered here"}"#);
    let mut response = json(StatusCode::METHOD_NOT_ALLOWED, body);
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

pub(crate) fn unauthorized() -> Response<Body> {
    let body = Bytes::from_static(br#"{"error":"this needs a bearer token; send a good one"}"#);
    let mut response = json(StatusCode::UNAUTHORIZED, body);
    response
        .headers_mut()
        .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

/// The request is refused as it is.
pub(crate) fn refused(status: StatusCode, error: &impl std::fmt::Display) -> Response<Body> {
    let body = serde_json::json!({ "error": error.to_string() }).to_string();
    json(status, body.into())
}
