//! One connection that a check keeps from run to run. It opens and judges none.

use std::sync::{Mutex, PoisonError};

/// Holds at most one connection. A run takes it out, and gives it back only if it
/// is still good: a run that fails, or is dropped at its deadline, drops it too.
#[derive(Debug)]
pub(crate) struct Kept<C>(Mutex<Option<C>>);

impl<C> Default for Kept<C> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<C> Kept<C> {
    /// The connection, if there is one.
    pub(crate) fn take(&self) -> Option<C> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps `connection` for the next run.
    pub(crate) fn keep(&self, connection: C) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }
}
