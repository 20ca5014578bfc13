//! The handle of a running server: closes it, and says what it counts.
//!
//! It does not serve.

use std::sync::Arc;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::address::LocalAddr;
use super::counters::Counts;
use super::own_thread::OwnThread;
use super::shared::Shared;

/// Where a server runs.
#[derive(Debug)]
pub(crate) enum Place {
    Task(JoinHandle<()>),
    Thread(OwnThread),
}

/// A running server. Dropping it begins to close the server, as [`close`](Self::close) does, but
/// waits for nothing.
#[derive(Debug)]
#[must_use = "dropping the handle closes the server; keep it, or call detach"]
pub struct ServerHandle {
    close: oneshot::Sender<()>,
    place: Place,
    shared: Arc<Shared>,
    local: LocalAddr,
}

impl ServerHandle {
    pub(crate) fn new(
        close: oneshot::Sender<()>,
        place: Place,
        shared: Arc<Shared>,
        local: LocalAddr,
    ) -> Self {
        Self {
            close,
            place,
            shared,
            local,
        }
    }

    /// The address that clients connect to.
    pub fn local_addr(&self) -> &LocalAddr {
        &self.local
    }

    /// What the server has counted so far.
    pub fn counts(&self) -> Counts {
        self.shared.counters.counts()
    }

    /// The connections now open.
    pub fn connections(&self) -> usize {
        self.shared.open()
    }

    /// A reader of [`counts`](Self::counts) that outlives this handle.
    pub fn counts_reader(&self) -> CountsReader {
        CountsReader {
            shared: self.shared.clone(),
        }
    }

    /// Closes the server: who is queued is served, requests in flight finish, every response says
    /// `connection: close`, and the address is free when this returns.
    ///
    /// Takes [`Limits::closing`](super::Limits::closing) at most. Cancel safe in that a server whose
    /// `close` was dropped goes on closing.
    pub async fn close(self) {
        let Self { close, place, .. } = self;
        // A server that has ended by itself no longer listens.
        let _ = close.send(());
        match place {
            Place::Task(task) => drop(task.await),
            Place::Thread(thread) => thread.join().await,
        }
    }

    /// Lets the server run for as long as its runtime, or its thread.
    pub fn detach(self) {
        self.shared.keep(self.close);
    }
}

/// Reads a server's counters.
#[derive(Debug, Clone)]
pub struct CountsReader {
    shared: Arc<Shared>,
}

impl CountsReader {
    /// What the server has counted so far.
    pub fn counts(&self) -> Counts {
        self.shared.counters.counts()
    }

    /// The connections now open.
    pub fn connections(&self) -> usize {
        self.shared.open()
    }
}
