//! How a shutdown begins, what it tells the node, and in which order it goes.

use std::time::Duration;

use health_core::{ComponentSpec, Lifecycle, Probe};
use health_shutdown::{Component, Ending, Phase, Reason};

use crate::journal::{Journal, running};

#[tokio::test(start_paused = true)]
async fn phase_after_phase_hooks_first_and_by_priority() {
    let (_health, shutdown) = running();
    let shutdown = shutdown.install().unwrap();
    let journal = Journal::new();
    let plan = shutdown
        .plan()
        .last(journal.takes("endpoint", 1))
        .flush(journal.takes("queue", 2).priority(1))
        .flush(journal.takes("log", 1).priority(2))
        .hook(Phase::Announce, journal.takes("deregister", 1))
        .hook(Phase::Flush, journal.takes("say so", 0))
        .stop_intake(journal.takes("http", 1))
        .stop_intake(journal.takes("grpc", 3))
        .build()
        .unwrap();
    shutdown.request("a test");
    let report = shutdown.run(plan).await;
    assert_eq!(
        journal.lines(),
        [
            "0.0 deregister begins",
            "1.0 deregister ends",
            "6.0 http begins",
            "6.0 grpc begins",
            "7.0 http ends",
            "9.0 grpc ends",
            "9.0 say so begins",
            "9.0 say so ends",
            "9.0 queue begins",
            "11.0 queue ends",
            "11.0 log begins",
            "12.0 log ends",
            "12.0 endpoint begins",
            "13.0 endpoint ends",
        ]
        .map(str::to_owned)
    );
    assert_eq!(report.exit_code(), 0, "{report}");
    assert_eq!(report.reason, Reason::Requested("a test".into()));
    assert_eq!(report.phase, Some(Phase::Final));
}

#[tokio::test(start_paused = true)]
async fn readiness_fails_before_anything_stops_and_liveness_does_not() {
    let (health, shutdown) = running();
    let shutdown = shutdown.install().unwrap();
    assert!(health.verdict(Probe::Ready).passing);
    let seen = health.clone();
    let plan = shutdown
        .plan()
        .hook(
            Phase::Announce,
            Component::new("look", move |_| async move {
                let ready = seen.verdict(Probe::Ready).passing;
                let live = seen.verdict(Probe::Live).passing;
                if ready || !live {
                    Err("too late")
                } else {
                    Ok(())
                }
            }),
        )
        .build()
        .unwrap();
    shutdown.request("a test");
    // Without a runtime's help, and before anybody runs the plan.
    assert!(!health.verdict(Probe::Ready).passing);
    let report = shutdown.run(plan).await;
    assert_eq!(report.exit_code(), 0, "{report}");
    assert!(health.verdict(Probe::Live).passing);
    assert_eq!(health.lifecycle(), Lifecycle::Stopping);
}

#[tokio::test(start_paused = true)]
async fn the_first_reason_counts_and_waiters_learn_it() {
    let (_health, shutdown) = running();
    let shutdown = shutdown.install().unwrap();
    assert!(!shutdown.is_requested() && shutdown.report().is_none());
    let waiter = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { shutdown.requested().await }
    });
    tokio::task::yield_now().await;
    shutdown.request("first");
    shutdown.request("second");
    assert!(shutdown.is_requested());
    let first = Reason::Requested("first".into());
    assert_eq!(waiter.await.unwrap(), first);
    assert_eq!(shutdown.requested().await, first);
}

#[tokio::test(start_paused = true)]
async fn a_request_before_the_start_ends_through_the_same_phases() {
    let health = health_core::Health::new();
    let component = health.component(ComponentSpec::new("migration")).unwrap();
    let shutdown = health_shutdown::Shutdown::of(&health).install().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| shutdown.request("from a thread without a runtime"));
    });
    // What slow initialisation would look at.
    let _ = tokio::time::timeout(Duration::ZERO, shutdown.requested())
        .await
        .unwrap();
    let journal = Journal::new();
    let plan = shutdown.plan().close(journal.takes("file", 0)).build();
    let report = shutdown.run(plan.unwrap()).await;
    drop(component);
    assert_eq!(report.components[0].ending, Some(Ending::Done));
    assert_eq!(report.exit_code(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_report_can_be_read_on_the_way() {
    let (_health, shutdown) = running();
    let shutdown = shutdown.drain_delay(Duration::ZERO).install().unwrap();
    let (reached, wait) = tokio::sync::oneshot::channel();
    let plan = shutdown
        .plan()
        .flush(Component::new(
            "queue",
            |stop: health_shutdown::Stop| async move {
                stop.progress("3 of 9 written");
                reached.send(()).unwrap();
                tokio::time::sleep(Duration::from_secs(2)).await;
            },
        ))
        .build()
        .unwrap();
    shutdown.request("a test");
    let run = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { shutdown.run(plan).await }
    });
    wait.await.unwrap();
    let report = shutdown.report().unwrap();
    assert_eq!(report.phase, Some(Phase::Flush));
    assert_eq!(report.components[0].ending, None);
    assert_eq!(report.components[0].note.as_deref(), Some("3 of 9 written"));
    assert_eq!(run.await.unwrap().components[0].ending, Some(Ending::Done));
}
