//! Any method, target, version and headers: the service answers at once, with a code that it
//! documents, and JSON where it says so.
//!
//! Parsing bytes into a request is hyper's; raw sockets have integration tests.
#![no_main]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use health_core::{Component, ComponentSpec, Health};
use health_http::HealthService;
use http_body_util::BodyExt;
use hyper::{Request, Version};
use libfuzzer_sys::fuzz_target;

struct Node {
    service: HealthService,
    _part: Component,
}

static NODE: LazyLock<Node> = LazyLock::new(|| {
    let health = Health::new();
    let part = health
        .component(ComponentSpec::new("part"))
        .expect("the name is free");
    part.degraded("not at its best");
    Node {
        service: HealthService::new(health),
        _part: part,
    }
});

fuzz_target!(|bytes: &[u8]| {
    let Some(request) = request(bytes) else {
        return;
    };
    let response = at_once(NODE.service.answer(&request));
    let (head, body) = response.into_parts();
    assert!(
        matches!(head.status.as_u16(), 200 | 400 | 404 | 405 | 503),
        "{request:?}: {}",
        head.status
    );
    let Ok(body) = at_once(body.collect());
    let body = body.to_bytes();
    let kind = head.headers.get("content-type").map(|kind| kind.as_bytes());
    if kind.is_some_and(|kind| kind.starts_with(b"application/json")) {
        serde_json::from_slice::<serde_json::Value>(&body).expect("the body is JSON");
    }
    assert_eq!(
        head.headers
            .get("x-content-type-options")
            .map(|value| value.as_bytes()),
        Some(&b"nosniff"[..])
    );
});

/// Method, target and version on the first line, a header on each further one.
fn request(bytes: &[u8]) -> Option<Request<()>> {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let mut first = lines.next()?.splitn(3, |byte| *byte == b' ');
    let mut request = Request::builder()
        .method(first.next()?)
        .uri(first.next()?)
        .version(match first.next() {
            Some(b"0.9") => Version::HTTP_09,
            Some(b"1.0") => Version::HTTP_10,
            Some(b"2") => Version::HTTP_2,
            _ => Version::HTTP_11,
        });
    for line in lines {
        let colon = line.iter().position(|byte| *byte == b':')?;
        request = request.header(&line[..colon], &line[colon + 1..]);
    }
    request.body(()).ok()
}

/// There is no on-demand check, so nothing is to be waited for.
fn at_once<F: Future>(future: F) -> F::Output {
    let future: Pin<&mut F> = pin!(future);
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("an answer that is not at hand"),
    }
}
