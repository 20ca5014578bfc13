//! A server that an application's stall cannot silence, and that tells of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use health_http::server::{Limits, Stall, StallLimits, StallWatch, Transport};

use super::harness::{Client, Probe, bind, until};

#[test]
fn a_blocked_application_is_noticed_while_probes_are_answered() {
    let limits = StallLimits::default()
        .readiness(Duration::from_millis(60))
        .liveness(Duration::from_millis(200));
    let watch = Arc::new(StallWatch::new(limits));
    let running = Arc::new(AtomicBool::new(true));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();

    let transport = Transport::new(bind(&Limits::default()), Probe::new(), Limits::default());
    let address = transport.local_addr().tcp().unwrap();
    let handle = {
        let _within = runtime.enter();
        let running = running.clone();
        let running = move || running.load(Ordering::Relaxed);
        transport
            .serve_watching(watch.clone(), running, || {})
            .unwrap()
    };

    // The application's only thread blocks until it is told to go on.
    let (go_on, blocked) = mpsc::channel::<()>();
    let application = std::thread::spawn(move || {
        runtime.block_on(async {
            blocked.recv().unwrap();
        });
        (runtime, handle)
    });
    until("a failure of readiness", || watch.stall().readiness);
    assert_eq!(Client::connect(address).get("/").status, 200);
    until("a failure of liveness", || watch.stall().liveness);
    assert!(watch.stall().stalled_for >= Duration::from_millis(200));
    assert_eq!(Client::connect(address).get("/").status, 200);

    // Judged only while running.
    running.store(false, Ordering::Relaxed);
    until("no judgement", || watch.stall() == Stall::default());
    running.store(true, Ordering::Relaxed);
    until("a failure of readiness", || watch.stall().readiness);

    go_on.send(()).unwrap();
    let (runtime, handle) = application.join().unwrap();
    runtime.block_on(async {
        while watch.stall().readiness {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        handle.close().await;
    });
    assert!(std::net::TcpStream::connect(address).is_err());
}

#[test]
fn an_application_that_is_gone_is_a_stall() {
    let limits = StallLimits::default().readiness(Duration::from_millis(30));
    let watch = Arc::new(StallWatch::new(limits));
    let ticks = Arc::new(AtomicU32::new(0));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let transport = Transport::new(bind(&Limits::default()), Probe::new(), Limits::default());
    let handle = {
        let _within = runtime.enter();
        let ticks = ticks.clone();
        let tick = move || {
            ticks.fetch_add(1, Ordering::Relaxed);
        };
        transport
            .serve_watching(watch.clone(), || true, tick)
            .unwrap()
    };
    drop(runtime);
    until("a failure of readiness", || watch.stall().readiness);
    let seen = ticks.load(Ordering::Relaxed);
    assert!(seen >= 3, "the application is gone, the ticks are not");
    until("more ticks", || ticks.load(Ordering::Relaxed) > seen);
    super::harness::block_on(handle.close());
    until("an end of the ticks", || Arc::strong_count(&ticks) == 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_application_runtime_serves_as_well() {
    let transport = Transport::new(bind(&Limits::default()), Probe::new(), Limits::default());
    let address = transport.local_addr().tcp().unwrap();
    let handle = transport.serve().unwrap();
    let clients: Vec<_> = (0..4)
        .map(|_| {
            tokio::task::spawn_blocking(move || {
                for _ in 0..100 {
                    assert_eq!(Client::connect(address).get("/").status, 200);
                }
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(handle.counts().requests, 400);
    handle.close().await;
    assert!(std::net::TcpStream::connect(address).is_err());
}
