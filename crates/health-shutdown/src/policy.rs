//! When critical failures begin a shutdown, as the user says it. It judges nothing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use health_core::Guard;

/// What a confirmed failure leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mode {
    /// Nothing; nobody listens.
    Off,
    /// The log says what would have happened, and it is counted.
    DryRun,
    /// A shutdown.
    Enforce,
}

/// When critical failures begin a shutdown: only after so many runs in a row, *and* for so
/// long, *and* after a grace at the start.
///
/// By default 3 runs, 30 s, a grace of 60 s, a jitter of up to 5 s, no guard. The jitter
/// keeps replicas that fail of one cause from going down at one moment.
///
/// A check whose [`shared_dependency`](health_core::Registration::shared_dependency) is set
/// never counts: it would take all replicas down at once.
#[derive(Clone)]
#[must_use = "hand it to `Shutdown::on_critical_failure`"]
pub struct CriticalPolicy {
    pub(crate) mode: Mode,
    pub(crate) after: u64,
    pub(crate) sustained: Duration,
    pub(crate) grace: Duration,
    pub(crate) jitter: Duration,
    pub(crate) guards: Vec<Arc<dyn Guard>>,
}

impl CriticalPolicy {
    /// In this mode, otherwise as by default.
    pub fn new(mode: Mode) -> Self {
        Self {
            mode,
            after: 3,
            sustained: Duration::from_secs(30),
            grace: Duration::from_mins(1),
            jitter: Duration::from_secs(5),
            guards: Vec::new(),
        }
    }

    /// Says in the log what it would do. Try this first.
    pub fn dry_run() -> Self {
        Self::new(Mode::DryRun)
    }

    /// Begins a shutdown.
    pub fn enforce() -> Self {
        Self::new(Mode::Enforce)
    }

    /// After this many unhealthy runs in a row (at least 1).
    pub fn after(mut self, runs: u32) -> Self {
        self.after = runs.max(1).into();
        self
    }

    /// After this long without a better result. Time in which the process was suspended does not
    /// count: nothing could get better in it.
    pub fn sustained(mut self, time: Duration) -> Self {
        self.sustained = time;
        self
    }

    /// Not within this time after it was wired up. What is confirmed before begins a shutdown when
    /// the grace ends, if it goes on.
    pub fn grace(mut self, time: Duration) -> Self {
        self.grace = time;
        self
    }

    /// Waits a random part of this before it begins, if the check goes on failing; also before it
    /// asks the first guard.
    pub fn jitter(mut self, time: Duration) -> Self {
        self.jitter = time;
        self
    }

    /// Asks `guard` before it begins; each of several may veto. One that says nothing for 5 s, or
    /// panics, has. They are asked again, at first after 5 s, each time after twice as long, at
    /// most after 5 min.
    pub fn guard(mut self, guard: impl Guard) -> Self {
        self.guards.push(Arc::new(guard));
        self
    }
}

impl fmt::Debug for CriticalPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CriticalPolicy")
            .field("mode", &self.mode)
            .field("after", &self.after)
            .field("sustained", &self.sustained)
            .field("grace", &self.grace)
            .field("jitter", &self.jitter)
            .field("guards", &self.guards.len())
            .finish()
    }
}
