//! A leader and a follower in this process, so that the node has a replication to watch.
//!
//! What they replicate is left out: the leader counts up, and the follower after it.

use std::time::Duration;

use health_lag::{Follower, FollowerSpec, LagMonitor, RegisterError, Sample};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Between two entries of the leader.
const PACE: Duration = Duration::from_secs(2);

/// Registers the follower. At the start it has all that there is, which is nothing.
pub(crate) fn follower(monitor: &LagMonitor) -> Result<Follower, RegisterError> {
    let follower = monitor.follower(FollowerSpec::new("replica").of("leader"))?;
    // It was registered just now, so that this is not refused.
    let _ = follower.push(Sample::new(0, 0));
    Ok(follower)
}

/// Starts both; the follower takes so long for an entry. They end together.
#[expect(clippy::disallowed_methods, reason = "the caller ends this task")]
pub(crate) fn start(
    follower: Follower,
    takes: Duration,
    stop: CancellationToken,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let (log, applied) = (watch::Sender::new(0), watch::Sender::new(0));
        tokio::select! {
            () = stop.cancelled() => {}
            () = lead(&log, &applied, &follower) => {}
            () = follow(log.subscribe(), &applied, takes, &follower) => {}
        }
    })
}

async fn lead(log: &watch::Sender<u64>, applied: &watch::Sender<u64>, follower: &Follower) {
    let mut pace = tokio::time::interval(PACE);
    loop {
        pace.tick().await;
        let written = *log.borrow();
        // While the follower is busy with what was before, it says nothing itself.
        let behind = *applied.borrow();
        if behind < written {
            push(follower, written + 1, behind);
        }
        log.send_replace(written + 1);
    }
}

async fn follow(
    mut log: watch::Receiver<u64>,
    applied: &watch::Sender<u64>,
    takes: Duration,
    follower: &Follower,
) {
    for entry in 1.. {
        if log.wait_for(|written| *written >= entry).await.is_err() {
            return;
        }
        if !takes.is_zero() {
            tokio::time::sleep(takes).await;
        }
        applied.send_replace(entry);
        let written = *log.borrow();
        push(follower, written, entry);
    }
}

fn push(follower: &Follower, written: u64, applied: u64) {
    // Refused only once it is unregistered, which nobody does.
    let _ = follower.push(Sample::new(written, applied));
}
