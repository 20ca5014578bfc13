//! A response from its parts: status, headers, body. The same for GET and HEAD.

use bytes::Bytes;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, VARY, X_CONTENT_TYPE_OPTIONS,
};
use hyper::{Response, StatusCode};

use crate::body::Body;

/// An answer in JSON.
pub(crate) fn json(status: StatusCode, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::full(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Accept"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// 200 if it passes, else 503.
pub(crate) fn verdict(passing: bool, body: Bytes) -> Response<Body> {
    let status = if passing {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    json(status, body)
}

pub(crate) fn not_found() -> Response<Body> {
    json(
        StatusCode::NOT_FOUND,
        Bytes::from_static(br#"{"error":"there is nothing at this path"}"#),
    )
}

pub(crate) fn unknown_check() -> Response<Body> {
    json(
        StatusCode::NOT_FOUND,
        Bytes::from_static(br#"{"error":"no check of this name is registered"}"#),
    )
}

pub(crate) fn unknown_group() -> Response<Body> {
    json(
        StatusCode::NOT_FOUND,
        Bytes::from_static(br#"{"error":"there is no group of this name"}"#),
    )
}

pub(crate) fn method_not_allowed() -> Response<Body> {
    let body = Bytes::from_static(br#"{"error":"only GET and HEAD are answered here"}"#);
    let mut response = json(StatusCode::METHOD_NOT_ALLOWED, body);
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

pub(crate) fn bad_request(error: &impl std::fmt::Display) -> Response<Body> {
    let body = serde_json::json!({ "error": error.to_string() }).to_string();
    json(StatusCode::BAD_REQUEST, body.into())
}
