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
    beside: Option<Box<Self>>,
}

impl Place {
    /// Waits for the end of what was told to close.
    async fn ended(self) {
        match self {
            Self::Task(task) => drop(task.await),
            Self::Thread(thread) => thread.join().await,
        }
    }
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
            beside: None,
        }
    }

    /// Joins another server, which closes with this one; what one counts, the other does not.
    pub fn with(mut self, other: Self) -> Self {
        self.beside = Some(Box::new(match self.beside.take() {
            None => other,
            Some(first) => other.with(*first),
        }));
        self
    }

    /// The server that was joined last.
    pub fn beside(&self) -> Option<&Self> {
        self.beside.as_deref()
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
        // All are told before any is waited for.
        let (mut next, mut places) = (Some(self), Vec::new());
        while let Some(handle) = next {
            // A server that has ended by itself no longer listens.
            let _ = handle.close.send(());
            places.push(handle.place);
            next = handle.beside.map(|beside| *beside);
        }
        for place in places {
            place.ended().await;
        }
    }

    /// Lets the server run for as long as its runtime, or its thread.
    pub fn detach(self) {
        self.shared.keep(self.close);
        if let Some(beside) = self.beside {
            beside.detach();
        }
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
