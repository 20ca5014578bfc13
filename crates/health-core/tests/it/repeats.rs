//! Outcomes that a run says again: they count once, and age from when they were measured.

use health_core::{
    CheckStatus, EventKind, Health, Notice, Outcome, Probe, Registration, Schedule, check_fn,
};
use tokio::time::{Instant, advance, sleep};

use crate::stage::{check, secs, settle};

/// Measures at most once in `rest` seconds, and says the last outcome again in between.
fn resting(rest: u64, measure: impl Fn(u32) -> Outcome + Send + Sync + 'static) -> Registration {
    let kept = std::sync::Mutex::new(None::<(std::time::Instant, Outcome)>);
    let count = std::sync::atomic::AtomicU32::new(0);
    check_fn("resting", move |_| {
        let now = Instant::now().into_std();
        let mut kept = kept.lock().unwrap();
        let outcome = match &*kept {
            Some((at, outcome)) if now - *at < secs(rest) => {
                outcome.clone().detail("again", true).measured_at(*at)
            }
            _ => {
                let run = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                let outcome = measure(run).detail("again", false);
                *kept = Some((now, outcome.clone()));
                outcome
            }
        };
        std::future::ready(outcome)
    })
}

#[tokio::test(start_paused = true)]
async fn said_again_it_counts_for_nothing() {
    let health = Health::new();
    let fails = |run| {
        if run == 0 {
            Outcome::healthy()
        } else {
            Outcome::unhealthy("down")
        }
    };
    let slow = resting(15, fails).every(secs(3_600)).thresholds(3, 1);
    health.register(slow.critical()).unwrap();
    let mut events = health.subscribe();
    health.start().unwrap();
    settle().await;
    let mut results = 1;
    for measured in 1..=3 {
        advance(secs(15)).await;
        for again in [false, true, true, true] {
            let state = health.ask("resting").await.unwrap();
            assert_eq!(state.details.as_ref().unwrap()["again"], again);
            assert_eq!(state.consecutive_failures, measured);
            let expected = if measured < 3 {
                CheckStatus::Healthy
            } else {
                CheckStatus::Unhealthy
            };
            assert_eq!(state.status, expected, "after {measured} failures");
        }
        results += 1;
    }
    assert_eq!(health.history("resting").unwrap().entries.len(), 4);
    assert_eq!(check(&health, "resting").runs, 13);
    settle().await;
    let mut told = 0;
    while let Ok(Some(notice)) = tokio::time::timeout(secs(1), events.next()).await {
        let result = matches!(&notice, Notice::Event(event) if matches!(event.kind, EventKind::Result { .. }));
        told += u64::from(result);
    }
    assert_eq!(told, results, "no event tells of a repetition");
}

#[tokio::test(start_paused = true)]
async fn said_again_it_is_no_fresher() {
    let health = Health::new();
    let slow = resting(3_600, |_| Outcome::healthy())
        .every(secs(5))
        .max_age(secs(30));
    health.register(slow.critical()).unwrap();
    health.start().unwrap();
    settle().await;
    let first = check(&health, "resting");
    for _ in 0..5 {
        sleep(secs(5)).await;
        assert!(health.verdict(Probe::Ready).passing);
        assert_eq!(check(&health, "resting").at, first.at);
    }
    sleep(secs(6)).await;
    assert!(!health.verdict(Probe::Ready).passing);
    for _ in 0..3 {
        assert_eq!(check(&health, "resting").status, CheckStatus::Unknown);
        // It gets an answer, and a stale one.
        let state = health.ask("resting").await.unwrap();
        assert_eq!(state.status, CheckStatus::Unknown);
        sleep(secs(5)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_measured_for_another_counts_with_its_age() {
    let health = Health::new();
    let measured = Instant::now().into_std();
    let old = || {
        check_fn("old", move |_| async move {
            Outcome::healthy().measured_at(measured)
        })
        .every(secs(5))
        .max_age(secs(30))
        .critical()
    };
    health.start().unwrap();
    advance(secs(20)).await;
    health.register(old()).unwrap();
    settle().await;
    assert!(check(&health, "old").healthy());
    sleep(secs(9)).await;
    assert!(check(&health, "old").healthy());
    sleep(secs(1)).await;
    assert_eq!(check(&health, "old").status, CheckStatus::Unknown);
    health.replace(old()).unwrap();
    settle().await;
    assert_eq!(check(&health, "old").status, CheckStatus::Unknown);
    assert!(!health.verdict(Probe::Ready).passing);
}

#[tokio::test(start_paused = true)]
async fn on_demand_it_is_asked_again_past_its_ttl() {
    let health = Health::new();
    let slow = resting(20, |_| Outcome::healthy()).on_demand(secs(10));
    health.register(slow.max_age(secs(60)).critical()).unwrap();
    health.start().unwrap();
    settle().await;
    let due = || health.demand_due(Probe::Ready, Instant::now().into_std());
    sleep(secs(11)).await;
    health.demand(Probe::Ready).await;
    settle().await;
    assert_eq!(check(&health, "resting").runs, 2);
    assert!(due(), "what was said again is as old as before");
    sleep(secs(10)).await;
    health.demand(Probe::Ready).await;
    settle().await;
    assert!(!due(), "measured anew");
}

#[test]
fn no_schedule_is_shorter_than_the_least_interval() {
    let base = || check_fn("x", |_| async {});
    let least = secs(15);
    for (registration, schedule) in [
        (base().least_interval(least), Schedule::Every(secs(30))),
        (
            base().every(secs(1)).least_interval(least),
            Schedule::Every(least),
        ),
        (
            base().least_interval(least).every(secs(1)),
            Schedule::Every(least),
        ),
        (
            base().least_interval(least).on_demand(secs(1)),
            Schedule::OnDemand(least),
        ),
        (
            base().least_interval(least).every(secs(60)),
            Schedule::Every(secs(60)),
        ),
    ] {
        assert_eq!(registration.spec().schedule, schedule);
    }
    let zero = base().least_interval(least).every(secs(0));
    assert!(Health::new().register(zero).is_err(), "nonsense stays so");
}
