//! Whoever is late, fails or panics: it never stops the sequence, and the report says so.

use std::time::Duration;

use health_core::Probe;
use health_shutdown::{Component, Ending, Phase, Stop};

use crate::journal::{Journal, running};

fn boom(text: &str) {
    panic!("{text}");
}

const fn secs(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[tokio::test(start_paused = true)]
async fn who_hangs_is_asked_to_hurry_then_aborted_and_the_rest_goes_on() {
    let (_health, shutdown) = running();
    let shutdown = shutdown.drain_delay(Duration::ZERO).install().unwrap();
    let journal = Journal::new();
    let plan = shutdown
        .plan()
        .flush(journal.hangs("queue").deadline(secs(3)))
        .close(journal.takes("pool", 1))
        .build()
        .unwrap();
    shutdown.request("a test");
    let report = shutdown.run(plan).await;
    assert_eq!(
        journal.lines(),
        [
            "0.0 queue hangs",
            "3.0 queue is asked to hurry",
            "3.5 pool begins",
            "4.5 pool ends"
        ]
        .map(str::to_owned)
    );
    let endings: Vec<_> = report
        .components
        .iter()
        .map(|c| c.ending.unwrap())
        .collect();
    assert_eq!(endings, [Ending::Aborted, Ending::Done]);
    assert_eq!(report.exit_code(), 71);
}

#[tokio::test(start_paused = true)]
async fn the_whole_ends_at_its_deadline() {
    let (health, shutdown) = running();
    let shutdown = shutdown
        .deadline(secs(10))
        .drain_delay(secs(1))
        .install()
        .unwrap();
    let journal = Journal::new();
    let plan = shutdown
        .plan()
        .stop_intake(journal.hangs("http").deadline(secs(10)))
        .flush(journal.takes("queue", 1))
        .build()
        .unwrap();
    shutdown.request("a test");
    let report = shutdown.run(plan).await;
    assert!(
        report.elapsed >= secs(10) && report.elapsed < secs(11),
        "{report}"
    );
    let endings: Vec<_> = report
        .components
        .iter()
        .map(|c| c.ending.unwrap())
        .collect();
    assert_eq!(endings, [Ending::Aborted, Ending::Skipped]);
    assert_eq!(report.exit_code(), 124);
    // It has overrun its deadline: an orchestrator may end it now.
    assert!(!health.verdict(Probe::Live).passing);
}

#[tokio::test(start_paused = true)]
async fn a_phase_has_its_own_deadline() {
    let (_health, shutdown) = running();
    let shutdown = shutdown.drain_delay(Duration::ZERO).install().unwrap();
    let journal = Journal::new();
    let plan = shutdown
        .plan()
        .phase_deadline(Phase::DrainInFlight, secs(2))
        .drain_in_flight(journal.hangs("requests"))
        .build()
        .unwrap();
    shutdown.request("a test");
    let report = shutdown.run(plan).await;
    assert_eq!(report.elapsed.as_secs(), 2, "{report}");
}

#[tokio::test(start_paused = true)]
async fn whoever_hurries_when_asked_is_clean() {
    let (_health, shutdown) = running();
    let shutdown = shutdown.drain_delay(Duration::ZERO).install().unwrap();
    let hurries = Component::new("queue", |stop: Stop| async move {
        stop.progress("7 of 9 written");
        stop.hurry().cancelled().await;
    });
    let plan = shutdown.plan().flush(hurries.deadline(secs(1))).build();
    shutdown.request("a test");
    let report = shutdown.run(plan.unwrap()).await;
    assert_eq!(report.components[0].ending, Some(Ending::Hurried));
    assert_eq!(report.components[0].note.as_deref(), Some("7 of 9 written"));
    assert_eq!(report.exit_code(), 0);
}

#[tokio::test(start_paused = true)]
async fn failures_and_panics_stop_nobody_else() {
    use Ending::{Aborted, Done, Failed, Panicked};

    struct PanicsWhenDropped;
    impl Drop for PanicsWhenDropped {
        fn drop(&mut self) {
            boom("on drop");
        }
    }

    let (_health, shutdown) = running();
    let shutdown = shutdown.drain_delay(Duration::ZERO).install().unwrap();
    let journal = Journal::new();
    let plan = shutdown
        .plan()
        .hook(
            Phase::Announce,
            Component::new("hook", |_| async { boom("in a hook") }),
        )
        .flush(Component::new("early", |_| {
            boom("before its first await");
            std::future::ready(())
        }))
        .flush(Component::new("late", |_| async {
            tokio::time::sleep(secs(1)).await;
            boom("after it");
        }))
        .flush(Component::new("fails", |_| async {
            Err::<(), _>("disk full")
        }))
        .flush(
            Component::new("dropped", |_| async {
                let _guard = PanicsWhenDropped;
                std::future::pending::<()>().await;
            })
            .deadline(secs(1)),
        )
        .close(journal.takes("pool", 0))
        .build()
        .unwrap();
    shutdown.request("a test");
    let report = shutdown.run(plan).await;
    let endings: Vec<_> = report
        .components
        .iter()
        .map(|c| c.ending.unwrap())
        .collect();
    assert_eq!(
        endings,
        [Panicked, Panicked, Panicked, Failed, Aborted, Done]
    );
    assert_eq!(report.components[3].error.as_deref(), Some("disk full"));
    assert_eq!(journal.lines().len(), 2);
    assert_eq!(report.exit_code(), 71);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_dropped_aborts_what_it_was_stopping() {
    struct Flag(std::sync::Arc<std::sync::atomic::AtomicBool>);
    impl Drop for Flag {
        fn drop(&mut self) {
            self.0.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }

    let (_health, shutdown) = running();
    let shutdown = shutdown.drain_delay(Duration::ZERO).install().unwrap();
    let dropped = std::sync::Arc::<std::sync::atomic::AtomicBool>::default();
    let flag = Flag(dropped.clone());
    let plan = shutdown
        .plan()
        .flush(Component::new("queue", |_| async move {
            let _flag = flag;
            std::future::pending::<()>().await;
        }))
        .build()
        .unwrap();
    shutdown.request("a test");
    let run = tokio::time::timeout(secs(1), shutdown.run(plan)).await;
    assert!(run.is_err());
    tokio::time::sleep(secs(1)).await;
    assert!(dropped.load(std::sync::atomic::Ordering::Relaxed));
}
