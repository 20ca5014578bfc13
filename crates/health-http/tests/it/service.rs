//! The answers of the service: codes, headers, bodies, without a socket.
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "tests: a helper that panics fails the test that called it"
)]

use std::time::Duration;

use health_core::{BlockingPool, ComponentSpec, Health, Probe, Registration, check_fn};
use health_http::HealthService;
use http_body_util::BodyExt;
use hyper::Request;
use serde_json::Value;

mod demand;
mod dialect_golden;
mod dialects;
mod disclosure;
mod events;
mod hindrance;
mod mapping;
#[cfg(feature = "prometheus")]
mod metric_values;
#[cfg(feature = "prometheus")]
mod metrics;
#[cfg(feature = "ui")]
mod page;
mod schema;
mod sizes;
mod wire;

struct Reply {
    status: u16,
    headers: hyper::HeaderMap,
    text: String,
}

impl Reply {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|e| panic!("{e}: {}", self.text))
    }
}

async fn send(service: &HealthService, request: Request<()>) -> Reply {
    let response = service.answer(&request).await;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        text: String::from_utf8(bytes.to_vec()).unwrap(),
    }
}

async fn get(service: &HealthService, path: &str) -> Reply {
    send(
        service,
        Request::get(path).header("host", "node").body(()).unwrap(),
    )
    .await
}

fn node() -> (Health, HealthService) {
    let health = Health::builder().node_id("node-1").version("1.4.2").build();
    (health.clone(), HealthService::new(health))
}

#[tokio::test(start_paused = true)]
async fn codes_follow_the_life_of_a_node() {
    let (health, service) = node();
    let db = health
        .component(ComponentSpec::new("db").critical())
        .unwrap();
    let cache = health.component(ComponentSpec::new("cache")).unwrap();
    let codes = async || {
        let mut codes = Vec::new();
        for path in ["/health", "/ready", "/live", "/startup"] {
            codes.push(get(&service, path).await.status);
        }
        codes
    };
    assert_eq!(codes().await, [503, 503, 200, 503], "not started");
    health.start().unwrap();
    assert_eq!(codes().await, [503, 503, 200, 503], "db has said nothing");
    db.ready();
    assert_eq!(codes().await, [200, 200, 200, 200], "running");
    cache.not_ready("gone");
    assert_eq!(codes().await, [200, 200, 200, 200], "degraded");
    assert_eq!(get(&service, "/health").await.json()["status"], "degraded");
    db.not_ready("gone");
    assert_eq!(codes().await, [503, 503, 200, 200], "unhealthy");
    db.ready();
    health.begin_shutdown_within(Duration::from_secs(25));
    assert_eq!(codes().await, [503, 503, 200, 200], "stopping, draining");
    assert_eq!(get(&service, "/live").await.json()["status"], "stopping");
    tokio::time::advance(Duration::from_secs(26)).await;
    assert_eq!(
        codes().await,
        [503, 503, 503, 200],
        "the shutdown has overrun"
    );
    health.stop().await;
    assert_eq!(get(&service, "/health").await.json()["status"], "stopping");
}

#[tokio::test(start_paused = true)]
async fn a_disabled_check_is_shown_and_counts_for_nothing() {
    let (health, service) = node();
    health
        .register(check_fn("db", |_| async { false }).critical())
        .unwrap();
    health.start().unwrap();
    health.ask("db").await.unwrap();
    assert_eq!(get(&service, "/ready").await.status, 503);
    health.disable("db").unwrap();
    assert_eq!(get(&service, "/ready").await.status, 200);
    let report = get(&service, "/health").await.json();
    assert_eq!(report["checks"]["db"]["cause"], "disabled");
}

#[tokio::test(start_paused = true)]
async fn an_on_demand_check_past_its_max_age_is_waited_for() {
    let (health, service) = node();
    let check = check_fn("db", |_| async {
        tokio::time::sleep(Duration::from_millis(200)).await;
        true
    });
    health
        .register(
            check
                .critical()
                .on_demand(Duration::from_secs(5))
                .timeout(Duration::from_secs(5)),
        )
        .unwrap();
    health.start().unwrap();
    health.ask("db").await.unwrap();
    tokio::time::advance(Duration::from_hours(1)).await;
    assert!(
        !health.verdict(Probe::Ready).passing,
        "nobody asked for an hour"
    );
    assert_eq!(get(&service, "/ready").await.status, 200);
    assert_eq!(health.check("db").unwrap().runs, 2);
    let replies = (0..1000).map(|_| {
        let service = service.clone();
        tokio::spawn(async move { get(&service, "/ready").await.status })
    });
    for reply in replies.collect::<Vec<_>>() {
        assert_eq!(reply.await.unwrap(), 200);
    }
    assert_eq!(
        health.check("db").unwrap().runs,
        2,
        "still fresh: nobody ran it again"
    );
}

#[tokio::test]
async fn liveness_can_be_made_to_fail_while_stopping() {
    let health = Health::new();
    let service = HealthService::builder(health.clone())
        .live_fails_while_stopping()
        .build();
    health.start().unwrap();
    assert_eq!(get(&service, "/live").await.status, 200);
    health.begin_shutdown();
    assert_eq!(get(&service, "/live").await.status, 503);
}

#[tokio::test]
async fn it_is_a_tower_service_and_a_hyper_service() {
    fn tower<S: tower_service::Service<Request<()>, Error = std::convert::Infallible>>(_: &S) {}
    fn hyper<S: hyper::service::Service<Request<()>, Error = std::convert::Infallible>>(_: &S) {}
    let (health, service) = node();
    tower(&service);
    hyper(&service);
    let pooled: Registration = BlockingPool::default().check("fs", |_| true);
    health.register(pooled).unwrap();
}
