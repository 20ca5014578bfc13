//! The door for checks that block: each run on a thread of its own, at most so many at once.
//!
//! A run that outlives its deadline keeps its thread and its slot; no second
//! copy starts meanwhile, and each further run reports since when it hangs. A
//! thread a run costs some ten microseconds, ends with the run, and (unlike a
//! runtime's blocking pool) never holds up the end of the process.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::check::{Check, CheckContext};
use crate::clock;
use crate::outcome::Outcome;
use crate::registration::Registration;
use crate::unwind::catch;

/// How many blocking checks of one pool may run at once.
///
/// ```
/// use health_core::BlockingPool;
/// let pool = BlockingPool::new(2);
/// let check = pool.check("fsync", |_| std::fs::File::open("/tmp")?.sync_all());
/// ```
#[derive(Clone, Debug)]
pub struct BlockingPool {
    threads: u32,
    permits: Arc<Semaphore>,
}

impl BlockingPool {
    /// A pool of at most `threads` threads (at least 1).
    pub fn new(threads: u32) -> Self {
        let threads = threads.max(1);
        Self {
            threads,
            permits: Arc::new(Semaphore::new(threads as usize)),
        }
    }

    /// A check that runs `check` on a thread of this pool.
    pub fn check<F, T>(&self, name: impl Into<String>, check: F) -> Registration
    where
        F: Fn(&CheckContext) -> T + Send + Sync + 'static,
        T: Into<Outcome>,
    {
        let blocking = Blocking {
            pool: self.clone(),
            call: Arc::new(move |cx: &CheckContext| check(cx).into()),
            running: Arc::new(Mutex::new(None)),
        };
        Registration::new(name, blocking)
    }
}

impl Default for BlockingPool {
    /// Eight threads.
    fn default() -> Self {
        Self::new(8)
    }
}

/// A check from a closure that may block its thread, in a pool of one thread of its own.
/// Checks that should share a bound are made by one [`BlockingPool`].
///
/// ```
/// use health_core::blocking_fn;
/// let check = blocking_fn("config", |_| std::fs::read("/etc/service.toml").map(|_| ()));
/// ```
pub fn blocking_fn<F, T>(name: impl Into<String>, check: F) -> Registration
where
    F: Fn(&CheckContext) -> T + Send + Sync + 'static,
    T: Into<Outcome>,
{
    BlockingPool::new(1).check(name, check)
}

type Call = dyn Fn(&CheckContext) -> Outcome + Send + Sync;

struct Blocking {
    pool: BlockingPool,
    call: Arc<Call>,
    running: Arc<Mutex<Option<Instant>>>,
}

impl Blocking {
    fn started(&self) -> Option<Instant> {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn overdue(&self) -> Outcome {
        match self.started() {
            Some(started) => Outcome::timeout(format!(
                "still running since it started {} s ago",
                clock::elapsed(started).as_secs()
            )),
            None => Outcome::timeout(format!(
                "no free thread: all {} of the blocking pool are busy",
                self.pool.threads
            )),
        }
    }

    async fn run(&self, cx: &CheckContext) -> Option<Outcome> {
        let permit = Arc::clone(&self.pool.permits).acquire_owned().await.ok()?;
        let (answer, result) = oneshot::channel();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = Some(clock::instant());
        let busy = Busy {
            running: Arc::clone(&self.running),
            _permit: permit,
        };
        let (call, cx) = (Arc::clone(&self.call), cx.clone());
        let spawned = std::thread::Builder::new()
            .name("health-blocking".into())
            .spawn(move || {
                let outcome = catch(|| call(&cx)).unwrap_or_else(|text| Outcome::panicked(&text));
                // The slot is free before the answer is out, so that the next run finds it so.
                drop(busy);
                let _ = answer.send(outcome);
            });
        match spawned {
            Ok(_detached) => result.await.ok(),
            Err(error) => {
                Some(Outcome::unhealthy("no thread for the blocking check").with_error(error))
            }
        }
    }
}

#[async_trait]
impl Check for Blocking {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        // A run that is still there has outlived its deadline: no second copy.
        if self.started().is_some() {
            return self.overdue();
        }
        match cx.in_time(self.run(cx)).await {
            Some(Some(outcome)) => outcome,
            Some(None) => Outcome::unhealthy("the blocking check gave no result"),
            None => self.overdue(),
        }
    }
}

/// Frees the slot when the run's thread is done with it, however it ends.
struct Busy {
    running: Arc<Mutex<Option<Instant>>>,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Busy {
    fn drop(&mut self) {
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
