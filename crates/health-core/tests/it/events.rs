//! Subscribers and observers: numbers without uncounted holes, and nobody slowed down.

use std::future::pending;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use health_core::{
    CheckStatus, ComponentSpec, EventKind, Health, Lifecycle, Notice, Observer, Outcome, Probe,
    Report, check_fn,
};
use tokio::time::sleep;

use crate::stage::{Dial, Meter, metered, secs, settle};

/// Follows the numbers: each gap must have been told.
#[derive(Default)]
struct Tally {
    last: Option<u64>,
    events: u64,
    missed: u64,
    untold: u64,
    report: Option<Arc<Report>>,
}

impl Tally {
    fn take(&mut self, notice: &Notice) {
        match notice {
            Notice::Event(event) => {
                let gap = self.last.map_or(0, |last| event.seq - last - 1);
                assert_eq!(gap, self.untold, "before {}", event.seq);
                (self.last, self.untold) = (Some(event.seq), 0);
                self.events += 1;
            }
            Notice::Missed { count, report } => {
                self.missed += count;
                if self.last.is_some() {
                    self.untold += count;
                }
                self.report = Some(Arc::clone(report));
            }
            _ => unreachable!(),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn everything_is_told_in_order() {
    let health = Health::new();
    let mut events = health.subscribe();
    let dial = Dial::new(Outcome::healthy);
    health.register(dial.check("db").critical()).unwrap();
    health.start().unwrap();
    health.ask("db").await.unwrap();
    dial.set(|| Outcome::unhealthy("down"));
    health.ask("db").await.unwrap();
    health.disable("db").unwrap();
    health.unregister("db").unwrap();
    health.stop().await;
    drop(health);
    let mut told = Vec::new();
    let mut tally = Tally::default();
    while let Some(notice) = events.next().await {
        tally.take(&notice);
        let Notice::Event(event) = notice else {
            panic!("nothing is missed here")
        };
        told.push(match &event.kind {
            EventKind::Result { check } => format!("result {}", check.status),
            EventKind::Transition { check, from } => format!("{from} -> {}", check.status),
            EventKind::Probe { probe, to, .. } => format!("{probe} {to}"),
            EventKind::Lifecycle { from, to } => format!("node {from} -> {to}"),
            EventKind::Registered { check } => format!("registered {}", check.cause),
            EventKind::Unregistered { name } => format!("unregistered {name}"),
            _ => unreachable!(),
        });
    }
    assert_eq!(tally.events, tally.last.unwrap(), "from 1, without a hole");
    assert_eq!(events.missed(), 0);
    assert_eq!(
        told,
        [
            "registered pending",
            "unknown -> healthy",
            "node starting -> running",
            "health healthy",
            "ready healthy",
            "live healthy",
            "startup healthy",
            "result healthy",
            "healthy -> unhealthy",
            "health unhealthy",
            "ready unhealthy",
            "result unhealthy",
            "unhealthy -> unknown",
            "health healthy",
            "ready healthy",
            "registered disabled",
            "unregistered db",
            "node running -> stopping",
            "health stopping",
            "ready stopping",
            "live stopping",
            "startup stopping",
            "node stopping -> stopped",
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn what_a_slow_subscriber_loses_is_counted_and_the_latest_is_told() {
    let health = Health::new();
    let part = health.component(ComponentSpec::new("part")).unwrap();
    health.start().unwrap();
    let mut events = health.subscribe();
    let (mut tally, mut told) = (Tally::default(), 0);
    for burst in [1, 100, 1000, 3, 5000] {
        for _ in 0..burst {
            part.degraded("slow");
            part.ready();
        }
        part.not_ready(format!("burst {burst}"));
        for _ in 0..burst % 300 {
            tally.take(&events.next().await.unwrap());
        }
        if let Some(report) = tally.report.take() {
            told += 1;
            let state = report.check("part").unwrap();
            assert_eq!(state.status, CheckStatus::Unhealthy);
            assert_eq!(state.message, format!("burst {burst}"));
        }
    }
    health.stop().await;
    drop((part, health));
    while let Some(notice) = events.next().await {
        tally.take(&notice);
    }
    assert_eq!(tally.untold, 0);
    assert!(tally.missed > 10_000 && events.missed() == tally.missed);
    assert!(told >= 2, "told {told} times of the state of then");
}

struct Watcher(Arc<Mutex<Tally>>, &'static str);

#[async_trait]
impl Observer for Watcher {
    async fn observe(&self, notice: &Notice) {
        self.0.lock().unwrap().take(notice);
        match self.1 {
            "slow" => sleep(secs(60)).await,
            "hung" => pending().await,
            // As a panic does, without its hook, which prints.
            "panics" => resume_unwind(Box::new("no")),
            "explodes" => resume_unwind(Box::new(Explosive)),
            _ => {}
        }
    }
}

struct Explosive;

impl Drop for Explosive {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            resume_unwind(Box::new("again"));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_hung_or_panicking_observer_slows_nobody() {
    let tallies: Vec<_> = ["brisk", "slow", "hung", "panics", "explodes"]
        .into_iter()
        .map(|kind| (kind, Arc::new(Mutex::new(Tally::default()))))
        .collect();
    let builder = tallies[..4]
        .iter()
        .fold(Health::builder(), |builder, (kind, tally)| {
            builder.observer(Watcher(Arc::clone(tally), kind))
        });
    let health = builder.build();
    let meter = Meter::default();
    health
        .register(metered("brisk", &meter, || async {}).every(secs(1)))
        .unwrap();
    let part = health.component(ComponentSpec::new("part")).unwrap();
    health.start().unwrap();
    let (kind, tally) = &tallies[4];
    health.observe(Watcher(Arc::clone(tally), kind));
    sleep(secs(600)).await;
    meter.assert_cadence("brisk", secs(1), 597);
    part.not_ready("in the end");
    sleep(secs(3600)).await;
    let of = |kind: &str| {
        let (_, tally) = tallies.iter().find(|(held, _)| *held == kind).unwrap();
        tally.lock().unwrap()
    };
    assert!(of("brisk").events > 4000 && of("brisk").missed == 0);
    assert_eq!(of("hung").events, 1);
    assert!(of("panics").events > 4000 && of("explodes").events > 4000);
    assert!(health.observer_panics() >= of("panics").events + of("explodes").events);
    let slow = of("slow");
    assert!(
        slow.missed > 3000 && slow.events > 0,
        "missed {}, heard {}",
        slow.missed,
        slow.events
    );
    let report = slow.report.as_ref().expect("it was told the state of then");
    assert_eq!(report.check("part").unwrap().status, CheckStatus::Unhealthy);
    assert!(health.verdict(Probe::Ready).passing);
}

/// What happened before the start waits for the observer's task.
#[tokio::test(start_paused = true)]
async fn an_observer_hears_of_what_came_before_the_start() {
    let tally = Arc::new(Mutex::new(Tally::default()));
    let health = Health::builder()
        .observer(Watcher(Arc::clone(&tally), "brisk"))
        .build();
    health.register(check_fn("db", |_| async {})).unwrap();
    settle().await;
    assert_eq!(tally.lock().unwrap().events, 0);
    health.start().unwrap();
    settle().await;
    let tally = tally.lock().unwrap();
    assert_eq!(Some(tally.events), tally.last, "from the first on");
    assert!(tally.events > 3);
    assert_eq!(health.lifecycle(), Lifecycle::Running);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_ends_with_its_health_and_holds_nothing() {
    let health = Health::new();
    health.start().unwrap();
    let mut events = health.subscribe();
    drop(health);
    while events.next().await.is_some() {}
    assert!(events.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_companion_runs_from_the_start_to_the_stop() {
    let ended = Arc::new(());
    let health = Health::new();
    for early in [true, false] {
        if !early {
            health.start().unwrap();
        }
        let (ended, mut events) = (Arc::clone(&ended), health.subscribe());
        let tally = Arc::new(Mutex::new(0));
        let told = Arc::clone(&tally);
        health.accompany(async move {
            while events.next().await.is_some() {
                *told.lock().unwrap() += 1;
            }
            drop(ended);
        });
        if early {
            settle().await;
            assert_eq!(*tally.lock().unwrap(), 0, "before the start");
        } else {
            health.register(check_fn("db", |_| async { true })).unwrap();
            sleep(secs(1)).await;
            assert!(*tally.lock().unwrap() > 0);
        }
    }
    health.accompany(async { resume_unwind(Box::new("its panic is its own")) });
    settle().await;
    assert_eq!(Arc::strong_count(&ended), 3);
    health.stop().await;
    assert_eq!(Arc::strong_count(&ended), 1);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_knows_the_present_before_its_news() {
    let health = Health::new();
    let mut events = health.subscribe();
    assert!(events.check("ingest").is_none());
    let ingest = health.component(ComponentSpec::new("ingest")).unwrap();
    ingest.not_ready("lost its queue");
    ingest.ready();
    assert!(events.check("ingest").unwrap().healthy());
    let Some(Notice::Event(first)) = events.next().await else {
        panic!("no event")
    };
    assert!(matches!(first.kind, EventKind::Registered { .. }));
}

#[test]
fn a_shutdown_may_begin_without_a_word() {
    let health = Health::new();
    let unlogged = health.begin_shutdown_unlogged(secs(25));
    assert_eq!(health.lifecycle(), Lifecycle::Stopping);
    assert!(!health.verdict(Probe::Ready).passing);
    unlogged.write();
}
