//! The collectors of lag and shutdown in one scrape with the node and with hostile labels: to
//! promtool as text, to the strict parser as OpenMetrics.

use std::time::Duration;

use health_core::Health;
use health_http::HealthServer;
use health_lag::{LagCollector, LagMonitor};
use health_shutdown::{Component, Shutdown, ShutdownCollector, Stop};
use prometheus::Registry;
use tokio::runtime::Runtime;

use super::openmetrics::{HOSTILE, hostile, parsed, scrape};
use super::program::{get, run};

/// Followers of every kind, with the longest name and with all of what a name may have.
fn lag() -> (LagMonitor, String) {
    let monitor = LagMonitor::new();
    let longest = ":".repeat(health_lag::MAX_NAME);
    for (name, lag) in [("a-Z_0.9:1", 1.5), (&*longest, 1e9), ("..", 0.0)] {
        let follower = monitor.follower(name).unwrap();
        follower.push_lag(lag, 7).unwrap();
    }
    monitor.follower("silent").unwrap();
    // What could break out of a label is no name.
    for name in ["a\"b", "a\nb", "a\\b", "a}b", "é", "\u{2028}", "", HOSTILE] {
        assert!(monitor.follower(name).is_err(), "{name:?}");
    }
    (monitor, longest)
}

/// A server with all collectors, in the midst of a shutdown; its address, and a follower's name.
fn serve(runtime: &Runtime) -> (String, String) {
    let _context = runtime.enter();
    let health = Health::builder().node_id(HOSTILE).version(HOSTILE).build();
    health.start().unwrap();
    let (monitor, follower) = lag();
    let shutdown = Shutdown::of(&health)
        .deadline(Duration::from_hours(1))
        .drain_delay(Duration::ZERO)
        .install()
        .unwrap();
    let registry = Registry::new();
    let collector = LagCollector::new(&monitor).unwrap();
    registry.register(Box::new(collector)).unwrap();
    let collector = ShutdownCollector::new(&shutdown).unwrap();
    registry.register(Box::new(collector)).unwrap();
    let server = HealthServer::builder(health)
        .service(|service| service.registry(registry).registry(hostile()))
        .bind("127.0.0.1:0")
        .unwrap()
        .serve()
        .unwrap();
    let address = server.local_addr().to_string();
    let (begun, begins) = std::sync::mpsc::channel();
    let queue = Component::new("queue", move |_: Stop| async move {
        begun.send(()).unwrap();
        std::future::pending::<()>().await;
    });
    let plan = shutdown.plan().flush(queue).build().unwrap();
    shutdown.request("a test");
    runtime.spawn(async move {
        let _kept = (server, monitor);
        shutdown.run(plan).await;
    });
    begins.recv().unwrap();
    (address, follower)
}

#[test]
fn promtool_finds_no_fault_with_the_text() {
    let runtime = Runtime::new().unwrap();
    let (address, follower) = serve(&runtime);
    let (code, text) = get(&format!("http://{address}/metrics"));
    assert_eq!(code, 200);
    for line in [
        &format!("health_lag_seconds{{follower=\"{follower}\"}} 1000000000"),
        "health_lag_seconds{follower=\"..\"} 0",
        "health_lag_level{follower=\"silent\"} 0",
        "health_shutdown_phase{phase=\"flush\"} 1",
        "health_shutdown_components_left 1",
        "jobs_total{of=\"a} 1 # EOF\\n\\\"\\\\{le=\\\"1\\\"}\r\u{2028}é\"} 2.5",
    ] {
        // Not by `lines`, which takes a carriage return for the end of one.
        assert!(text.split('\n').any(|told| told == line), "{line}: {text}");
    }
    let (good, said) = run("promtool", &["check", "metrics"], &format!("{text}\n"));
    assert!(good && said.trim().is_empty(), "{said}\n{text}");
    // It would notice.
    let wrong = text.replace("\\n", "\n");
    assert!(!run("promtool", &["check", "metrics"], &wrong).0);
}

#[test]
fn the_strict_parser_finds_no_fault_with_openmetrics() {
    let runtime = Runtime::new().unwrap();
    let (address, _) = serve(&runtime);
    let text = scrape(&address);
    let families = parsed(&text).unwrap_or_else(|said| panic!("{said}\n{text}"));
    for family in [
        "health_lag_seconds gauge seconds 3",
        "health_lag_behind gauge - 3",
        "health_lag_level gauge - 4",
        "health_lag_followers gauge - 4",
        "health_lag_max_seconds gauge seconds 1",
        "health_lag_samples counter - 1",
        "health_lag_alerts_dropped counter - 1",
        "health_shutdown_phase gauge - 8",
        "health_shutdown_elapsed_seconds gauge seconds 1",
        "health_shutdown_vetoes counter - 1",
        "health_node_info gauge - 1",
        "jobs counter - 1",
    ] {
        assert!(
            families.iter().any(|it| it == family),
            "{family}: {families:#?}"
        );
    }
}
