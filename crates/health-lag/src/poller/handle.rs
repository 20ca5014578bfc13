//! What whoever started the polling holds. It decides and polls nothing.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::state::PollState;

/// Polls a source until this is dropped.
#[derive(Debug)]
#[must_use = "polling ends when this is dropped"]
pub struct Polling {
    pub(super) task: JoinHandle<()>,
    pub(super) state: watch::Receiver<Arc<PollState>>,
}

impl Polling {
    /// What is known after the last poll.
    pub fn state(&self) -> Arc<PollState> {
        self.state.borrow().clone()
    }

    /// Waits for polls.
    pub fn watch(&self) -> PollWatch {
        PollWatch(self.state.clone())
    }

    /// Ends it: no call of the sink comes after this has returned. A poll under way is dropped.
    pub async fn stop(mut self) {
        self.task.abort();
        let _ = (&mut self.task).await;
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Waits for the polls of a source.
#[derive(Clone, Debug)]
pub struct PollWatch(watch::Receiver<Arc<PollState>>);

impl PollWatch {
    /// What is known after the next poll, or the last if several have ended since the last call;
    /// `None` once polling has ended. Cancel safe.
    pub async fn next(&mut self) -> Option<Arc<PollState>> {
        self.0.changed().await.ok()?;
        Some(self.0.borrow_and_update().clone())
    }
}
