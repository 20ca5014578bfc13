//! An engine that somebody's aggregation holds up: readiness cannot fail, and all else goes on.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use health_core::{Aggregation, ComponentSpec, Health, Probe, Status, Tallies};
use health_shutdown::{Component, Shutdown};

/// Lets go of the engine.
type Release = Arc<(Mutex<bool>, Condvar)>;

/// A node whose engine is held up by now, and who holds it.
fn held_up() -> (Health, Release, JoinHandle<()>) {
    let release = Release::default();
    let hold = Arc::<AtomicBool>::default();
    let (entered, within) = std::sync::mpsc::channel();
    let aggregation = Aggregation::custom({
        let (release, hold) = (Arc::clone(&release), Arc::clone(&hold));
        move |_: &Tallies| -> Status {
            if hold.load(Ordering::Relaxed) {
                let _ = entered.send(());
                let (released, changed) = &*release;
                let waited = changed.wait_while(released.lock().unwrap(), |released| !*released);
                drop(waited.unwrap());
            }
            Status::Healthy
        }
    });
    let health = Health::builder().aggregation(aggregation).build();
    health.start().unwrap();
    let component = health.component(ComponentSpec::new("ingest")).unwrap();
    component.ready();
    hold.store(true, Ordering::Relaxed);
    let holder = std::thread::Builder::new()
        .spawn(move || component.not_ready("lost its queue"))
        .unwrap();
    within.recv().unwrap();
    (health, release, holder)
}

// One of its threads is soon held up too: the node's own tasks wait for the engine.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shutdown_goes_on_and_readiness_fails_once_it_can() {
    let (health, release, holder) = held_up();
    let shutdown = Shutdown::of(&health)
        .drain_delay(Duration::ZERO)
        .deadline(Duration::from_secs(1))
        .install()
        .unwrap();
    let plan = shutdown.plan().flush(Component::new("queue", |_| async {}));
    let plan = plan.build().unwrap();
    shutdown.request("a test");
    assert!(health.verdict(Probe::Ready).passing, "nobody could tell it");
    let report = shutdown.run(plan).await;
    assert!(report.components[0].ending.unwrap().is_clean(), "{report}");
    let (released, changed) = &*release;
    *released.lock().unwrap() = true;
    changed.notify_all();
    holder.join().unwrap();
    while health.verdict(Probe::Ready).passing {
        tokio::task::yield_now().await;
    }
}

/// It hangs in the very step by which the node would learn of the shutdown.
#[tokio::test]
async fn an_aggregation_that_hangs_when_the_node_stops_holds_up_nothing() {
    let stopping = Arc::<AtomicBool>::default();
    let stops = Arc::clone(&stopping);
    let aggregation = Aggregation::custom(move |_: &Tallies| -> Status {
        while stops.load(Ordering::Relaxed) {
            std::thread::park();
        }
        Status::Healthy
    });
    let health = Health::builder().aggregation(aggregation).build();
    let shutdown = Shutdown::of(&health)
        .drain_delay(Duration::ZERO)
        .deadline(Duration::from_secs(1))
        .install()
        .unwrap();
    let plan = shutdown.plan().flush(Component::new("queue", |_| async {}));
    stopping.store(true, Ordering::Relaxed);
    shutdown.request("a test");
    let report = shutdown.run(plan.build().unwrap()).await;
    assert!(report.components[0].ending.unwrap().is_clean(), "{report}");
}

/// The process under test below.
#[tokio::test]
#[ignore = "ends the process; started by the test below"]
async fn process_with_a_held_engine() {
    let (health, _release, _holder) = held_up();
    let shutdown = Shutdown::of(&health)
        .drain_delay(Duration::ZERO)
        .deadline(Duration::from_millis(300))
        .watchdog()
        .install()
        .unwrap();
    shutdown.request("a test");
    // What hangs on the engine after an orderly end.
    health.begin_shutdown();
}

#[test]
fn the_watchdog_waits_for_no_engine() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "blocked::process_with_a_held_engine",
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    assert_eq!(child.unwrap().code(), Some(124));
}
