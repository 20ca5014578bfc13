//! Checks that run when somebody asks: one run for all askers, and who waits how long.

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use health_core::{Cause, CheckStatus, Health, Probe, check_fn};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use crate::stage::{Meter, check, metered, ms, secs, settle};

const TTL: u64 = 10;
const MAX_AGE: u64 = 60;

/// A started node with an on-demand check that takes 100 ms.
async fn lazy(meter: &Meter) -> Health {
    let health = Health::new();
    let lazy = metered("lazy", meter, || sleep(ms(100))).on_demand(secs(TTL));
    health
        .register(lazy.max_age(secs(MAX_AGE)).critical())
        .unwrap();
    health.start().unwrap();
    sleep(ms(110)).await;
    assert_eq!(meter.runs(), 1, "once at start");
    health
}

fn due(health: &Health) -> bool {
    health.demand_due(Probe::Ready, Instant::now().into_std())
}

#[tokio::test(start_paused = true)]
async fn nobody_asks_and_nothing_runs() {
    let meter = Meter::default();
    let health = lazy(&meter).await;
    sleep(secs(1000)).await;
    assert_eq!(meter.runs(), 1);
    for _ in 0..100 {
        let _ = (health.report(), health.verdict(Probe::Ready));
        let _ = (check(&health, "lazy"), health.summary());
    }
    settle().await;
    assert_eq!(meter.runs(), 1, "reads run nothing");
}

#[tokio::test(start_paused = true)]
async fn a_thousand_askers_cause_one_run() {
    for (age, runs) in [(1, 1), (TTL + 1, 2), (MAX_AGE + 1, 2)] {
        let meter = Meter::default();
        let health = lazy(&meter).await;
        sleep(secs(age)).await;
        assert_eq!(due(&health), age > TTL);
        let mut askers = JoinSet::new();
        for i in 0..1000 {
            let health = health.clone();
            askers.spawn(async move {
                if i % 2 == 0 {
                    health.demand(Probe::Ready).await;
                } else {
                    assert!(health.ask("lazy").await.unwrap().healthy());
                }
            });
        }
        while let Some(asked) = askers.join_next().await {
            asked.unwrap();
        }
        sleep(secs(1)).await;
        assert_eq!((meter.runs(), meter.most_at_once()), (runs, 1), "{age} s");
        health.demand(Probe::Ready).await;
        settle().await;
        assert!(!due(&health), "{age} s");
        assert_eq!(meter.runs(), runs, "{age} s");
    }
}

#[tokio::test(start_paused = true)]
async fn between_ttl_and_max_age_nobody_waits() {
    let meter = Meter::default();
    let health = lazy(&meter).await;
    for (age, refreshes) in [(TTL - 1, false), (2, true), (TTL - 1, false), (40, true)] {
        sleep(secs(age)).await;
        let (start, runs) = (Instant::now(), meter.runs());
        health.demand(Probe::Ready).await;
        assert_eq!(start.elapsed(), secs(0), "served at once");
        assert!(check(&health, "lazy").healthy());
        sleep(ms(200)).await;
        assert_eq!(meter.runs() - runs, usize::from(refreshes), "{age}");
    }
    // Another probe's askers are none of its business.
    sleep(secs(40)).await;
    let runs = meter.runs();
    health.demand(Probe::Live).await;
    settle().await;
    assert_eq!(meter.runs(), runs);
}

#[tokio::test(start_paused = true)]
async fn past_max_age_the_asker_waits_for_the_run() {
    let meter = Meter::default();
    let health = lazy(&meter).await;
    sleep(secs(MAX_AGE + 1)).await;
    assert_eq!(check(&health, "lazy").cause, Cause::Stale);
    assert!(due(&health));
    let start = Instant::now();
    health.demand(Probe::Ready).await;
    assert!(start.elapsed() >= ms(100) && start.elapsed() < ms(120));
    assert!(check(&health, "lazy").healthy());
    assert!(health.verdict(Probe::Ready).passing);
}

#[tokio::test(start_paused = true)]
async fn past_max_age_the_wait_is_bounded_and_ends_stale() {
    let health = Health::new();
    for i in 0..5 {
        let meter = Meter::default();
        let first = meter.clone();
        let hangs = metered(&format!("hangs-{i}"), &meter, move || {
            let first = first.runs() == 1;
            async move {
                if !first {
                    pending::<()>().await;
                }
            }
        });
        let hangs = hangs.on_demand(secs(1)).max_age(secs(2)).timeout(secs(30));
        health.register(hangs.critical()).unwrap();
    }
    health.start().unwrap();
    sleep(secs(5)).await;
    for _ in 0..3 {
        assert!(due(&health), "whoever comes while it runs waits as well");
        let start = Instant::now();
        health.demand(Probe::Ready).await;
        let waited = start.elapsed();
        assert!(waited >= secs(1) && waited < ms(1010), "{waited:?}");
        let state = check(&health, "hangs-3");
        assert_eq!(
            (state.status, state.cause),
            (CheckStatus::Unknown, Cause::Stale)
        );
        assert!(!health.verdict(Probe::Ready).passing);
    }
    sleep(secs(28)).await;
    assert_eq!(check(&health, "hangs-3").cause, Cause::Timeout);
}

/// A refresh that outlasts the max age: who asks then waits, like everybody past it.
#[tokio::test(start_paused = true)]
async fn a_refresh_that_outlasts_max_age_is_waited_for() {
    let health = Health::new();
    let slow = check_fn("slow", |_| sleep(secs(4))).on_demand(secs(5));
    health.register(slow.max_age(secs(7)).critical()).unwrap();
    health.start().unwrap();
    sleep(ms(4100)).await;
    sleep(secs(6)).await;
    health.demand(Probe::Ready).await;
    assert!(check(&health, "slow").healthy(), "refreshed behind");
    sleep(ms(1500)).await;
    assert_eq!(check(&health, "slow").cause, Cause::Stale);
    assert!(due(&health));
    sleep(secs(2)).await;
    let start = Instant::now();
    health.demand(Probe::Ready).await;
    assert!(start.elapsed() > ms(300) && start.elapsed() < ms(600));
    assert!(check(&health, "slow").healthy());
}

#[tokio::test(start_paused = true)]
async fn an_on_demand_check_that_is_off_or_stopped_keeps_nobody() {
    let meter = Meter::default();
    let health = lazy(&meter).await;
    sleep(secs(MAX_AGE + 1)).await;
    health.disable("lazy").unwrap();
    let start = Instant::now();
    health.demand(Probe::Ready).await;
    assert_eq!(start.elapsed(), secs(0));
    health.enable("lazy").unwrap();
    sleep(ms(110)).await;
    assert_eq!(meter.runs(), 2, "as newly added");
    sleep(secs(MAX_AGE + 1)).await;
    health.stop().await;
    let start = Instant::now();
    health.demand(Probe::Ready).await;
    assert_eq!((start.elapsed(), meter.runs()), (secs(0), 2));
}

/// Whoever waits for startup asks for nothing else.
#[tokio::test(start_paused = true)]
async fn a_startup_check_on_demand_is_asked_until_it_has_passed() {
    let health = Health::new();
    let tries = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&tries);
    let warm = check_fn("warm", move |_| {
        let second = counted.fetch_add(1, Ordering::Relaxed) > 0;
        async move { second }
    });
    health.register(warm.on_demand(secs(5)).startup()).unwrap();
    health.start().unwrap();
    settle().await;
    assert!(!health.verdict(Probe::Startup).passing);
    tokio::time::sleep(secs(6)).await;
    let now = tokio::time::Instant::now().into_std();
    assert!(health.demand_due(Probe::Startup, now));
    health.demand(Probe::Startup).await;
    settle().await;
    assert!(health.verdict(Probe::Startup).passing);
}

#[tokio::test(start_paused = true)]
async fn a_stop_lets_askers_go() {
    let health = Health::new();
    health
        .register(check_fn("hung", |_| std::future::pending::<()>()).timeout(secs(3600)))
        .unwrap();
    health.start().unwrap();
    settle().await;
    let began = tokio::time::Instant::now();
    let (asked, ()) = tokio::join!(health.ask("hung"), async {
        settle().await;
        health.stop().await;
    });
    assert!(asked.is_err());
    assert!(began.elapsed() < secs(10), "{:?}", began.elapsed());
}
