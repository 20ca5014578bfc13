//! An application whose every worker is blocked: its probes are answered, and say so.

use std::net::SocketAddr;
use std::sync::mpsc;
use std::time::Duration;

use health_core::{ComponentSpec, Health, check_fn};
use health_http::server::{Limits, StallLimits};
use tokio::runtime::Runtime;

use super::connection::get;
use super::node::{Place, runtime, serve, until};

const WORKERS: usize = 2;

#[test]
fn a_blocked_runtime_fails_readiness_then_liveness_and_recovers() {
    let stall = StallLimits::default()
        .readiness(Duration::from_millis(300))
        .liveness(Duration::from_millis(1_500));
    let runtime = runtime(WORKERS);
    let health = Health::new();
    let db = health
        .component(ComponentSpec::new("db").critical())
        .unwrap();
    db.ready();
    health
        .register(
            check_fn("beat", |_| async { true })
                .critical()
                .every(Duration::from_millis(50)),
        )
        .unwrap();
    let (handle, address) = serve(
        &runtime,
        &health,
        Place::OwnThread(stall),
        Limits::default(),
    );
    let status = |path| get(address, path).status;
    until("a running node", || status("/ready") == 200);

    for round in 0..2 {
        let blocked = block_every_worker(&runtime);
        until("a failure of readiness", || status("/ready") == 503);
        assert_tells_of_the_stall(address);
        until("a failure of liveness", || {
            let live = get(address, "/live");
            if live.status == 503 {
                assert_eq!(live.json()["live"], false, "{live:?}");
                assert_names_the_stall(address, "livez");
                // Whatever fails liveness has failed readiness before.
                assert_eq!(status("/ready"), 503, "round {round}");
            }
            live.status == 503
        });
        assert_eq!(status("/startup"), 200, "it has started all the same");
        assert_eq!(status("/nothing"), 404, "the server works");

        drop(blocked);
        until("readiness", || status("/ready") == 200);
        until("liveness", || status("/live") == 200);
        assert_eq!(status("/health"), 200, "round {round}");
        let text = get(address, "/readyz?verbose").body;
        assert!(!text.contains("[-]runtime"), "{text}");
    }
    runtime.block_on(async {
        handle.close().await;
        health.stop().await;
    });
}

/// The observer goes on ticking, which keeps no evidence young.
#[test]
fn a_blocked_runtime_lets_evidence_go_stale_long_before_it_counts_as_a_stall() {
    let long = Duration::from_hours(1);
    let stall = StallLimits::default().readiness(long).liveness(long);
    let runtime = runtime(WORKERS);
    let health = Health::new();
    let often = Duration::from_millis(100);
    let check = check_fn("beat", |_| async {}).every(often).timeout(often);
    health.register(check.critical()).unwrap();
    let place = Place::OwnThread(stall);
    let (handle, address) = serve(&runtime, &health, place, Limits::default());
    let ready = || get(address, "/ready");
    until("a running node", || ready().status == 200);
    let blocked = block_every_worker(&runtime);
    until("a failure of readiness", || ready().status == 503);
    until("stale evidence", || {
        let check = get(address, "/health/checks/beat");
        check.status == 503 && check.json()["cause"] == "stale"
    });
    assert_eq!(ready().status, 503);
    drop(blocked);
    until("readiness", || ready().status == 200);
    runtime.block_on(async {
        handle.close().await;
        health.stop().await;
    });
}

fn assert_tells_of_the_stall(address: SocketAddr) {
    let ready = get(address, "/ready");
    assert_eq!(ready.status, 503);
    let ready = ready.json();
    assert_eq!(ready["ready"], false);
    let cause = "the application has not responded for";
    let message = ready["message"].as_str().unwrap();
    assert!(message.contains(cause), "{message}");

    assert_names_the_stall(address, "readyz");

    let report = get(address, "/health");
    assert_eq!(report.status, 503);
    let report = report.json();
    assert_eq!(report["status"], "unhealthy");
    let message = report["message"].as_str().unwrap();
    assert!(message.contains(cause), "{message}");
}

/// The text of Kubernetes does, and lets nobody exclude it.
fn assert_names_the_stall(address: SocketAddr, probe: &str) {
    for (query, warning) in [
        ("verbose", ""),
        (
            "exclude=runtime",
            "warn: some health checks cannot be excluded: no matches for \"runtime\"\n",
        ),
    ] {
        let reply = get(address, &format!("/{probe}?{query}"));
        let end = format!("[-]runtime failed: reason withheld\n{warning}{probe} check failed\n");
        assert!(reply.body.ends_with(&end), "{reply:?}");
        assert_eq!(reply.status, 503);
    }
}

/// Returns when every worker is blocked; they go on when what it gives is dropped.
fn block_every_worker(runtime: &Runtime) -> Vec<mpsc::Sender<()>> {
    let (blocks, began) = mpsc::channel();
    let gates = (0..WORKERS)
        .map(|_| {
            let (gate, closed) = mpsc::channel::<()>();
            let blocks = blocks.clone();
            drop(runtime.spawn(async move {
                blocks.send(()).unwrap();
                let _ = closed.recv();
            }));
            gate
        })
        .collect();
    for _ in 0..WORKERS {
        began.recv().unwrap();
    }
    gates
}
