//! One connection that a source keeps from poll to poll. It opens and judges none.

use std::sync::{Mutex, PoisonError};

/// Holds at most one connection. A poll takes it out, and gives it back only if it is still good:
/// a poll that fails, or is dropped at its deadline, drops it too.
#[derive(Debug)]
pub(super) struct Kept<C>(Mutex<Option<C>>);

impl<C> Default for Kept<C> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<C> Kept<C> {
    /// The connection, if there is one.
    pub(super) fn take(&self) -> Option<C> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps `connection` for the next poll.
    pub(super) fn keep(&self, connection: C) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }
}
