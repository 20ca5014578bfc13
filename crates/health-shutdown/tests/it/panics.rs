//! Whose panic begins a shutdown: that of a task or thread of the service, and of nobody whose
//! panics are caught.
//!
//! The hook is the whole process's, so that this is one of its own.

use std::panic::{set_hook, take_hook};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use health_core::{
    Cause, CriticalFailure, EventKind, Guard, Health, Notice, Observer, Veto, blocking_fn, check_fn,
};
use health_shutdown::{Component, CriticalPolicy, Reason, Shutdown};

/// What has panicked, by the hook that was there before.
type Heard = Arc<Mutex<Vec<String>>>;

/// Its type is that of what may return.
fn boom(text: &str) {
    panic!("{text}");
}

struct PanickingObserver;

#[async_trait]
impl Observer for PanickingObserver {
    async fn observe(&self, _: &Notice) {
        panic!("an observer");
    }
}

#[derive(Default)]
struct PanickingGuard(Arc<AtomicU32>);

#[async_trait]
impl Guard for PanickingGuard {
    async fn permit(&self, _: &CriticalFailure) -> Result<(), Veto> {
        self.0.fetch_add(1, Ordering::Relaxed);
        panic!("a guard");
    }
}

fn listen() -> Heard {
    let heard = Heard::default();
    let default = take_hook();
    set_hook(Box::new({
        let heard = Arc::clone(&heard);
        move |panic| {
            let text = panic.payload_as_str().unwrap_or_default();
            heard.lock().unwrap().push(text.to_owned());
            default(panic);
        }
    }));
    heard
}

async fn until(holds: impl Fn() -> bool) {
    while !holds() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The process under test below.
#[tokio::test]
#[ignore = "sets the panic hook; started by the test below"]
async fn process_in_which_much_panics() {
    let heard = listen();
    let health = Health::builder().observer(PanickingObserver).build();
    let check = |name| check_fn(name, |_| async { boom("a check") });
    health.register(check("async").critical()).unwrap();
    health.register(check("removed")).unwrap();
    let blocking = blocking_fn("blocking", |_| boom("a blocking check"));
    health.register(blocking).unwrap();
    let shutdown = Shutdown::of(&health)
        .drain_delay(Duration::ZERO)
        .on_panic()
        .install()
        .unwrap();
    let guard = PanickingGuard::default();
    let asked = Arc::clone(&guard.0);
    let policy = CriticalPolicy::enforce().after(1).sustained(Duration::ZERO);
    let policy = policy.grace(Duration::ZERO).jitter(Duration::ZERO);
    shutdown.on_critical_failure(&health, policy.guard(guard));
    let mut events = health.subscribe();
    health.start().unwrap();
    let panicked = |name: &str| {
        let report = health.report();
        let mut checks = report.checks.iter();
        checks.any(|check| check.name() == name && check.cause == Cause::Panic)
    };
    until(|| panicked("async") && panicked("blocking")).await;
    until(|| shutdown.vetoes() > 0 && health.observer_panics() > 0).await;
    assert!(asked.load(Ordering::Relaxed) > 0);
    // An event later nobody has begun anything.
    health.unregister("removed").unwrap();
    while let Some(notice) = events.next().await {
        if matches!(&notice, Notice::Event(event) if matches!(event.kind, EventKind::Unregistered { .. }))
        {
            break;
        }
    }
    assert!(!shutdown.is_requested());
    for text in ["a check", "a blocking check", "an observer", "a guard"] {
        assert!(heard.lock().unwrap().iter().any(|heard| heard == text));
    }

    let plan = shutdown
        .plan()
        .flush(Component::new("queue", |_| async { boom("a component") }))
        .build()
        .unwrap();
    tokio::spawn(async { boom("a task") }).await.unwrap_err();
    let Reason::Panic(why) = shutdown.requested().await else {
        panic!("another reason");
    };
    assert!(why.starts_with("a task ("), "{why}");
    assert_eq!(shutdown.run(plan).await.exit_code(), 71);
    assert!(heard.lock().unwrap().contains(&"a task".to_owned()));
}

#[test]
fn only_what_nobody_catches_begins_a_shutdown_and_the_hook_before_it_still_runs() {
    let child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--nocapture",
            "--exact",
            "panics::process_in_which_much_panics",
        ])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{said}");
    assert!(said.contains("a task"), "{said}");
}
