//! What is kept of an outcome: words, details, thresholds, history, score.

use std::future::pending;

use health_core::{
    Cause, CheckStatus, Health, MAX_DETAILS, MAX_MESSAGE, Outcome, Probe, Status, check_fn,
};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::stage::{Dial, check, secs, settle};

#[tokio::test(start_paused = true)]
async fn the_words_of_a_failing_check_survive() {
    let health = Health::new();
    let dial = Dial::new(|| {
        Outcome::unhealthy("lag 90 s, limit 30 s")
            .detail("lag_s", 90)
            .with_error("replica-3: connection reset")
    });
    health.register(dial.check("db").every(secs(60))).unwrap();
    health.start().unwrap();
    let state = health.ask("db").await.unwrap();
    assert_eq!(state.message, "lag 90 s, limit 30 s");
    assert_eq!(state.reason(), "lag 90 s, limit 30 s");
    assert_eq!(json!(state.details.as_deref()), json!({"lag_s": 90}));
    assert_eq!(state.cause, Cause::Reported);
    // A result without details has none; it does not inherit them.
    dial.set(Outcome::healthy);
    assert_eq!(health.ask("db").await.unwrap().details, None);
}

#[tokio::test(start_paused = true)]
async fn timeouts_and_panics_keep_the_last_details() {
    let health = Health::new();
    let turn = std::sync::atomic::AtomicU32::new(0);
    let db = check_fn("db", move |_| {
        let turn = turn.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        async move {
            match turn {
                0 => Outcome::healthy().detail("rows", 7),
                1 => pending().await,
                2 => panic!("broken"),
                _ => Outcome::healthy(),
            }
        }
    });
    health
        .register(db.every(secs(600)).timeout(secs(2)))
        .unwrap();
    health.start().unwrap();
    settle().await;
    let first = check(&health, "db");
    for cause in [Cause::Timeout, Cause::Panic] {
        let state = health.ask("db").await.unwrap();
        assert_eq!((state.cause, state.status), (cause, CheckStatus::Unhealthy));
        assert_eq!(json!(state.details.as_deref()), json!({"rows": 7}));
        assert_eq!(state.last_success, first.at);
    }
    let state = health.ask("db").await.unwrap();
    assert_eq!(
        (state.details.clone(), state.consecutive_failures),
        (None, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn raw_and_effective_status_are_both_visible() {
    let health = Health::new();
    let dial = Dial::new(Outcome::healthy);
    let db = dial.check("db").every(secs(600)).critical();
    health.register(db.thresholds(3, 2)).unwrap();
    health.start().unwrap();
    settle().await;
    let (down, up) = (Status::Unhealthy, Status::Healthy);
    let steps = [
        (down, up),
        (down, up),
        (down, down),
        (up, down),
        (down, down),
        (up, down),
        (up, up),
    ];
    for (step, (raw, effective)) in steps.into_iter().enumerate() {
        dial.set(move || Outcome::new(raw, format!("step {step}")));
        let state = health.ask("db").await.unwrap();
        assert_eq!(
            (state.raw, state.effective),
            (Some(raw), Some(effective)),
            "step {step}"
        );
        assert_eq!(state.status, CheckStatus::from(Some(effective)));
        assert_eq!(health.verdict(Probe::Ready).passing, effective == up);
    }
    let history = health.history("db").unwrap();
    assert_eq!(history.entries.len(), 8);
    assert_eq!(history.success_rate(), Some(0.5));
    assert!((check(&health, "db").score() - 0.5).abs() < 1e-6);
}

#[tokio::test(start_paused = true)]
async fn everything_kept_is_bounded_and_counted() {
    let health = Health::new();
    let flood = check_fn("flood", |_| async {
        let many = (0..200).fold(Outcome::healthy(), |outcome, i| {
            outcome.detail(format!("key-{i}"), "x".repeat(200))
        });
        many.with_message("y".repeat(100_000))
    });
    health.register(flood.every(secs(1)).history(5)).unwrap();
    let nested = check_fn("nested", |_| async {
        let deep = (0..10_000).fold(json!(1), |inner, _| Value::Array(vec![inner]));
        Outcome::healthy()
            .detail("deep", deep)
            .detail("nan", f64::NAN)
            .detail("infinite", f64::INFINITY)
    });
    health.register(nested).unwrap();
    health.start().unwrap();
    sleep(secs(20)).await;
    let state = check(&health, "flood");
    assert!(state.message.len() <= MAX_MESSAGE);
    let details = state.details.as_deref().unwrap();
    assert!(json!(details).to_string().len() <= MAX_DETAILS);
    assert_eq!(state.details_dropped as usize, 200 - details.len());
    let history = health.history("flood").unwrap();
    assert_eq!(history.entries.len(), 5);
    assert_eq!(history.dropped + 5, state.runs);
    let nested = check(&health, "nested").details.clone().unwrap();
    assert_eq!(
        (&nested["nan"], &nested["infinite"]),
        (&json!(null), &json!(null))
    );
    assert!(json!(*nested).to_string().len() < 100);
}

#[tokio::test(start_paused = true)]
async fn the_summary_adds_up() {
    let health = Health::new();
    for (name, status) in [
        ("a", Status::Healthy),
        ("b", Status::Degraded),
        ("c", Status::Unhealthy),
    ] {
        health
            .register(check_fn(name, move |_| async move { status }))
            .unwrap();
    }
    health
        .register(check_fn("off", |_| async {}).disabled())
        .unwrap();
    let before = health.summary();
    assert_eq!((before.total_checks, before.failed_checks), (4, 0));
    assert_eq!(before.last_check, None);
    health.start().unwrap();
    settle().await;
    let summary = health.summary();
    assert_eq!((summary.total_checks, summary.failed_checks), (4, 1));
    assert!((summary.overall_score - 0.5).abs() < 1e-6);
    assert_eq!(summary.component_scores.len(), 4);
    assert!(summary.last_check.is_some());
    for (name, value) in [
        ("healthy_checks", 1),
        ("degraded_checks", 1),
        ("unhealthy_checks", 1),
        ("unknown_checks", 0),
        ("disabled_checks", 1),
        ("runs_total", 3),
    ] {
        assert_eq!(summary.key_metrics[name], value, "{name}");
    }
}
