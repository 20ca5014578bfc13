//! Ten thousand checks: registered, run, reported; and a third of them at their worst.

use std::future::pending;
use std::sync::Arc;

use health_core::{
    BlockingPool, Cause, Health, NodeStatus, Outcome, Probe, Registration, check_fn,
};
use tokio::time::sleep;

use crate::stage::{Gate, Meter, check, metered, secs};

const MANY: usize = 10_000;

#[tokio::test(start_paused = true)]
async fn ten_thousand_checks_are_normal() {
    let health = Health::new();
    let begin = std::time::Instant::now();
    for i in 0..MANY {
        // In an order that is not the sorted one.
        let name = format!("check-{}", (i * 7919) % MANY);
        let check = check_fn(name, |_| async {}).every(secs(10)).history(4);
        health.register(check).unwrap();
    }
    println!("registered {MANY} in {:?}", begin.elapsed());
    health.start().unwrap();
    sleep(secs(1)).await;
    let report = health.report();
    assert_eq!(report.checks.len(), MANY);
    assert!(report.checks.is_sorted_by(|a, b| a.name() < b.name()));
    assert_eq!(report.status, NodeStatus::Healthy);
    assert_eq!(report.tallies.total() as usize, MANY);
    assert!(Arc::ptr_eq(&report, &health.report()));
    sleep(secs(60)).await;
    let report = health.report();
    assert!(report.checks.iter().all(|check| check.runs >= 6));
    for i in 0..MANY {
        health.unregister(&format!("check-{i}")).unwrap();
    }
    assert!(health.report().checks.is_empty());
    assert_eq!(health.report().tallies.total(), 0);
    println!("all in {:?}", begin.elapsed());
}

/// The `i`-th kind of trouble.
fn trouble(i: usize, pool: &BlockingPool, gate: &Gate, held: &Meter) -> Registration {
    let (gate, held) = (gate.clone(), held.clone());
    match i % 4 {
        0 => check_fn(format!("hangs-{i}"), |_| pending::<()>()),
        1 => check_fn(format!("panics-{i}"), |_| async {
            std::panic::resume_unwind(Box::new("no")) as bool
        }),
        2 => pool.check(format!("blocks-{i}"), move |_| {
            let _inside = held.enter();
            gate.pass();
        }),
        _ => check_fn(format!("floods-{i}"), |_| async {
            (0..50).fold(Outcome::degraded("much"), |outcome, n| {
                outcome.detail(format!("key-{n}"), "x".repeat(100))
            })
        }),
    }
}

#[tokio::test(start_paused = true)]
async fn a_third_at_their_worst_and_the_others_keep_their_cadence() {
    let metrics = tokio::runtime::Handle::current().metrics();
    let tasks = metrics.num_alive_tasks();
    let (health, gate, held) = (Health::new(), Gate::default(), Meter::default());
    let _end = gate.opened_at_end();
    let pool = BlockingPool::new(4);
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for i in 0..MANY {
        if i % 3 == 0 {
            let trouble = trouble(i / 3, &pool, &gate, &held);
            let trouble = trouble.every(secs(20)).timeout(secs(5)).history(2);
            bad.push(trouble.spec().name.clone());
            health.register(trouble).unwrap();
        } else {
            let (name, meter) = (format!("good-{i}"), Meter::default());
            let check = metered(&name, &meter, || async {});
            health.register(check.every(secs(10)).history(2)).unwrap();
            good.push((name, meter));
        }
    }
    health.start().unwrap();
    sleep(secs(65)).await;
    for (name, meter) in &good {
        meter.assert_cadence(name, secs(10), 4);
        assert!(check(&health, name).healthy(), "{name}");
    }
    assert_eq!(held.runs(), 4, "as many threads as the pool has");
    let (mut running, mut waiting) = (0, 0);
    for name in &bad {
        let state = check(&health, name);
        let expected = match name.split('-').next().unwrap() {
            "panics" => Cause::Panic,
            "floods" => Cause::Reported,
            _ => Cause::Timeout,
        };
        assert_eq!(state.cause, expected, "{name}");
        assert!(state.runs >= 3, "{name}: {}", state.runs);
        running += usize::from(state.reason().starts_with("still running"));
        waiting += usize::from(state.reason().starts_with("no free thread"));
    }
    let blocks = bad.iter().filter(|name| name.starts_with("blocks")).count();
    assert_eq!((running, running + waiting), (4, blocks));
    assert_eq!(health.report().status, NodeStatus::Degraded);
    assert!(health.verdict(Probe::Ready).passing);
    assert_eq!(health.late_results(), 0);
    health.stop().await;
    assert_eq!(metrics.num_alive_tasks(), tasks);
}
