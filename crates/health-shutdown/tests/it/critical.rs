//! Critical failures of real checks: confirmed, tried in a dry run, vetoed, enforced.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use health_core::{ComponentSpec, CriticalFailure, Guard, Health, Registration, Veto, check_fn};
use health_shutdown::{CriticalPolicy, Reason, Shutdown};

pub(crate) const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A check that runs each second, and works while the flag is set.
pub(crate) fn check(name: &str, works: &Arc<AtomicBool>) -> Registration {
    let works = Arc::clone(works);
    check_fn(name, move |_| {
        let works = works.load(Ordering::Relaxed);
        async move { works }
    })
    .every(secs(1))
}

pub(crate) fn policy() -> CriticalPolicy {
    CriticalPolicy::enforce()
        .after(3)
        .sustained(secs(5))
        .grace(secs(0))
        .jitter(secs(0))
}

/// A node with one check that does not work.
fn node(registration: impl FnOnce(Registration) -> Registration) -> (Health, Shutdown) {
    let health = Health::builder().node_id("n1").build();
    let broken = Arc::default();
    health.register(registration(check("db", &broken))).unwrap();
    let shutdown = Shutdown::of(&health).install().unwrap();
    (health, shutdown)
}

pub(crate) async fn begins_within(shutdown: &Shutdown, time: Duration) -> Option<Reason> {
    tokio::time::timeout(time, shutdown.requested()).await.ok()
}

#[tokio::test(start_paused = true)]
async fn a_critical_failure_that_lasts_begins_a_shutdown() {
    let (health, shutdown) = node(Registration::critical);
    shutdown.on_critical_failure(&health, policy());
    health.start().unwrap();
    assert_eq!(begins_within(&shutdown, secs(4)).await, None);
    let Some(Reason::Critical(why)) = begins_within(&shutdown, secs(3)).await else {
        panic!("no shutdown began")
    };
    assert!(
        why.starts_with("critical check `db` unhealthy for "),
        "{why}"
    );
    let report = shutdown.run(shutdown.plan().build().unwrap()).await;
    assert_eq!(report.exit_code(), 70, "{report}");
}

#[tokio::test(start_paused = true)]
async fn what_never_begins_one() {
    for (what, registration, policy) in [
        (
            "non-critical",
            Registration::non_critical as fn(Registration) -> Registration,
            policy(),
        ),
        (
            "shared",
            |r: Registration| r.critical().shared_dependency(),
            policy(),
        ),
        ("informational", Registration::informational, policy()),
        (
            "disabled",
            |r: Registration| r.critical().disabled(),
            policy(),
        ),
        (
            "off",
            Registration::critical,
            CriticalPolicy::new(health_shutdown::Mode::Off),
        ),
        (
            "within the grace",
            Registration::critical,
            policy().grace(secs(1000)),
        ),
        (
            "not for long enough",
            Registration::critical,
            policy().sustained(secs(1000)),
        ),
        (
            "not often enough",
            Registration::critical,
            policy().after(1000),
        ),
    ] {
        let (health, shutdown) = node(registration);
        shutdown.on_critical_failure(&health, policy);
        health.start().unwrap();
        assert_eq!(begins_within(&shutdown, secs(500)).await, None, "{what}");
        health.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_says_and_counts_it_once() {
    let (health, shutdown) = node(Registration::critical);
    let policy = CriticalPolicy::dry_run().grace(secs(0)).sustained(secs(5));
    shutdown.on_critical_failure(&health, policy);
    health.start().unwrap();
    assert_eq!(begins_within(&shutdown, secs(100)).await, None);
    assert_eq!((shutdown.critical_failures(), shutdown.dry_runs()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn recovering_in_time_begins_none() {
    let health = Health::new();
    let works = Arc::new(AtomicBool::new(true));
    health.register(check("db", &works).critical()).unwrap();
    let shutdown = Shutdown::of(&health).install().unwrap();
    shutdown.on_critical_failure(&health, policy());
    health.start().unwrap();
    for _ in 0..50 {
        works.store(false, Ordering::Relaxed);
        tokio::time::sleep(secs(4)).await;
        works.store(true, Ordering::Relaxed);
        tokio::time::sleep(secs(2)).await;
    }
    assert!(!shutdown.is_requested());
    assert_eq!(shutdown.critical_failures(), 0);
}

enum Says {
    Nothing,
    Panics,
    NoUntil(u32),
}

struct Scripted(Says, AtomicU32);

#[async_trait]
impl Guard for Scripted {
    async fn permit(&self, failure: &CriticalFailure) -> Result<(), Veto> {
        assert_eq!(
            (failure.node_id.as_str(), failure.check.as_str()),
            ("n1", "db")
        );
        let asked = self.1.fetch_add(1, Ordering::Relaxed);
        match self.0 {
            Says::Nothing => std::future::pending().await,
            Says::Panics => panic!("in a guard"),
            Says::NoUntil(times) if asked < times => Err(Veto::new("budget used up")),
            Says::NoUntil(_) => Ok(()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn silence_a_panic_and_a_veto_keep_the_node_up_and_unready() {
    for (says, begins) in [
        (Says::Nothing, false),
        (Says::Panics, false),
        (Says::NoUntil(u32::MAX), false),
        (Says::NoUntil(3), true),
    ] {
        let (health, shutdown) = node(Registration::critical);
        let policy = policy().guard(Scripted(says, AtomicU32::new(0)));
        shutdown.on_critical_failure(&health, policy);
        health.start().unwrap();
        let begun = begins_within(&shutdown, secs(120)).await;
        assert_eq!(begun.is_some(), begins);
        assert!(shutdown.vetoes() >= 3, "asked again and again");
        assert!(shutdown.vetoes() < 20, "ever less often");
        assert!(!health.verdict(health_core::Probe::Ready).passing);
        health.stop().await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_guard_has_no_say_on_a_request() {
    let (health, shutdown) = node(Registration::critical);
    let guard = Scripted(Says::NoUntil(u32::MAX), AtomicU32::new(0));
    shutdown.on_critical_failure(&health, policy().guard(guard));
    health.start().unwrap();
    shutdown.request("an operator");
    let report = shutdown.run(shutdown.plan().build().unwrap()).await;
    assert_eq!(report.exit_code(), 0);
}

/// It asks again by itself: a component that has failed once says no more.
#[tokio::test(start_paused = true)]
async fn a_veto_and_the_jitter_end_without_a_result() {
    let health = Health::builder().node_id("n1").build();
    let db = health.component(ComponentSpec::new("db").critical());
    let db = db.unwrap();
    let shutdown = Shutdown::of(&health).install().unwrap();
    let guard = Scripted(Says::NoUntil(2), AtomicU32::new(0));
    shutdown.on_critical_failure(&health, policy().jitter(secs(1)).guard(guard));
    health.start().unwrap();
    db.not_ready("lost its leader");
    // 5 s, a jitter of 1 s at most, and two pauses of 5 and 10 s.
    assert_eq!(begins_within(&shutdown, secs(20)).await, None);
    assert!(begins_within(&shutdown, secs(2)).await.is_some());
    assert_eq!((shutdown.critical_failures(), shutdown.vetoes()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn the_jitter_puts_it_off() {
    let (health, shutdown) = node(Registration::critical);
    shutdown.on_critical_failure(&health, policy().jitter(secs(31_000_000)));
    health.start().unwrap();
    // One in a million of such jitters is shorter.
    assert_eq!(begins_within(&shutdown, secs(20)).await, None);
    health.stop().await;
}
