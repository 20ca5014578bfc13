//! Checks that hold a thread, in real time on two workers: nothing waits for them.

use std::panic::panic_any;
use std::sync::mpsc;

use health_core::{
    BlockingPool, Cause, CheckStatus, Health, Notice, Outcome, Probe, blocking_fn, check_fn,
};
use tokio::task::JoinSet;

use crate::stage::{Gate, Meter, check, ms, secs, settle, until, until_blocking};

fn cause(health: &Health, name: &str) -> Cause {
    check(health, name).cause
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_blocked_checks_do_not_stall_two_workers() {
    let (health, gate) = (Health::new(), Gate::default());
    let _end = gate.opened_at_end();
    let meters: Vec<Meter> = (0..8).map(|_| Meter::default()).collect();
    for (i, meter) in meters.iter().enumerate() {
        let (meter, gate) = (meter.clone(), gate.clone());
        let stuck = blocking_fn(format!("stuck-{i}"), move |_| {
            let _inside = meter.enter();
            gate.pass();
        });
        let stuck = stuck.every(ms(20)).timeout(ms(50)).critical();
        health.register(stuck).unwrap();
    }
    health
        .register(check_fn("brisk", |_| async {}).every(ms(20)))
        .unwrap();
    health.start().unwrap();
    let stuck = |i: usize| check(&health, &format!("stuck-{i}"));
    until("all eight are timed out, again and again", || {
        (0..8).all(|i| stuck(i).cause == Cause::Timeout && stuck(i).runs > 3)
    })
    .await;

    // Other tasks go on, other checks too, and probes are answered.
    let mut others = JoinSet::new();
    for _ in 0..100 {
        others.spawn(async { tokio::task::yield_now().await });
    }
    assert_eq!(others.join_all().await.len(), 100);
    let runs = health.ask("brisk").await.unwrap().runs;
    until("brisk goes on", || check(&health, "brisk").runs > runs + 3).await;
    assert!(!health.verdict(Probe::Ready).passing);
    assert!(health.verdict(Probe::Live).passing);
    for (i, meter) in meters.iter().enumerate() {
        assert_eq!((meter.runs(), meter.most_at_once()), (1, 1));
        let reason = stuck(i).reason().to_owned();
        assert!(reason.starts_with("still running since"), "{reason}");
    }

    gate.open();
    until("all recover", || (0..8).all(|i| stuck(i).healthy())).await;
    for meter in &meters {
        assert_eq!(meter.most_at_once(), 1);
    }
    assert!(health.verdict(Probe::Ready).passing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_pool_says_so() {
    let (health, gate, pool) = (Health::new(), Gate::default(), BlockingPool::new(2));
    let _end = gate.opened_at_end();
    let meter = Meter::default();
    for i in 0..2 {
        let (gate, meter) = (gate.clone(), meter.clone());
        let holder = pool.check(format!("holder-{i}"), move |_| {
            let _inside = meter.enter();
            gate.pass();
        });
        let holder = holder.every(ms(20)).timeout(ms(50));
        health.register(holder).unwrap();
    }
    health.start().unwrap();
    until("both threads are taken", || meter.inside() == 2).await;
    for i in 0..2 {
        let waiting = pool.check(format!("waiting-{i}"), |_| ());
        let waiting = waiting.every(ms(20)).timeout(ms(50));
        health.register(waiting).unwrap();
    }
    let reason = |name: &str| check(&health, name).reason().to_owned();
    until("they are reported", || {
        ["holder-0", "holder-1", "waiting-0", "waiting-1"]
            .iter()
            .all(|name| cause(&health, name) == Cause::Timeout)
    })
    .await;
    for i in 0..2 {
        assert!(reason(&format!("holder-{i}")).starts_with("still running since"));
        assert_eq!(
            reason(&format!("waiting-{i}")),
            "no free thread: all 2 of the blocking pool are busy"
        );
    }
    gate.open();
    until("all recover", || {
        health.report().checks.iter().all(|check| check.healthy())
    })
    .await;
    assert!(meter.most_at_once() <= 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocking_panic_is_a_panic() {
    struct Explosive;
    impl Drop for Explosive {
        fn drop(&mut self) {
            if !std::thread::panicking() {
                panic_any("again");
            }
        }
    }
    let health = Health::new();
    for check in [
        blocking_fn("text", |_| -> bool { panic!("boom") }),
        blocking_fn("number", |_| -> bool { panic_any(7) }),
        blocking_fn("explosive", |_| -> bool { panic_any(Explosive) }),
    ] {
        health.register(check.every(ms(10))).unwrap();
    }
    health.start().unwrap();
    for name in ["text", "number", "explosive"] {
        until(name, || check(&health, name).runs > 3).await;
        assert_eq!(cause(&health, name), Cause::Panic, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_blocking_check_is_told_that_nobody_waits() {
    let health = Health::new();
    let (told, tells) = mpsc::channel();
    let patient = blocking_fn("patient", move |cx| {
        while !cx.is_cancelled() {
            std::thread::park_timeout(ms(1));
        }
        told.send(()).unwrap();
        Outcome::healthy()
    });
    health
        .register(patient.timeout(ms(20)).every(secs(3600)))
        .unwrap();
    health.start().unwrap();
    let state = health.ask("patient").await.unwrap();
    assert_eq!(state.cause, Cause::Timeout);
    until("it is told", || tells.try_recv().is_ok()).await;
}

/// Code that blocks where it must not: its own task cannot report it, so the sweeper does.
#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn a_check_that_blocks_inside_poll_is_reported_all_the_same() {
    let (health, gate, meter) = (Health::new(), Gate::default(), Meter::default());
    let _end = gate.opened_at_end();
    let (held, counted) = (gate.clone(), meter.clone());
    let rude = check_fn("rude", move |_| {
        let (gate, meter) = (held.clone(), counted.clone());
        async move {
            let _inside = meter.enter();
            gate.pass();
        }
    });
    let mut events = health.subscribe();
    health
        .register(rude.every(ms(50)).timeout(ms(50)).critical())
        .unwrap();
    health.start().unwrap();
    until("it is timed out", || {
        cause(&health, "rude") == Cause::Timeout
    })
    .await;
    let state = check(&health, "rude");
    assert_eq!(state.status, CheckStatus::Unhealthy);
    assert!(state.reason().contains("blocked"), "{}", state.reason());
    assert!(!health.verdict(Probe::Ready).passing);
    assert_eq!((meter.runs(), meter.inside()), (1, 1));

    gate.open();
    until("it recovers", || check(&health, "rude").healthy()).await;
    assert_eq!(meter.most_at_once(), 1);
    assert_eq!(health.late_results(), 1, "the result that came too late");
    while let Some(notice) = events.next().await {
        if let Notice::Event(event) = notice
            && let health_core::EventKind::Probe { passing: true, .. } = event.kind
        {
            break;
        }
    }
}

/// In paused time a held thread lets time go on, so deadlines are exact.
#[tokio::test(start_paused = true)]
async fn further_runs_of_a_held_check_say_since_when() {
    let (health, gate, meter) = (Health::new(), Gate::default(), Meter::default());
    let _end = gate.opened_at_end();
    let (held, counted) = (gate.clone(), meter.clone());
    let stuck = blocking_fn("stuck", move |_| {
        let _inside = counted.enter();
        held.pass();
    });
    health
        .register(stuck.every(secs(10)).timeout(secs(5)))
        .unwrap();
    health.start().unwrap();
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    until_blocking("its thread runs", || meter.inside() == 1);
    tokio::time::sleep(secs(5)).await;
    settle().await;
    assert_eq!(
        check(&health, "stuck").reason(),
        "still running since it started 5 s ago"
    );
    tokio::time::sleep(secs(60)).await;
    let state = check(&health, "stuck");
    assert!(state.reason().ends_with("60 s ago"), "{}", state.reason());
    assert_eq!((state.cause, meter.runs()), (Cause::Timeout, 1));
    assert_eq!(state.runs, 7, "each further run reports at once");
}
