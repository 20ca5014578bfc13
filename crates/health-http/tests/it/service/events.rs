//! The stream of events, without a socket.

use std::time::Duration;

use health_core::{ComponentSpec, Health};
use health_http::{Body, HealthService};
use http_body_util::BodyExt;
use hyper::Request;

async fn events(health: &Health) -> (hyper::HeaderMap, Body) {
    let service = HealthService::new(health.clone());
    let request = Request::get("/health/events").header("host", "node");
    let response = service.answer(&request.body(()).unwrap()).await;
    assert_eq!(response.status(), 200);
    let (parts, body) = response.into_parts();
    (parts.headers, body)
}

async fn next(body: &mut Body) -> String {
    let frame = body.frame().await.unwrap().unwrap();
    String::from_utf8(frame.into_data().unwrap().to_vec()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_reader_hears_transitions_at_once_and_a_beat_in_silence() {
    let health = Health::new();
    let (headers, mut body) = events(&health).await;
    assert_eq!(headers["content-type"], "text/event-stream");
    assert_eq!(headers["x-accel-buffering"], "no");
    assert_eq!(headers["cache-control"], "no-store");
    assert!(!headers.contains_key("content-length"));

    let greeting = next(&mut body).await;
    assert!(
        greeting.starts_with("retry: 2000\nevent: beat\n"),
        "{greeting}"
    );

    let queue = health.component(ComponentSpec::new("queue")).unwrap();
    assert!(next(&mut body).await.starts_with("event: registered\nid: "));
    queue.degraded("83 % full");
    let told = next(&mut body).await;
    assert!(told.starts_with("event: transition\nid: "), "{told}");
    assert!(told.contains(r#""message":"83 % full""#), "{told}");

    let before = tokio::time::Instant::now();
    assert!(next(&mut body).await.starts_with("event: beat\n"));
    assert_eq!(before.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_falls_behind_is_told_how_much_it_missed() {
    let health = Health::new();
    let (_, mut body) = events(&health).await;
    next(&mut body).await;
    let queue = health.component(ComponentSpec::new("queue")).unwrap();
    for _ in 0..5_000 {
        queue.degraded("full");
        queue.ready();
    }
    let missed = next(&mut body).await;
    assert!(missed.starts_with("event: missed\ndata: "), "{missed}");
    let data: serde_json::Value =
        serde_json::from_str(missed.trim_end().split_once("data: ").unwrap().1).unwrap();
    assert!(data["count"].as_u64().unwrap() > 9_000, "{missed}");
    assert!(next(&mut body).await.starts_with("event: transition\n"));
}

#[tokio::test]
async fn head_has_the_headers_alone() {
    let service = HealthService::new(Health::new());
    let request = Request::head("/health/events").header("host", "node");
    let response = service.answer(&request.body(()).unwrap()).await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert!(body.is_empty());
}
