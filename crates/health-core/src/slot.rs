//! What readers of one check see, without waiting for its writer.
//!
//! The writer (under the engine's lock) stores; readers load. Only the history
//! has a lock, of its own, held for a push or a copy.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use crate::history::{History, Ring};
use crate::moment::Moment;
use crate::state::CheckState;
use crate::wake::Wake;

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: Arc<str>,
    state: ArcSwap<CheckState>,
    expires: AtomicU64,
    pub(crate) history: Mutex<Ring>,
    /// Tells the check's task to look at its schedule again.
    pub(crate) wake: Wake,
    /// Tells askers that a run has ended.
    pub(crate) finished: Notify,
    gone: AtomicBool,
}

impl Slot {
    pub(crate) fn new(name: Arc<str>, state: CheckState) -> Self {
        Self {
            history: Mutex::new(Ring::new(state.spec.history)),
            name,
            state: ArcSwap::from_pointee(state),
            expires: AtomicU64::new(Moment::NEVER.0),
            wake: Wake::default(),
            finished: Notify::new(),
            gone: AtomicBool::new(false),
        }
    }

    /// The state first, then its expiry; readers load in the other order.
    pub(crate) fn publish(&self, state: Arc<CheckState>, expires: Moment) {
        self.state.store(state);
        self.extend(expires);
    }

    pub(crate) fn extend(&self, expires: Moment) {
        self.expires.store(expires.0, Ordering::Release);
    }

    pub(crate) fn state(&self) -> Arc<CheckState> {
        self.state.load_full()
    }

    /// The state as it reads at `now`, and until when it does.
    pub(crate) fn read(&self, now: Moment) -> (Arc<CheckState>, Moment) {
        let expires = Moment(self.expires.load(Ordering::Acquire));
        let state = self.state.load_full();
        if expires > now {
            (state, expires)
        } else {
            (Arc::new(state.as_stale()), Moment::NEVER)
        }
    }

    pub(crate) fn history(&self) -> History {
        self.history
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .snapshot()
    }

    pub(crate) fn close(&self) {
        self.gone.store(true, Ordering::Release);
        self.finished.notify_waiters();
        self.wake.tell();
    }

    pub(crate) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Acquire)
    }
}
