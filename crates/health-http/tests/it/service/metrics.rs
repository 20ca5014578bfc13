//! What a scrape gets.

use health_core::{ComponentSpec, Health, check_fn};
use health_http::{HealthCollector, HealthService};

use super::{get, node, send};

#[tokio::test(start_paused = true)]
async fn a_scrape_tells_of_the_node_its_checks_and_what_was_answered() {
    let (health, service) = node();
    health
        .register(check_fn("db", |_| async { Err::<(), _>("gone") }).critical())
        .unwrap();
    let queue = health.component(ComponentSpec::new("queue")).unwrap();
    queue.degraded("full");
    health.start().unwrap();
    let _ = health.ask("db").await;
    assert_eq!(get(&service, "/ready").await.status, 503);
    assert_eq!(get(&service, "/nothing/here").await.status, 404);

    let scrape = get(&service, "/metrics").await;
    assert_eq!(scrape.status, 200);
    assert_eq!(scrape.headers["content-type"], "text/plain; version=0.0.4");
    for line in [
        "# TYPE health_check_runs_total counter",
        "# TYPE health_check_duration_seconds summary",
        r#"health_node_info{node_id="node-1",version="1.4.2"} 1"#,
        r#"health_node_status{status="unhealthy"} 1"#,
        r#"health_node_status{status="healthy"} 0"#,
        r#"health_probe_passing{probe="ready"} 0"#,
        r#"health_probe_passing{probe="live"} 1"#,
        r#"health_check_info{check="db",impact="critical",kind="active"} 1"#,
        r#"health_check_status{check="db",status="unhealthy"} 1"#,
        r#"health_check_status{check="queue",status="degraded"} 1"#,
        r#"health_check_runs_total{check="db",outcome="unhealthy"} 1"#,
        r#"health_check_runs_total{check="db",outcome="timeout"} 0"#,
        r#"health_check_consecutive_failures{check="db"} 1"#,
        r#"health_check_stale{check="db"} 0"#,
        r#"health_check_duration_seconds_count{check="db"} 1"#,
        r#"health_http_requests_total{route="ready",code="503"} 1"#,
        r#"health_http_requests_total{route="other",code="404"} 1"#,
    ] {
        assert!(
            scrape.text.lines().any(|it| it == line),
            "{line}\n{}",
            scrape.text
        );
    }
    assert!(!scrape.text.contains("gone"), "no message is a label");

    health.unregister("db").unwrap();
    let scrape = get(&service, "/metrics").await;
    assert!(!scrape.text.contains(r#"check="db""#));
}

#[tokio::test]
async fn hostile_names_are_escaped_and_registries_join_without_a_metric_twice() {
    let health = Health::builder().node_id("a\"b\\c\nd").version("").build();
    let registry = prometheus::Registry::new();
    registry
        .register(Box::new(HealthCollector::new(Health::new()).unwrap()))
        .unwrap();
    let own = prometheus::IntCounter::new("orders_total", "Orders.").unwrap();
    own.inc();
    registry.register(Box::new(own)).unwrap();
    let service = HealthService::builder(health).registry(registry).build();
    let text = get(&service, "/metrics").await.text;
    assert!(
        text.contains(r#"health_node_info{node_id="a\"b\\c d",version=""} 1"#),
        "{text}"
    );
    assert!(text.contains("orders_total 1"));
    assert_eq!(text.matches("# TYPE health_node_info ").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_scrape_is_openmetrics_for_who_asks_for_it() {
    let registry = prometheus::Registry::new();
    let own = prometheus::IntCounter::new("orders_total", "Orders.").unwrap();
    registry.register(Box::new(own)).unwrap();
    let health = Health::new();
    let service = HealthService::builder(health.clone())
        .registry(registry)
        .build();
    health
        .register(check_fn("db", |_| async { true }).critical())
        .unwrap();
    health.start().unwrap();
    let _ = health.ask("db").await;

    let plain = get(&service, "/metrics").await;
    let accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5";
    let request = hyper::Request::get("/metrics")
        .header("host", "node")
        .header("accept", accept);
    let open = send(&service, request.body(()).unwrap()).await;
    assert_eq!((plain.status, open.status), (200, 200));
    for reply in [&plain, &open] {
        assert_eq!(reply.headers["vary"], "Accept");
        assert_eq!(reply.headers["cache-control"], "no-store");
    }
    assert_eq!(
        open.headers["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    for line in [
        "# TYPE health_check_runs counter",
        "# TYPE health_check_duration_seconds summary",
        "# UNIT health_check_duration_seconds seconds",
        "# TYPE health_http_requests counter",
        "# TYPE orders counter",
        "orders_total 0",
        r#"health_check_runs_total{check="db",outcome="healthy"} 1"#,
    ] {
        assert!(
            open.text.lines().any(|it| it == line),
            "{line}\n{}",
            open.text
        );
    }
    assert!(open.text.ends_with("\n# EOF\n") && !plain.text.contains("# EOF"));
    let series = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|it| !it.starts_with('#'));
        // Without their values: the first of the scrapes was counted in between.
        let series = lines.map(|it| it.rsplit_once(' ').unwrap().0.to_owned());
        series
            .filter(|it| !it.starts_with("health_http_requests_total"))
            .collect()
    };
    assert_eq!(series(&plain.text), series(&open.text));
}
