//! Any method, target, version and headers: the service answers at once, with a code that it
//! documents, in the form that it says, and strangers learn nothing that is not for them.
//!
//! Parsing bytes into a request is hyper's; raw sockets have integration tests.
#![no_main]

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use health_core::{Component, ComponentSpec, Group, Health};
use health_http::{HealthService, Token};
use http_body_util::BodyExt;
use hyper::{Request, Version};
use libfuzzer_sys::fuzz_target;

/// The name and the message of what strangers must not learn of.
const COVERT: &str = "covert";

/// One service that tells all, and two that tell strangers little.
struct Node {
    open: HealthService,
    closed: [HealthService; 2],
    _part: Component,
}

static NODE: LazyLock<Node> = LazyLock::new(|| {
    let health = Health::new();
    let part = health
        .component(ComponentSpec::new(COVERT).tag("all"))
        .expect("the name is free");
    part.degraded(COVERT);
    health
        .group(Group::tagged("all", "all"))
        .expect("the name is free");
    // Longer than any input that the fuzzer makes up.
    let token = Token::new(&"k3".repeat(100)).expect("it is a token");
    let service = || HealthService::builder(health.clone());
    Node {
        open: service().build(),
        closed: [
            service().status_only().build(),
            service().tokens([token]).build(),
        ],
        _part: part,
    }
});

fuzz_target!(|bytes: &[u8]| {
    let Some(request) = request(bytes) else {
        return;
    };
    answered(&NODE.open, &request);
    for service in &NODE.closed {
        let body = answered(service, &request);
        let told = body
            .windows(COVERT.len())
            .any(|part| part == COVERT.as_bytes());
        assert!(!told, "{request:?} learns of a check");
    }
});

/// The body of an answer that is as it must be.
fn answered(service: &HealthService, request: &Request<()>) -> Vec<u8> {
    let response = at_once(service.answer(request));
    let (head, body) = response.into_parts();
    assert!(
        matches!(
            head.status.as_u16(),
            200 | 400 | 401 | 404 | 405 | 414 | 503
        ),
        "{request:?}: {}",
        head.status
    );
    let Ok(body) = at_once(body.collect());
    let body = body.to_bytes().to_vec();
    match head.headers.get("content-type").map(|kind| kind.as_bytes()) {
        None => assert!(body.is_empty(), "{request:?}: a body without a type"),
        Some(kind) if kind.ends_with(b"json") => {
            serde_json::from_slice::<serde_json::Value>(&body).expect("the body is JSON");
        }
        Some(kind) => {
            assert_eq!(kind, b"text/plain; charset=utf-8");
            std::str::from_utf8(&body).expect("the body is text");
        }
    }
    assert_eq!(
        head.headers
            .get("x-content-type-options")
            .map(|value| value.as_bytes()),
        Some(&b"nosniff"[..])
    );
    body
}

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
