//! Registering, replacing, taking away, switching: one after the other, and what is refused.

use std::sync::Arc;

use health_core::{
    Cause, CheckState, CheckStatus, ComponentSpec, Health, MAX_HISTORY, Outcome, Probe,
    RegisterError, Report, SpecError, UnknownCheck, check_fn,
};
use tokio::time::sleep;

use crate::stage::{Meter, check, metered, ms, secs, settle};

fn names(report: &Report) -> Vec<&str> {
    report.checks.iter().map(|check| check.name()).collect()
}

#[test]
fn what_is_refused_changes_nothing() {
    let health = Health::new();
    let db = || check_fn("db", |_| async {});
    health.register(db()).unwrap();
    let before = health.report();
    let duplicate = RegisterError::Duplicate("db".into());
    assert_eq!(health.register(db()), Err(duplicate.clone()));
    assert!(duplicate.to_string().contains("`db`"));
    for refused in [
        db().named(""),
        db().named("no spaces"),
        db().named("n".repeat(65)),
        db().named("two").every(secs(0)),
        db().named("two").timeout(secs(0)),
        db().named("two").max_age(secs(1)).every(secs(2)),
        db().named("two").thresholds(0, 1),
        db().named("two").history(MAX_HISTORY + 1),
        db().named("two").tag("no spaces"),
        db().named("two").description("d".repeat(513)),
    ] {
        let error = health.register(refused).unwrap_err();
        assert!(matches!(error, RegisterError::Spec(_)), "{error}");
    }
    assert!(matches!(
        health.component(ComponentSpec::new("c").heartbeat(secs(0))),
        Err(RegisterError::Spec(SpecError::Zero { .. }))
    ));
    let unknown = UnknownCheck("nobody".into());
    assert_eq!(health.unregister("nobody"), Err(unknown.clone()));
    assert_eq!(health.enable("nobody"), Err(unknown.clone()));
    assert_eq!(health.disable("nobody"), Err(unknown));
    assert_eq!(
        health.replace(db().named("nobody")),
        Err(RegisterError::Unknown("nobody".into()))
    );
    assert!(Arc::ptr_eq(&before, &health.report()));
}

#[tokio::test(start_paused = true)]
async fn a_disabled_check_is_shown_not_run_and_not_counted() {
    let health = Health::new();
    let meter = Meter::default();
    let bad = metered("bad", &meter, || async { Outcome::unhealthy("down") });
    health
        .register(bad.every(secs(1)).critical().disabled())
        .unwrap();
    health.start().unwrap();
    sleep(secs(100)).await;
    let state = check(&health, "bad");
    assert_eq!(
        (state.status, state.cause, state.enabled),
        (CheckStatus::Unknown, Cause::Disabled, false)
    );
    assert_eq!(meter.runs(), 0);
    assert!(health.verdict(Probe::Ready).passing);
    health.enable("bad").unwrap();
    sleep(secs(10)).await;
    assert!((10..=11).contains(&meter.runs()), "{}", meter.runs());
    assert!(!health.verdict(Probe::Ready).passing);
    health.disable("bad").unwrap();
    health.disable("bad").unwrap();
    sleep(secs(100)).await;
    assert!(meter.runs() <= 11);
    assert!(health.verdict(Probe::Ready).passing);
    assert_eq!(health.report().tallies.total(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_replaced_check_begins_anew_and_its_run_is_dropped() {
    let health = Health::new();
    let (old, new) = (Meter::default(), Meter::default());
    let slow = metered("db", &old, || async {
        sleep(secs(5)).await;
        Outcome::unhealthy("old").detail("old", 1)
    });
    health.register(slow.every(secs(10)).critical()).unwrap();
    health.start().unwrap();
    sleep(secs(12)).await;
    assert_eq!(old.inside(), 1);
    let fresh = metered("db", &new, || async { sleep(ms(100)).await });
    health.replace(fresh.every(secs(1))).unwrap();
    settle().await;
    assert_eq!(old.inside(), 0, "dropped in the midst of its run");
    let state = check(&health, "db");
    assert_eq!((state.cause, state.runs), (Cause::Pending, 0));
    assert!(state.details.is_none() && health.history("db").unwrap().entries.is_empty());
    sleep(secs(60)).await;
    assert_eq!(old.runs(), 2);
    new.assert_cadence("db", secs(1), 57);
    assert!(check(&health, "db").healthy());
    health.unregister("db").unwrap();
    sleep(secs(60)).await;
    assert_eq!(new.inside(), 0);
    assert!(new.runs() <= 63 && health.report().checks.is_empty());
}

#[tokio::test(start_paused = true)]
async fn figures_of_runs_are_of_the_check_that_was_read() {
    let health = Health::new();
    let db = || check_fn("db", |_| async {}).every(secs(3600));
    health.register(db()).unwrap();
    health.start().unwrap();
    for _ in 0..3 {
        health.ask("db").await.unwrap();
    }
    let figures = |of: &CheckState| health.run_figures(of, [0.5]);
    let first = check(&health, "db");
    let (totals, [median]) = figures(&first).unwrap();
    assert_eq!(totals.runs(), first.runs);
    assert!(median.is_some());
    // It is the same one after another run, switched off, or stale.
    health.ask("db").await.unwrap();
    health.disable("db").unwrap();
    assert_eq!(figures(&first).unwrap().0.runs(), first.runs + 1);
    assert!(figures(&check(&health, "db")).is_some());
    // Another of its name has nothing to do with it.
    health.replace(db()).unwrap();
    let second = check(&health, "db");
    assert_eq!((figures(&first), figures(&second).is_some()), (None, true));
    health.unregister("db").unwrap();
    assert_eq!((figures(&first), figures(&second)), (None, None));
}

#[tokio::test(start_paused = true)]
async fn a_report_is_sorted_and_made_once_per_change() {
    let health = Health::new();
    for name in ["zeta", "alpha", "B", "mid.2", "mid.10", "mid-1", "_", "9"] {
        let check = check_fn(name, |_| async {}).every(secs(10));
        health.register(check).unwrap();
    }
    health.start().unwrap();
    settle().await;
    let report = health.report();
    let mut sorted = names(&report);
    sorted.sort_unstable();
    assert_eq!(names(&report), sorted);
    for name in sorted {
        assert_eq!(report.check(name).unwrap().name(), name);
    }
    for _ in 0..1000 {
        assert!(Arc::ptr_eq(&report, &health.report()));
    }
    let unchanged = Arc::clone(report.check("mid.2").unwrap());
    health.ask("zeta").await.unwrap();
    let next = health.report();
    assert!(!Arc::ptr_eq(&report, &next) && next.stamp > report.stamp);
    assert!(Arc::ptr_eq(&unchanged, next.check("mid.2").unwrap()));
    assert_eq!(report.check("zeta").unwrap().runs, 1, "a snapshot stays");
}

#[tokio::test(start_paused = true)]
async fn a_churn_of_checks_leaves_nothing_behind() {
    let health = Health::new();
    health.start().unwrap();
    settle().await;
    let metrics = tokio::runtime::Handle::current().metrics();
    let alive = metrics.num_alive_tasks();
    for turn in 0..1000 {
        let name = format!("check-{}", turn % 7);
        let check = check_fn(name.clone(), |_| async {}).every(secs(1));
        health.register(check).unwrap();
        if turn % 2 == 0 {
            settle().await;
        }
        health.unregister(&name).unwrap();
    }
    settle().await;
    assert_eq!(metrics.num_alive_tasks(), alive);
    assert!(health.report().checks.is_empty());
    assert_eq!(health.report().tallies.total(), 0);
    assert!(health.verdict(Probe::Ready).passing);
}
