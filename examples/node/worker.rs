//! A part of the node that knows its own state, and reports it.
//!
//! The work itself is left out.

use std::time::Duration;

use health_core::Component;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Silent for longer, the worker counts as stale.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);
const BEAT: Duration = Duration::from_secs(10);

/// Starts the worker. At its end it drops its handle, which shows as `stopped`.
#[expect(clippy::disallowed_methods, reason = "the caller ends this task")]
pub(crate) fn start(component: Component, stop: CancellationToken) -> JoinHandle<()> {
    tokio::spawn(async move {
        component.ready();
        let mut beat = tokio::time::interval(BEAT);
        while stop.run_until_cancelled(beat.tick()).await.is_some() {
            component.beat();
        }
    })
}
