//! What readers of one check see, without waiting for its writer.
//!
//! The writer (under the engine's lock) stores; readers load. Only the history
//! has a lock, of its own, held for a push or a copy.

use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::Notify;

use crate::history::{History, Ring, Totals};
use crate::moment::Moment;
use crate::spec::Spec;
use crate::state::CheckState;
use crate::wake::Wake;

#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) name: Arc<str>,
    state: ArcSwap<CheckState>,
    /// Where the state lies, only to be compared.
    address: AtomicPtr<CheckState>,
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
        let state = Arc::new(state);
        Self {
            history: Mutex::new(Ring::new(state.spec.history)),
            name,
            address: AtomicPtr::new(Arc::as_ptr(&state).cast_mut()),
            state: ArcSwap::new(state),
            expires: AtomicU64::new(Moment::NEVER.0),
            wake: Wake::default(),
            finished: Notify::new(),
            gone: AtomicBool::new(false),
        }
    }

    /// The state first, then where it lies, then its expiry; readers load in the other order.
    pub(crate) fn publish(&self, state: Arc<CheckState>, expires: Moment) {
        let address = Arc::as_ptr(&state).cast_mut();
        self.state.store(state);
        self.address.store(address, Ordering::Release);
        self.extend(expires);
    }

    pub(crate) fn extend(&self, expires: Moment) {
        self.expires.store(expires.0, Ordering::Release);
    }

    pub(crate) fn state(&self) -> Arc<CheckState> {
        self.state.load_full()
    }

    /// Whether it is of the registration that has this very spec.
    pub(crate) fn is_of(&self, spec: &Arc<Spec>) -> bool {
        Arc::ptr_eq(&self.state.load().spec, spec)
    }

    /// The state as it reads at `now`, and until when it does.
    pub(crate) fn read(&self, now: Moment) -> (Arc<CheckState>, Moment) {
        self.read_beside(None, now)
    }

    /// The same for a reader that holds a state, likely this one: then it costs a third.
    pub(crate) fn read_beside(
        &self,
        held: Option<&Arc<CheckState>>,
        now: Moment,
    ) -> (Arc<CheckState>, Moment) {
        let expires = Moment(self.expires.load(Ordering::Acquire));
        let address = self.address.load(Ordering::Acquire);
        // While it is held, no other state can lie where it does.
        let state = held
            .filter(|held| std::ptr::eq(Arc::as_ptr(held), address))
            .map_or_else(|| self.state.load_full(), Arc::clone);
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

    pub(crate) fn figures<const N: usize>(
        &self,
        quantiles: [f64; N],
    ) -> (Totals, [Option<Duration>; N]) {
        self.history
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .figures(quantiles)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::entry::{Entry, Key};
    use crate::moment::Now;
    use std::time::SystemTime;

    fn slot(name: &str) -> Arc<Slot> {
        let key = Key {
            index: 0,
            serial: 0,
        };
        let now = Now {
            mono: Moment(0),
            wall: SystemTime::UNIX_EPOCH,
        };
        Entry::new(key, Spec::new(name), false, now).slot
    }

    #[test]
    fn whatever_is_held_the_present_state_is_read() {
        let (slot, other) = (slot("a"), slot("b"));
        let (first, _) = slot.read(Moment(1));
        let (others, _) = other.read(Moment(1));
        let second = Arc::new(CheckState::clone(&first));
        let read = |held: Option<&Arc<CheckState>>| slot.read_beside(held, Moment(1)).0;
        for held in [None, Some(&first), Some(&others), Some(&second)] {
            assert!(Arc::ptr_eq(&read(held), &first));
        }
        slot.publish(Arc::clone(&second), Moment(9));
        for held in [None, Some(&first), Some(&others), Some(&second)] {
            assert!(Arc::ptr_eq(&read(held), &second));
        }
        let (stale, _) = slot.read_beside(Some(&second), Moment(9));
        assert!(!Arc::ptr_eq(&stale, &second));
        assert!(Arc::ptr_eq(&read(Some(&stale)), &second));
    }
}
