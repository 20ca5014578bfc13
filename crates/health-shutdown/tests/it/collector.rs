//! The figures as Prometheus reads them.

use std::time::Duration;

use health_shutdown::{Component, ShutdownCollector, Stop};
use prometheus::{Registry, TextEncoder};

use crate::journal::running;

fn scrape(registry: &Registry) -> String {
    TextEncoder::new()
        .encode_to_string(&registry.gather())
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_scrape_tells_how_far_it_is() {
    let (_health, shutdown) = running();
    let shutdown = shutdown.drain_delay(Duration::ZERO).install().unwrap();
    let registry = Registry::new();
    let collector = ShutdownCollector::new(&shutdown).unwrap();
    registry.register(Box::new(collector)).unwrap();
    let before = scrape(&registry);
    for line in [
        "health_shutdown_phase{phase=\"flush\"} 0",
        "health_shutdown_elapsed_seconds 0",
        "health_shutdown_components_left 0",
        "health_shutdown_vetoes_total 0",
        "# TYPE health_shutdown_critical_failures_total counter",
    ] {
        assert!(
            before.lines().any(|found| found == line),
            "{line}: {before}"
        );
    }
    let scraped = registry.clone();
    let (seen, see) = tokio::sync::oneshot::channel();
    let plan = shutdown
        .plan()
        .flush(Component::new("queue", |_: Stop| async move {
            tokio::time::sleep(Duration::from_secs(2)).await;
            seen.send(scrape(&scraped)).unwrap();
        }))
        .close(Component::new("pool", |_| async {}))
        .build()
        .unwrap();
    shutdown.request("a test");
    shutdown.run(plan).await;
    let during = see.await.unwrap();
    for line in [
        "health_shutdown_phase{phase=\"flush\"} 1",
        "health_shutdown_phase{phase=\"announce\"} 0",
        "health_shutdown_components_left 2",
    ] {
        assert!(
            during.lines().any(|found| found == line),
            "{line}: {during}"
        );
    }
    assert!(
        during.contains("health_shutdown_elapsed_seconds 2"),
        "{during}"
    );
    assert!(scrape(&registry).contains("health_shutdown_components_left 0"));
}
