//! Panics wherever a check's code runs: each is shown, and the rest go on.

use std::fmt;
use std::future::{Future, pending};
use std::panic::panic_any;
use std::pin::Pin;

use health_core::{
    Aggregation, Cause, Check, CheckContext, CheckStatus, Health, NodeStatus, Outcome, Probe,
    Registration, Status, Tallies, check_fn,
};
use tokio::time::sleep;

use crate::stage::{Meter, check, metered, secs};

/// Panics before there is a future to poll.
struct Early;

impl Check for Early {
    fn check<'a, 'b, 'c>(
        &'a self,
        _cx: &'b CheckContext,
    ) -> Pin<Box<dyn Future<Output = Outcome> + Send + 'c>>
    where
        'a: 'c,
        'b: 'c,
        Self: 'c,
    {
        panic!("early")
    }
}

/// Panics when it is dropped, and so does what it panics with.
struct Explosive;

impl Drop for Explosive {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic_any(Explosive);
        }
    }
}

/// Panics when it is dropped.
struct Mine;

impl Drop for Mine {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "in drop");
    }
}

/// An error that cannot even be printed.
#[derive(Debug)]
struct Unprintable;

impl fmt::Display for Unprintable {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        panic!("in display")
    }
}

impl std::error::Error for Unprintable {}

/// An error that panics when it is dropped.
struct Heavy(#[allow(dead_code, reason = "held to be dropped")] Mine);

impl fmt::Debug for Heavy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("heavy")
    }
}

impl fmt::Display for Heavy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("heavy")
    }
}

impl std::error::Error for Heavy {}

struct BadConversion;

impl From<BadConversion> for Outcome {
    fn from(_: BadConversion) -> Self {
        panic!("in conversion")
    }
}

fn panicking() -> Vec<Registration> {
    vec![
        Registration::new("in-check", Early),
        check_fn("in-closure", |_| -> std::future::Ready<()> {
            panic!("in closure")
        }),
        check_fn("in-poll", |_| async { panic!("in poll {}", 1) as bool }),
        check_fn("in-later-poll", |_| async {
            tokio::task::yield_now().await;
            panic!("in a later poll") as bool
        }),
        check_fn("no-text", |_| async { panic_any(42) as bool }),
        check_fn("explosive", |_| async { panic_any(Explosive) as bool }),
        check_fn("in-conversion", |_| async { BadConversion }),
        check_fn("in-drop-when-hung", |_| async {
            let _mine = Mine;
            pending::<()>().await;
        }),
    ]
}

#[tokio::test(start_paused = true)]
async fn a_panic_shows_and_the_rest_go_on() {
    let health = Health::new();
    let checks = panicking();
    let names: Vec<_> = checks
        .iter()
        .map(|check| check.spec().name.clone())
        .collect();
    for check in checks {
        let check = check.every(secs(2)).timeout(secs(1));
        health.register(check).unwrap();
    }
    let meter = Meter::default();
    health
        .register(metered("brisk", &meter, || async {}).every(secs(1)))
        .unwrap();
    health.start().unwrap();
    sleep(secs(60)).await;
    for name in &names {
        let state = check(&health, name);
        assert_eq!(
            (state.status, state.cause),
            (CheckStatus::Unhealthy, Cause::Panic),
            "{name}"
        );
        assert!(state.runs >= 28, "{name} ran {} times", state.runs);
        assert_eq!(state.reason(), "check panicked", "{name}");
    }
    meter.assert_cadence("brisk", secs(1), 57);
    assert_eq!(health.report().status, NodeStatus::Degraded);
}

/// The outcome itself may be hostile too: it is unhealthy, and runs again.
#[tokio::test(start_paused = true)]
async fn an_error_that_panics_harms_nobody() {
    let health = Health::new();
    for check in [
        check_fn("display", |_| async { Err::<(), _>(Unprintable) }),
        check_fn("drop", |_| async { Err::<(), _>(Heavy(Mine)) }),
    ] {
        health.register(check.every(secs(1)).critical()).unwrap();
    }
    health.start().unwrap();
    sleep(secs(30)).await;
    for name in ["display", "drop"] {
        let state = check(&health, name);
        assert_eq!(state.status, CheckStatus::Unhealthy, "{name}");
        assert!(state.runs >= 28, "{name} ran {} times", state.runs);
    }
    let component = health
        .component(health_core::ComponentSpec::new("pushed"))
        .unwrap();
    component.report(Outcome::degraded("slow").with_error(Unprintable));
    component.report(Outcome::degraded("slow").with_error(Heavy(Mine)));
    assert_eq!(check(&health, "pushed").status, CheckStatus::Degraded);
}

#[tokio::test(start_paused = true)]
async fn an_aggregation_that_panics_reads_as_unhealthy() {
    for explosive in [false, true] {
        let health = Health::builder()
            .aggregation(Aggregation::custom(move |tallies: &Tallies| {
                if tallies.counted(Some(Status::Degraded)) > 0 {
                    if explosive {
                        panic_any(Explosive);
                    }
                    panic!("no idea");
                }
                Status::Healthy
            }))
            .build();
        let part = health
            .component(health_core::ComponentSpec::new("part"))
            .unwrap();
        health.start().unwrap();
        part.ready();
        assert_eq!(health.verdict(Probe::Ready).status, NodeStatus::Healthy);
        part.degraded("slow");
        assert_eq!(health.verdict(Probe::Ready).status, NodeStatus::Unhealthy);
        assert_eq!(health.report().status, NodeStatus::Unhealthy);
        assert_eq!(check(&health, "part").status, CheckStatus::Degraded);
        part.ready();
        assert!(health.verdict(Probe::Ready).passing);
    }
}
