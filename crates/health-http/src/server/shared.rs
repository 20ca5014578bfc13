//! What all connections of a server share: counts, the coarse clock, and the seats that are free.
//!
//! It decides nothing.

use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::counters::Counters;
use super::record::Record;

/// Free seats kept: enough that a steady stream of probes spawns no task.
const MAX_FREE: usize = 16;

/// Locks, whatever a panicking holder left: every write under these locks is a single one.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) counters: Counters,
    /// Requests being answered.
    pub(crate) in_flight: AtomicUsize,
    pub(crate) max_in_flight: usize,
    /// Set once closing began: every response then says `connection: close`.
    closing: AtomicBool,
    /// Tells responses that go on that closing began.
    pub(crate) closed: Arc<Notify>,
    /// Wakes the driver when the last connection ends; used while closing.
    pub(crate) ended: Notify,
    origin: Instant,
    /// Milliseconds since `origin`, as of the driver's last look. It stands in for the clock on
    /// the way of a request.
    now: AtomicU64,
    /// Connections that have not ended.
    connections: AtomicUsize,
    /// Those of `connections` that were told to end.
    dying: AtomicIsize,
    free: Mutex<Vec<Arc<Record>>>,
    /// The sender of a detached handle, whose drop would close the server.
    kept: Mutex<Option<oneshot::Sender<()>>>,
}

impl Shared {
    pub(crate) fn new(origin: Instant, max_in_flight: usize) -> Arc<Self> {
        Arc::new(Self {
            counters: Counters::default(),
            in_flight: AtomicUsize::new(0),
            max_in_flight,
            closing: AtomicBool::new(false),
            closed: Arc::new(Notify::new()),
            ended: Notify::new(),
            origin,
            now: AtomicU64::new(0),
            connections: AtomicUsize::new(0),
            dying: AtomicIsize::new(0),
            free: Mutex::new(Vec::new()),
            kept: Mutex::new(None),
        })
    }

    /// Sets the coarse clock and returns it.
    pub(crate) fn set_now(&self, now: Instant) -> u64 {
        let lasted = now.saturating_duration_since(self.origin);
        let millis = u64::try_from(lasted.as_millis()).unwrap_or(u64::MAX);
        self.now.store(millis, Ordering::Relaxed);
        millis
    }

    pub(crate) fn now(&self) -> u64 {
        self.now.load(Ordering::Relaxed)
    }

    pub(crate) fn begin_closing(&self) {
        self.closing.store(true, Ordering::SeqCst);
        self.closed.notify_waiters();
    }

    pub(crate) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed)
    }

    /// Connections that have not ended.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Acquire)
    }

    /// Connections that count against the cap: those that were not told to end.
    pub(crate) fn open(&self) -> usize {
        let dying = self.dying.load(Ordering::Relaxed);
        self.connections().saturating_add_signed(-dying)
    }

    pub(crate) fn count_opened(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_ended(&self) {
        if self.connections.fetch_sub(1, Ordering::AcqRel) == 1 && self.is_closing() {
            self.ended.notify_one();
        }
    }

    pub(crate) fn count_dying(&self, change: isize) {
        self.dying.fetch_add(change, Ordering::Relaxed);
    }

    /// A free seat.
    pub(crate) fn take_free(&self) -> Option<Arc<Record>> {
        lock(&self.free).pop()
    }

    /// Ends the connection of a seat and keeps the seat; false if it is not needed.
    pub(crate) fn free(&self, record: &Arc<Record>) -> bool {
        let mut free = lock(&self.free);
        let keep = free.len() < MAX_FREE && !self.is_closing();
        // Under the lock, so that the seat is not taken before its connection has ended, and so
        // that who empties this list after the last connection has ended empties it for good.
        record.end();
        if keep {
            free.push(record.clone());
        }
        keep
    }

    /// Keeps the server open for as long as it runs.
    pub(crate) fn keep(&self, close: oneshot::Sender<()>) {
        *lock(&self.kept) = Some(close);
    }
}
