//! The life of the critical trigger: what it learns late, loses, and ends with.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use health_core::{ComponentSpec, CriticalFailure, Guard, Health, Veto};
use health_shutdown::{CriticalPolicy, Reason, Shutdown};

use crate::critical::{begins_within, check, policy, secs};

/// A node with a component that reports by itself.
fn node() -> (Health, health_core::Component, Shutdown) {
    let health = Health::new();
    let component = health.component(ComponentSpec::new("ingest").critical());
    let shutdown = Shutdown::of(&health).install().unwrap();
    (health, component.unwrap(), shutdown)
}

#[tokio::test(start_paused = true)]
async fn a_lone_failing_component_is_confirmed() {
    let (health, ingest, shutdown) = node();
    shutdown.on_critical_failure(&health, policy());
    health.start().unwrap();
    ingest.not_ready("lost its queue");
    assert_eq!(begins_within(&shutdown, secs(4)).await, None);
    let Some(Reason::Critical(why)) = begins_within(&shutdown, secs(2)).await else {
        panic!("no shutdown began")
    };
    let words = "critical check `ingest` unhealthy for 1 run and 5.0 s: lost its queue";
    assert_eq!(why, words);
}

#[tokio::test(start_paused = true)]
async fn one_whose_owner_is_gone_is_confirmed() {
    let (health, ingest, shutdown) = node();
    shutdown.on_critical_failure(&health, policy());
    health.start().unwrap();
    ingest.ready();
    drop(ingest);
    assert!(begins_within(&shutdown, secs(6)).await.is_some());
}

#[tokio::test(start_paused = true)]
async fn a_failure_from_before_it_was_wired_up_counts_from_then() {
    let (health, ingest, shutdown) = node();
    health.start().unwrap();
    ingest.not_ready("lost its queue");
    tokio::time::sleep(secs(100)).await;
    shutdown.on_critical_failure(&health, policy());
    assert_eq!(begins_within(&shutdown, secs(4)).await, None);
    assert!(begins_within(&shutdown, secs(2)).await.is_some());
}

#[test]
fn it_is_wired_up_without_a_runtime_before_the_start() {
    let (health, ingest, shutdown) = node();
    shutdown.on_critical_failure(&health, policy());
    ingest.not_ready("lost its queue");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(async {
        health.start().unwrap();
        assert!(begins_within(&shutdown, secs(6)).await.is_some());
    });
}

#[tokio::test(start_paused = true)]
async fn what_it_missed_it_learns_from_the_state() {
    let (health, ingest, shutdown) = node();
    shutdown.on_critical_failure(&health, policy());
    health.start().unwrap();
    let other = health.component(ComponentSpec::new("other").critical());
    let other = other.unwrap();
    tokio::time::sleep(secs(1)).await;
    // More at once than wait for anybody; the last word of each is what counts.
    ingest.not_ready("lost its queue");
    other.not_ready("lost its peer");
    for _ in 0..1_000 {
        other.not_ready("lost its peer");
    }
    other.ready();
    for _ in 0..1_000 {
        ingest.not_ready("lost its queue");
    }
    let Some(Reason::Critical(why)) = begins_within(&shutdown, secs(6)).await else {
        panic!("no shutdown began")
    };
    assert!(why.contains("`ingest` unhealthy for 1001 runs"), "{why}");
    assert_eq!(shutdown.critical_failures(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_is_changed_while_it_is_held_back_begins_nothing() {
    type Change = fn(&Health);
    let changes: [(&str, Change); 4] = [
        ("unregistered", |health| health.unregister("db").unwrap()),
        ("disabled", |health| health.disable("db").unwrap()),
        ("replaced by one that works", |health| {
            let works = Arc::new(true.into());
            health.replace(check("db", &works).critical()).unwrap();
        }),
        ("replaced by one that is not critical", |health| {
            let broken = Arc::default();
            health.replace(check("db", &broken).non_critical()).unwrap();
        }),
    ];
    for (what, change) in changes {
        let health = Health::new();
        let broken = Arc::default();
        health.register(check("db", &broken).critical()).unwrap();
        let shutdown = Shutdown::of(&health).install().unwrap();
        // It is confirmed after 5 s, and held back until the grace ends.
        shutdown.on_critical_failure(&health, policy().grace(secs(20)));
        health.start().unwrap();
        assert_eq!(begins_within(&shutdown, secs(19)).await, None, "{what}");
        change(&health);
        assert_eq!(begins_within(&shutdown, secs(500)).await, None, "{what}");
        assert_eq!(shutdown.critical_failures(), 0, "{what}");
        health.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_end_of_the_grace_begins_what_is_held_back() {
    let (health, ingest, shutdown) = node();
    shutdown.on_critical_failure(&health, policy().grace(secs(60)));
    health.start().unwrap();
    ingest.not_ready("lost its queue");
    assert_eq!(begins_within(&shutdown, secs(59)).await, None);
    assert!(begins_within(&shutdown, secs(2)).await.is_some());
}

/// A guard that never answers, and counts who asks it and who lets go.
struct Silent(Arc<(AtomicU32, AtomicU32)>);

struct Asked<'a>(&'a AtomicU32);

impl Drop for Asked<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[async_trait]
impl Guard for Silent {
    async fn permit(&self, _: &CriticalFailure) -> Result<(), Veto> {
        self.0.0.fetch_add(1, Ordering::Relaxed);
        let _asked = Asked(&self.0.1);
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_is_not_asked_on_once_it_recovered() {
    let (health, ingest, shutdown) = node();
    let counts = Arc::default();
    let guard = Silent(Arc::clone(&counts));
    shutdown.on_critical_failure(&health, policy().guard(guard));
    health.start().unwrap();
    ingest.not_ready("lost its queue");
    tokio::time::sleep(secs(7)).await;
    let asked = |counts: &(AtomicU32, AtomicU32)| {
        let (asked, let_go) = counts;
        (
            asked.load(Ordering::Relaxed),
            let_go.load(Ordering::Relaxed),
        )
    };
    assert_eq!(asked(&counts), (1, 0), "it thinks");
    ingest.ready();
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(asked(&counts), (1, 1), "it is not waited for");
    assert_eq!(begins_within(&shutdown, secs(500)).await, None);
    assert_eq!((shutdown.vetoes(), asked(&counts)), (0, (1, 1)));
}

#[tokio::test(start_paused = true)]
async fn news_is_heard_while_a_guard_is_silent() {
    let (health, ingest, shutdown) = node();
    let guard = Silent(Arc::default());
    shutdown.on_critical_failure(&health, policy().guard(guard));
    let other = health.component(ComponentSpec::new("other").critical());
    let other = other.unwrap();
    health.start().unwrap();
    ingest.not_ready("lost its queue");
    for _ in 0..100 {
        tokio::time::sleep(secs(1)).await;
        // Flaps all the while: were it only heard when the guard falls silent, it would be
        // confirmed sooner or later.
        other.not_ready("lost its peer");
        tokio::time::sleep(secs(1)).await;
        other.ready();
    }
    assert_eq!(shutdown.critical_failures(), 1);
    assert!(shutdown.vetoes() >= 3);
}

/// Blocks its thread until it is released.
struct Blocks(
    std::sync::mpsc::Sender<()>,
    std::sync::Mutex<std::sync::mpsc::Receiver<()>>,
);

#[async_trait]
impl Guard for Blocks {
    async fn permit(&self, _: &CriticalFailure) -> Result<(), Veto> {
        let _ = self.0.send(());
        let _ = self.1.lock().unwrap().recv();
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_guard_that_blocks_its_thread_holds_up_neither_news_nor_the_runtime() {
    let (health, ingest, shutdown) = node();
    let (asked, is_asked) = std::sync::mpsc::channel();
    let (release, released) = std::sync::mpsc::channel();
    let at_once = policy().after(1).sustained(secs(0));
    let guard = Blocks(asked, released.into());
    shutdown.on_critical_failure(&health, at_once.guard(guard));
    health.start().unwrap();
    for failure in 1..20 {
        ingest.not_ready("lost its queue");
        // Confirmed again and again, while the first question goes on.
        while shutdown.critical_failures() < failure {
            tokio::task::yield_now().await;
        }
        if failure == 1 {
            // Who recovers sooner than the guard is reached is not asked about.
            is_asked.recv().unwrap();
        }
        ingest.ready();
    }
    assert!(is_asked.try_recv().is_err(), "nobody is asked meanwhile");
    assert!(!shutdown.is_requested());
    ingest.not_ready("lost its queue");
    drop(release);
    shutdown.requested().await;
}

/// Whether the trigger is still there: it holds on to its guard.
fn trigger(health: &Health, shutdown: &Shutdown) -> Weak<(AtomicU32, AtomicU32)> {
    let counts = Arc::default();
    let weak = Arc::downgrade(&counts);
    shutdown.on_critical_failure(health, policy().guard(Silent(counts)));
    weak
}

#[tokio::test(start_paused = true)]
async fn it_ends_with_the_node_the_shutdown_or_its_beginning() {
    type End = fn(&Health, Shutdown) -> Option<Shutdown>;
    let ends: [(&str, End); 3] = [
        ("the last handle is dropped", |_, _| None),
        ("a shutdown begins", |_, shutdown| {
            shutdown.request("a test");
            Some(shutdown)
        }),
        ("nothing yet", |_, shutdown| Some(shutdown)),
    ];
    for (what, end) in ends {
        let (health, ingest, shutdown) = node();
        let trigger = trigger(&health, &shutdown);
        health.start().unwrap();
        ingest.not_ready("lost its queue");
        tokio::time::sleep(secs(7)).await;
        assert_eq!(trigger.strong_count(), 1, "{what}");
        let _held = end(&health, shutdown);
        tokio::time::sleep(secs(2)).await;
        let left = usize::from(what == "nothing yet");
        assert_eq!(trigger.strong_count(), left, "{what}");
        health.stop().await;
        assert_eq!(trigger.strong_count(), 0, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_that_is_dropped_leaves_nothing_behind() {
    let (health, ingest, shutdown) = node();
    let trigger = trigger(&health, &shutdown);
    drop((health, ingest, shutdown));
    assert_eq!(trigger.strong_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn policies_without_an_end_overflow_nothing() {
    let (health, ingest, shutdown) = node();
    for policy in [
        CriticalPolicy::enforce().sustained(Duration::MAX),
        CriticalPolicy::enforce().grace(Duration::MAX),
        CriticalPolicy::enforce()
            .grace(secs(0))
            .sustained(secs(0))
            .jitter(Duration::MAX),
    ] {
        shutdown.on_critical_failure(&health, policy);
    }
    health.start().unwrap();
    ingest.not_ready("lost its queue");
    assert_eq!(begins_within(&shutdown, secs(1_000)).await, None);
}
