//! Commands that are asked for too often.

use std::time::Duration;

use health_checks::process::CommandCheck;
use health_checks::wrap::Wrap;
use health_core::{CheckStatus, Registration, Schedule};

use crate::harness::{Monitored, pass};

const LEAST: Duration = Duration::from_secs(1);

/// Fails, and leaves a line each time.
fn failing(directory: &tempfile::TempDir) -> Registration {
    CommandCheck::new("/bin/sh")
        .unwrap()
        .args(["-c", "echo run >> runs; exit 2"])
        .unwrap()
        .current_dir(directory.path())
        .unwrap()
        .registration()
}

fn runs(directory: &tempfile::TempDir) -> u64 {
    let runs = std::fs::read_to_string(directory.path().join("runs")).unwrap();
    runs.lines().count() as u64
}

#[tokio::test]
async fn what_is_said_again_counts_for_nothing() {
    let directory = tempfile::TempDir::new().unwrap();
    let hasty = failing(&directory).every(Duration::from_millis(10));
    assert_eq!(hasty.spec().schedule, Schedule::Every(LEAST));
    let monitored = Monitored::start(hasty.every(Duration::from_hours(1000)));
    monitored.ask().await;
    let mut repeated = 0;
    for _ in 0..3 {
        for _ in 0..10 {
            let state = monitored.ask().await;
            assert_eq!(state.status, CheckStatus::Unhealthy);
            assert_eq!(state.consecutive_failures, runs(&directory), "{state:?}");
            repeated += u64::from(state.details.as_ref().unwrap().contains_key("cached_ms"));
        }
        pass(LEAST).await;
    }
    // A machine that stands still for a second makes some of them real.
    assert!(repeated > 0);
    monitored.stop().await;
}

#[tokio::test]
async fn attempts_that_come_too_soon_are_one() {
    let directory = tempfile::TempDir::new().unwrap();
    let eager = failing(&directory).retry(10, Duration::ZERO);
    let monitored = Monitored::start(eager.every(Duration::from_hours(1000)));
    let state = monitored.ask().await;
    assert_eq!(state.details.as_ref().unwrap()["attempts"], 10);
    assert!(runs(&directory) < 10);
    monitored.stop().await;
}
