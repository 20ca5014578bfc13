//! The handle of a monitor: who is registered, how all are, and what was said of them.
//!
//! A door only: locks are the business of `driver`, decisions that of `member` and its parts.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use health_core::Health;

use crate::alerts::Alerts;
use crate::board::{self, ShowError};
use crate::builder::LagMonitorBuilder;
use crate::driver::Shared;
use crate::events::{LagEvent, LagObserver, LagSubscription};
use crate::follower::Follower;
use crate::group::Seat;
use crate::policy::LagPolicy;
use crate::spec::{FollowerSpec, RegisterError, UnknownFollower};
use crate::statistics::Statistics;
use crate::status::Status;
use crate::watch::{self, WatchError};

/// Watches the lag of any number of followers. Cheap to clone; all clones are the same monitor.
///
/// Its time begins when it is made. Whoever replays a recording gives each sample its time, and asks
/// with the methods that end in `_at`; everybody else leaves time to the clock. The two do not mix.
///
/// ```
/// use std::time::Duration;
/// use health_lag::{FollowerSpec, LagMonitor, Level, Sample};
///
/// let monitor = LagMonitor::builder()
///     .warning(Duration::from_secs(2))
///     .critical(Duration::from_secs(20))
///     .build()?;
/// let follower = monitor.follower(FollowerSpec::new("standby-1").of("primary"))?;
/// for second in 0..60 {
///     // The leader writes 100 a second, and the follower stops after 10 s.
///     let at = Duration::from_secs(second);
///     follower.push_at(at, Sample::new(100 * second, 100 * second.min(10)))?;
/// }
/// let status = follower.status_at(Duration::from_secs(59)).unwrap();
/// assert_eq!(status.level, Level::Critical);
/// assert_eq!(status.lag_duration(), Some(Duration::from_secs(49)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct LagMonitor {
    pub(crate) shared: Arc<Shared>,
}

impl Default for LagMonitor {
    fn default() -> Self {
        Self::new()
    }
}

impl LagMonitor {
    /// One with the default limits.
    pub fn new() -> Self {
        LagMonitorBuilder::defaults()
    }

    /// Sets one up.
    pub fn builder() -> LagMonitorBuilder {
        LagMonitorBuilder::default()
    }

    pub(crate) fn of(shared: Shared) -> Self {
        Self {
            shared: Arc::new(shared),
        }
    }

    fn handle(&self, seat: Seat) -> Follower {
        Follower::new(Arc::clone(&self.shared), seat)
    }

    fn seats(&self) -> Vec<Seat> {
        self.shared.registry().seats()
    }

    /// The limits that it judges by.
    pub fn policy(&self) -> &LagPolicy {
        &self.shared.book.policy
    }

    /// When it was made; for display.
    pub fn started(&self) -> SystemTime {
        self.shared.started()
    }

    /// The time since it was made, which is what it counts in.
    pub fn now(&self) -> Duration {
        self.shared.now()
    }

    /// Registers a follower. It stays until it is unregistered, whoever holds a handle.
    pub fn follower(&self, spec: impl Into<FollowerSpec>) -> Result<Follower, RegisterError> {
        self.follower_at(spec, self.now())
    }

    /// The same at a time of a recording. Silence counts from it.
    pub fn follower_at(
        &self,
        spec: impl Into<FollowerSpec>,
        now: Duration,
    ) -> Result<Follower, RegisterError> {
        let seat = self.shared.register(spec.into(), now)?;
        Ok(self.handle(seat))
    }

    /// Takes a follower away. Its alerts are over, and say so.
    pub fn unregister(&self, name: &str) -> Result<(), UnknownFollower> {
        self.unregister_at(name, self.now())
    }

    /// The same at a time of a recording.
    pub fn unregister_at(&self, name: &str, now: Duration) -> Result<(), UnknownFollower> {
        let gone = || UnknownFollower(name.to_owned());
        let seat = self.seat(name).ok_or_else(gone)?;
        let was_there = self.shared.unregister(&seat, now);
        was_there.then_some(()).ok_or_else(gone)
    }

    fn seat(&self, name: &str) -> Option<Seat> {
        self.shared.registry().get(name)
    }

    /// The follower of this name.
    pub fn get(&self, name: &str) -> Option<Follower> {
        self.seat(name).map(|seat| self.handle(seat))
    }

    /// All followers, sorted by name.
    pub fn followers(&self) -> Vec<Follower> {
        self.seats()
            .into_iter()
            .map(|seat| self.handle(seat))
            .collect()
    }

    /// How all followers are, sorted by name; each as it is when its turn comes.
    pub fn statuses(&self) -> Vec<Status> {
        self.statuses_at(self.now())
    }

    /// The same at a time of a recording.
    pub fn statuses_at(&self, now: Duration) -> Vec<Status> {
        let seats = self.seats();
        let statuses = seats
            .iter()
            .filter_map(|seat| self.shared.status(seat, now));
        statuses.collect()
    }

    /// How many followers stand how, and their lags taken together. Costs a few nanoseconds a
    /// follower, for the quantiles.
    pub fn statistics(&self) -> Statistics {
        self.statistics_at(self.now())
    }

    /// The same at a time of a recording.
    pub fn statistics_at(&self, now: Duration) -> Statistics {
        self.shared.statistics(now)
    }

    /// What was said, and what is still wrong.
    pub fn alerts(&self) -> Alerts {
        Alerts::new(Arc::clone(&self.shared))
    }

    /// A stream of all that happens from now on.
    pub fn subscribe(&self) -> LagSubscription<LagEvent> {
        self.shared.heard.store(true, Ordering::Release);
        LagSubscription::new(self.shared.events.subscribe())
    }

    /// Tells `observer` of everything from now on, on the runtime this is called from.
    pub fn observe(&self, observer: impl LagObserver) -> Result<(), WatchError> {
        watch::observe(self, Arc::new(observer))
    }

    /// How often an observer panicked.
    pub fn observer_panics(&self) -> u64 {
        self.shared.observer_panics.load(Ordering::Relaxed)
    }

    /// Finds out in time what time alone changes (silence, a stall, an alert that is confirmed),
    /// with one task on the runtime this is called from, until the monitor is gone. Without it these
    /// are found when somebody asks or pushes.
    ///
    /// While something may become due the task wakes each second. If it comes more than a second
    /// late, the process was suspended, and that time is no silence of the followers.
    pub fn watch(&self) -> Result<(), WatchError> {
        watch::start(self)
    }

    /// Shows the followers as the section `lag` of a node, the worst first: the lag, the rates, a
    /// chart of the last 120 samples that were looked at, the forecast of the next minute with the
    /// band in which it lies nine times of ten, and when it will be critical. It is pushed each
    /// second, by one task on the runtime this is called from, until the monitor is gone. 256
    /// followers are shown, and the others counted.
    pub fn section(&self, health: &Health) -> Result<(), ShowError> {
        board::start(self, health)
    }

    /// Takes note that it is `now` in a recording, for what time alone changes.
    pub fn advance_to(&self, now: Duration) {
        self.shared.sweep(now, false);
    }
}
