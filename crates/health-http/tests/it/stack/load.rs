//! Many requests: each is answered, and none of them runs a check.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use health_core::{Health, check_fn};
use health_http::server::Limits;

use super::connection::{Answer, Connection, get};
use super::node::{Place, runtime, serve, until};

const CHECKS: u64 = 50;
const CLIENTS: usize = 4;
/// Of each client: so many on one connection, and so many on connections of their own.
const KEPT: usize = 2_000;
const FRESH: usize = 500;
/// No check is due again within the test.
const LONG: Duration = Duration::from_hours(1);

const PATHS: [&str; 8] = [
    "/ready",
    "/live",
    "/startup",
    "/ready",
    "/health",
    "/ready",
    "/health/checks",
    "/health/checks/check-7",
];

/// 20,000 requests, half of them with the server on the application's runtime.
#[test]
fn every_request_is_answered_and_runs_no_check() {
    for place in Place::both() {
        let runs = Arc::new(AtomicU64::new(0));
        let health = Health::new();
        for number in 0..CHECKS {
            let runs = Arc::clone(&runs);
            let check = check_fn(format!("check-{number}"), move |_| {
                runs.fetch_add(1, Ordering::Relaxed);
                async { true }
            });
            // Each fifth may be run by who asks, once its last result is old.
            let check = match number % 5 {
                0 => check.on_demand(LONG),
                _ => check.every(LONG),
            };
            health.register(check.critical()).unwrap();
        }
        let runtime = runtime(2);
        let (handle, address) = serve(&runtime, &health, place, Limits::default());
        until("every first result", || {
            (0..CHECKS).all(|number| health.check(&format!("check-{number}")).unwrap().runs == 1)
        });

        let before = handle.counts().requests;
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| ask(address));
            }
        });
        let counts = handle.counts();
        let asked = (CLIENTS * (KEPT + FRESH)) as u64;
        assert_eq!(counts.requests - before, asked, "{place:?}");
        assert_eq!(counts.refused, 0, "{place:?}");
        assert_eq!(runs.load(Ordering::Relaxed), CHECKS, "{place:?}: runs");
        runtime.block_on(async {
            handle.close().await;
            health.stop().await;
        });
    }
}

fn ask(address: SocketAddr) {
    let mut kept = Connection::open(address);
    for path in PATHS.iter().cycle().take(KEPT) {
        assert_right(path, &kept.get(path));
    }
    for path in PATHS.iter().cycle().take(FRESH) {
        assert_right(path, &get(address, path));
    }
}

fn assert_right(path: &str, answer: &Answer) {
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    let word = match path {
        "/ready" => "\"ready\":true",
        "/live" => "\"live\":true",
        "/startup" => "\"started\":true",
        "/health/checks" => "\"total\":50",
        _ => "\"status\":\"healthy\"",
    };
    assert!(answer.body.contains(word), "{path}: {}", answer.body);
    assert!(answer.body.ends_with('}'), "{path}: {}", answer.body);
}
