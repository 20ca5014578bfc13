//! A leader and a follower in this process, so that the node has a replication to watch.
//!
//! What they replicate is left out: the leader counts up, and the follower after it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use health_lag::{Follower, FollowerSpec, LagMonitor, RegisterError, Sample};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Between two entries of the leader.
const PACE: Duration = Duration::from_secs(2);
/// So many entries may be on their way to the follower.
const ON_THE_WAY: usize = 64;

/// Registers the follower. At the start it has all that there is, which is nothing.
pub(crate) fn follower(monitor: &LagMonitor) -> Result<Follower, RegisterError> {
    let follower = monitor.follower(FollowerSpec::new("replica").of("leader"))?;
    // It was registered just now, so that this is not refused.
    let _ = follower.push(Sample::new(0, 0));
    Ok(follower)
}

/// Starts both. They end together.
#[expect(clippy::disallowed_methods, reason = "the caller ends this task")]
pub(crate) fn start(follower: Follower, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        let written = AtomicU64::new(0);
        let (log, entries) = mpsc::channel(ON_THE_WAY);
        tokio::select! {
            () = stop.cancelled() => {}
            () = lead(&written, log) => {}
            () = follow(&written, entries, &follower) => {}
        }
    })
}

async fn lead(written: &AtomicU64, log: mpsc::Sender<u64>) {
    let mut pace = tokio::time::interval(PACE);
    loop {
        pace.tick().await;
        let entry = written.fetch_add(1, Ordering::Release) + 1;
        if log.send(entry).await.is_err() {
            return;
        }
    }
}

async fn follow(written: &AtomicU64, mut entries: mpsc::Receiver<u64>, follower: &Follower) {
    while let Some(applied) = entries.recv().await {
        let leader = written.load(Ordering::Acquire);
        // Refused only once it is unregistered, which nobody does.
        let _ = follower.push(Sample::new(leader, applied));
    }
}
