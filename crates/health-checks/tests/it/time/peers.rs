//! Drift against peers, as a service yields their clocks.

use std::error::Error;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use health_checks::time::{PeerClock, PeerDriftCheck, PeerTime};
use health_core::{Cause, CheckStatus, Schedule};

use crate::harness::{alone, leaks_nothing, result};

type Clocks = Result<Vec<PeerClock>, Box<dyn Error + Send + Sync>>;

/// What a service has heard.
struct Heard(Mutex<Option<Clocks>>);

impl Heard {
    fn new(clocks: Clocks) -> Self {
        Self(Mutex::new(Some(clocks)))
    }

    /// Peers whose clocks are ahead by so many milliseconds.
    fn ahead(by: &[u64]) -> Self {
        let now = SystemTime::now();
        let clock = |(index, ms): (usize, &u64)| {
            PeerClock::new(
                format!("peer-{index}"),
                now + Duration::from_millis(*ms),
                now,
            )
        };
        Self::new(Ok(by.iter().enumerate().map(clock).collect()))
    }
}

#[async_trait]
impl PeerTime for Heard {
    async fn clocks(&self) -> Clocks {
        let clocks = self.0.lock().unwrap().take();
        match clocks {
            Some(clocks) => clocks,
            None => std::future::pending().await,
        }
    }
}

#[tokio::test]
async fn clocks_of_peers_are_judged_by_their_median() {
    use CheckStatus::{Degraded, Healthy, Unhealthy};
    for (ahead, status, message) in [
        (
            &[0, 2, 5][..],
            Healthy,
            "clock 2 ms behind the median of 3 peers",
        ),
        (&[200, 200, 200], Degraded, "clock 200 ms behind"),
        (&[3_600_000; 3], Unhealthy, "clock 3600 s behind"),
        (
            &[1, 3_600_000, 1],
            Healthy,
            "outvoted: peer-1 (3600 s ahead)",
        ),
        (&[0, 0], Unhealthy, "2 peers' clocks of at least 3"),
        (&[], Unhealthy, "0 peers' clocks of at least 3"),
    ] {
        let state = result(PeerDriftCheck::new(Heard::ahead(ahead))).await;
        assert_eq!(state.status, status, "{state:?}");
        assert!(state.message.contains(message), "{state:?}");
    }
}

#[tokio::test]
async fn a_source_that_fails_says_so_to_the_log_alone() {
    let failing = Heard::new(Err("redis://me:hunter2@host is gone".into()));
    let state = result(PeerDriftCheck::new(failing)).await;
    assert_eq!(state.status, CheckStatus::Unhealthy);
    assert!(!format!("{state:?}").contains("hunter2"), "{state:?}");
}

#[tokio::test(start_paused = true)]
async fn a_source_that_hangs_is_given_up() {
    let state = result(PeerDriftCheck::new(Heard(Mutex::new(None)))).await;
    assert_eq!(state.cause, Cause::Timeout, "{state:?}");
}

/// Peers that are heard in each run.
struct Always;

#[async_trait]
impl PeerTime for Always {
    async fn clocks(&self) -> Clocks {
        let now = SystemTime::now();
        let clock = |index| PeerClock::new(format!("peer-{index}"), now, now);
        Ok((0..5).map(clock).collect())
    }
}

#[test]
fn ten_thousand_runs_leak_nothing() {
    alone("time::peers::ten_thousand_runs_leak_nothing", || {
        tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
            .block_on(leaks_nothing(PeerDriftCheck::new(Always)));
    });
}

#[test]
fn defaults_can_be_overridden() {
    let registration = PeerDriftCheck::new(Heard::ahead(&[])).registration();
    let spec = registration.spec();
    assert_eq!(spec.name, "peer-drift");
    assert_eq!(spec.schedule, Schedule::Every(Duration::from_mins(1)));
    assert_eq!(spec.timeout, Duration::from_secs(5));
    assert!(!spec.shared_dependency);
}
