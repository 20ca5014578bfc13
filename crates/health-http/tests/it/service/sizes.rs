//! How large an answer may be, whatever the node has been told.

use std::time::Duration;

use health_core::{Health, Outcome, check_fn};
use health_http::HealthService;

use super::{get, node};

#[tokio::test(start_paused = true)]
async fn a_probe_body_is_small_whatever_fails() {
    let (health, service) = node();
    for n in 0..1000 {
        let name = format!("{n:04}-{}", "x".repeat(59));
        health
            .register(
                check_fn(name, |_| async { Outcome::unhealthy("m".repeat(500)) })
                    .critical()
                    .live(),
            )
            .unwrap();
    }
    health.start().unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    for path in ["/ready", "/live", "/startup"] {
        let reply = get(&service, path).await;
        assert!(
            reply.text.len() < 1024,
            "{path}: {} bytes",
            reply.text.len()
        );
        reply.json();
    }
    assert!(
        get(&service, "/ready").await.json()["message"]
            .as_str()
            .unwrap()
            .contains("and 997 more")
    );
    assert_eq!(get(&service, "/live").await.status, 503);
}

#[tokio::test]
async fn a_huge_identity_makes_no_huge_answer() {
    let huge = || "\u{1f4a5}\"\\".repeat(1 << 20);
    let health = Health::builder().node_id(huge()).version(huge()).build();
    let service = HealthService::new(health);
    for path in [
        "/health",
        "/health?format=ietf",
        #[cfg(feature = "prometheus")]
        "/metrics",
        #[cfg(feature = "ui")]
        "/health/ui/state",
    ] {
        let reply = get(&service, path).await;
        assert!(reply.text.contains('\u{1f4a5}'), "{path}: {}", reply.text);
        assert!(reply.text.len() < 8 << 10, "{path}: {}", reply.text.len());
    }
}
