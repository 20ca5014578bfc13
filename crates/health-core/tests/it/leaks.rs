//! What is left when a node is gone: no task, no thread, no descriptor, no check.

use std::future::pending;
use std::process::Command;
use std::sync::Arc;

use health_core::{BlockingPool, ComponentSpec, Health, Registration, blocking_fn, check_fn};
use tokio::runtime::Handle;
use tokio::time::sleep;

use crate::stage::{Gate, Meter, metered, ms, secs, settle, until_blocking, until_settled};

/// A node with checks of every kind, in the midst of its work.
fn busy(held: &Arc<()>, gate: &Gate) -> Health {
    struct Noop;
    #[async_trait::async_trait]
    impl health_core::Observer for Noop {
        async fn observe(&self, _: &health_core::Notice) {}
    }
    let health = Health::builder().observer(Noop).build();
    let pool = BlockingPool::new(2);
    for i in 0..20 {
        let (held, gate) = (Arc::clone(held), gate.clone());
        let check: Registration = match i % 5 {
            0 => check_fn(format!("hung-{i}"), move |_| {
                let held = Arc::clone(&held);
                async move {
                    pending::<()>().await;
                    drop(held);
                }
            }),
            1 => check_fn(format!("panics-{i}"), move |_| {
                let held = Arc::clone(&held);
                async move { std::panic::resume_unwind(Box::new(held)) as bool }
            }),
            2 => pool.check(format!("stuck-{i}"), move |_| {
                gate.pass();
                drop(Arc::clone(&held));
            }),
            3 => check_fn(format!("lazy-{i}"), move |_| {
                drop(Arc::clone(&held));
                async {}
            })
            .on_demand(ms(5)),
            _ => blocking_fn(format!("quick-{i}"), move |_| drop(Arc::clone(&held))),
        };
        let check = check.timeout(ms(20));
        let check = if i % 5 == 3 {
            check
        } else {
            check.every(ms(10))
        };
        health.register(check).unwrap();
    }
    health.start().unwrap();
    health
}

#[tokio::test(start_paused = true)]
async fn no_task_and_no_check_outlives_its_node() {
    let metrics = Handle::current().metrics();
    for end in ["drop", "stop", "stop and drop", "unstarted"] {
        let (held, gate) = (Arc::new(()), Gate::default());
        let _end = gate.opened_at_end();
        let before = metrics.num_alive_tasks();
        let mut health = Some(busy(&held, &gate));
        if end == "unstarted" {
            let fresh = Health::new();
            let held = Arc::clone(&held);
            let check = check_fn("held", move |_| {
                drop(Arc::clone(&held));
                async {}
            });
            fresh.register(check).unwrap();
            health = Some(fresh);
        } else {
            sleep(secs(1)).await;
            assert!(metrics.num_alive_tasks() > before, "{end}");
        }
        if end.starts_with("stop") {
            health.as_ref().unwrap().stop().await;
            until_settled(end, || metrics.num_alive_tasks() == before).await;
        }
        if end == "stop" {
            // Registered after the stop: nothing would ever run it.
            let health = health.as_ref().unwrap();
            health.register(check_fn("late", |_| async {})).unwrap();
            let _part = health.component(ComponentSpec::new("part"));
            settle().await;
            assert_eq!(metrics.num_alive_tasks(), before, "after the stop");
        }
        drop(health.take());
        gate.open();
        until_settled(end, || metrics.num_alive_tasks() == before).await;
        until_blocking("every check is dropped", || Arc::strong_count(&held) == 1);
    }
}

#[tokio::test(start_paused = true)]
async fn stop_waits_for_what_runs_and_drops_it() {
    let health = Health::new();
    let meter = Meter::default();
    for i in 0..50 {
        let hung = metered(&format!("hung-{i}"), &meter, pending::<()>);
        health.register(hung.timeout(secs(3600))).unwrap();
    }
    health.start().unwrap();
    settle().await;
    assert_eq!(meter.inside(), 50);
    let start = tokio::time::Instant::now();
    health.stop().await;
    assert_eq!((meter.inside(), start.elapsed()), (0, secs(0)));
}

/// A future that was begun and dropped does as much as one that was finished.
#[tokio::test(start_paused = true)]
async fn a_stop_that_is_cancelled_ends_the_tasks_all_the_same() {
    let metrics = Handle::current().metrics();
    let before = metrics.num_alive_tasks();
    let (held, gate) = (Arc::new(()), Gate::default());
    let _end = gate.opened_at_end();
    let health = busy(&held, &gate);
    sleep(secs(1)).await;
    {
        let mut stop = Box::pin(health.stop());
        std::future::poll_fn(|cx| {
            use std::future::Future;
            let _ = stop.as_mut().poll(cx);
            std::task::Poll::Ready(())
        })
        .await;
    }
    until_settled("the tasks end", || metrics.num_alive_tasks() == before).await;
}

fn entries(of: &str) -> usize {
    std::fs::read_dir(of).unwrap().count()
}

/// Counts the whole process, so it runs in one of its own: see the next test.
#[test]
#[ignore = "started by `no_thread_and_no_descriptor_is_left`"]
fn in_a_process_of_its_own() {
    let round = || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let (held, gate) = (Arc::new(()), Gate::default());
        let end = gate.opened_at_end();
        runtime.block_on(async {
            let health = busy(&held, &gate);
            crate::stage::until("it works", || {
                health.check("quick-4").unwrap().runs > 5
                    && health.check("stuck-2").unwrap().runs > 5
            })
            .await;
            health.stop().await;
        });
        drop((end, runtime));
        until_blocking("every check is dropped", || Arc::strong_count(&held) == 1);
    };
    round();
    let count = || (entries("/proc/self/task"), entries("/proc/self/fd"));
    // The main thread and this one; what the first round set up for good is in.
    until_blocking("the first round's threads end", || count().0 == 2);
    let before = count();
    for _ in 0..5 {
        round();
    }
    until_blocking("threads and descriptors are as before", || {
        count() == before
    });
}

#[cfg(target_os = "linux")]
#[test]
fn no_thread_and_no_descriptor_is_left() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "leaks::in_a_process_of_its_own"])
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success() && text.contains("1 passed"),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
