//! Ten thousand polls hold what a hundred held: descriptors, memory, and what they add to a monitor.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use health_lag::{FollowerReading, LagMonitor, LagSource, Poller, Readings, Sample, SourceError};

use tokio::task::JoinSet;

use crate::harness::{alone, descriptors, eventually, resident_bytes};

const POLLS: u64 = 10_000;
const WARM: u64 = 100;
const SLACK_BYTES: u64 = 1 << 20;

/// Runs `body` in a process of its own; `test` is the path of the calling test.
pub(crate) fn by_itself(test: &str, body: impl AsyncFnOnce()) {
    alone(test, || {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        runtime.block_on(body());
    });
}

/// What this process holds.
fn held() -> (usize, u64) {
    (descriptors(), resident_bytes())
}

async fn holds_no_more_than(before: (usize, u64)) {
    let after = resident_bytes();
    // What a poll has dropped may be closed a moment later.
    eventually("the descriptors to be as many as before", || {
        let now = descriptors();
        (now > before.0).then_some((before.0, now))
    })
    .await;
    let most = before.1 + SLACK_BYTES;
    assert!(after <= most, "{} to {after} bytes", before.1);
}

/// Polls sources side by side, without the pauses of a poller.
pub(crate) async fn leak_nothing(sources: Vec<Arc<dyn LagSource>>) {
    let polled = async |polls: u64| {
        let mut all = JoinSet::new();
        for source in &sources {
            all.spawn(poll(Arc::clone(source), polls));
        }
        all.join_all().await;
    };
    polled(WARM).await;
    let before = held();
    polled(POLLS - WARM).await;
    holds_no_more_than(before).await;
}

async fn poll(source: Arc<dyn LagSource>, polls: u64) {
    let mut failed = 0;
    for _ in 0..polls {
        if let Err(error) = source.poll().await {
            // A server that a busy machine keeps from running may refuse one now and then.
            failed += 1;
            assert!(failed <= polls / 100, "{error}: {:?}", error.error());
        }
    }
}

/// Answers, fails, panics and names another follower, in turn.
#[derive(Default)]
struct Restless(AtomicU64);

#[async_trait]
impl LagSource for Restless {
    async fn poll(&self) -> Result<Readings, SourceError> {
        let turn = self.0.fetch_add(1, Ordering::Relaxed);
        let name = |number: u64| format!("node-{}", number % 7);
        let sample = Ok(Sample::new(turn, turn.saturating_sub(3)));
        let readings = Readings::new()
            .follower(FollowerReading::new(name(turn), sample).remark("is late"))
            .leader(turn, turn / 5_000);
        match turn % 10 {
            0 => Err(SourceError::new(format!("the log {turn} is gone; see")).with_error("EIO")),
            // Without the hook, which prints each.
            1 => std::panic::resume_unwind(Box::new("no such table")),
            2 => Ok(readings.complete()),
            _ => {
                tokio::task::yield_now().await;
                Ok(readings)
            }
        }
    }
}

/// In paused time, which passes as fast as polls come.
#[test]
fn of_a_poller() {
    alone("leaks::of_a_poller", || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let monitor = LagMonitor::new();
            monitor.watch().unwrap();
            let polling = Poller::new("restless", Restless::default())
                .start(monitor.sink("leader"))
                .unwrap();
            let mut watch = polling.watch();
            let mut until = async |polls| while watch.next().await.unwrap().polls < polls {};
            until(WARM).await;
            let before = held();
            until(POLLS).await;
            holds_no_more_than(before).await;
            let state = polling.state();
            assert_eq!((state.failed, state.panicked), (2_000, 1_000));
            assert_eq!(monitor.followers().len(), state.followers.len());
        });
    });
}
