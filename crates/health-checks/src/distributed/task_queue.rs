//! Judges a queue of tasks and those who work on it. It runs no task.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration, Status};

use super::AdapterError;
use super::counted_rate::CountedRate;
use super::findings::Findings;
use super::record::Record;
use super::source::sources;
use crate::invalid::InvalidCheck;
use crate::limits::{Limits, figure};
use crate::percent::percent;

const NAME: &str = "task-queue";
const FULL_DEGRADED: f64 = 0.8;
const FULL_UNHEALTHY: f64 = 0.95;
const SUCCESS_DEGRADED: f64 = 0.95;
const SUCCESS_UNHEALTHY: f64 = 0.5;
/// Runs may come close together; between two of them a worker may just be waking.
const STUCK: Duration = Duration::from_secs(10);

/// What a service knows of its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct QueueState {
    /// How many tasks are worked on.
    pub active: u64,
    /// How many wait.
    pub depth: u64,
    /// How many may wait; `None` if there is no bound.
    pub capacity: Option<u64>,
    /// How many ended since the service started, well or not; only rises.
    pub ended: u64,
    /// How many of them failed; only rises.
    pub failed: u64,
}

impl QueueState {
    /// So many are worked on, and so many wait.
    pub fn new(active: u64, depth: u64) -> Self {
        Self {
            active,
            depth,
            ..Self::default()
        }
    }

    /// At most so many may wait.
    pub fn of_capacity(mut self, tasks: u64) -> Self {
        self.capacity = Some(tasks);
        self
    }

    /// So many ended since the start, and so many of them failed.
    pub fn ended(mut self, tasks: u64, failed: u64) -> Self {
        (self.ended, self.failed) = (tasks, failed);
        self
    }
}

/// Something that keeps tasks waiting.
#[async_trait]
pub trait TaskQueue: Send + Sync + 'static {
    /// How it is now.
    async fn queue(&self) -> Result<QueueState, AdapterError>;
}

sources!(TaskQueue, queue, QueueState);

/// Watches a queue of tasks.
///
/// | what | degraded | unhealthy |
/// |---|---|---|
/// | how full it is, if it is bounded | from 80 % | from 95 % |
/// | tasks that succeed | below 95 % | below 50 % |
/// | tasks that wait for nobody, on every run for 10 s or more, and none ended meanwhile | | always |
///
/// Success is rated over the tasks that ended between runs, as soon as that were
/// 10 or more; while none ends it is not judged.
///
/// Registered as `task-queue`, every 30 s, with a timeout of 5 s. Its details are
/// `active`, `depth`, `capacity`, `full_percent`, `task_success_rate`, `stuck`, and
/// what the module says.
///
/// ```
/// use health_checks::distributed::{QueueState, TaskQueueCheck};
/// use tokio::sync::watch;
///
/// let (state, observed) = watch::channel(QueueState::default());
/// let registration = TaskQueueCheck::new(observed).thresholds(0.5, 0.9)?.registration();
/// state.send_replace(QueueState::new(4, 17).of_capacity(1000).ended(90_000, 12));
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[must_use = "a check does nothing until it is registered"]
pub struct TaskQueueCheck {
    source: Arc<dyn TaskQueue>,
    full: Limits,
    success: Limits,
}

impl TaskQueueCheck {
    /// Watches the queue of `source`, which may be shared as an [`Arc`].
    pub fn new(source: impl TaskQueue) -> Self {
        Self {
            source: Arc::new(source),
            full: Limits::rising(FULL_DEGRADED, FULL_UNHEALTHY),
            success: Limits::falling(SUCCESS_DEGRADED, SUCCESS_UNHEALTHY),
        }
    }

    /// Degraded and unhealthy from these parts of the capacity on, in place of 0.8 and 0.95.
    pub fn thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        let range = f64::MIN_POSITIVE..=1.0;
        self.full = self.full.set(NAME, degraded, unhealthy, range)?;
        Ok(self)
    }

    /// Degraded and unhealthy below these shares of success, in place of 0.95 and 0.5.
    pub fn success_thresholds(
        mut self,
        degraded: f64,
        unhealthy: f64,
    ) -> Result<Self, InvalidCheck> {
        self.success = self.success.set(NAME, degraded, unhealthy, 0.0..=1.0)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let watched = Watched {
            check: self,
            seen: Mutex::default(),
            record: Record::default(),
        };
        Registration::new(NAME, watched)
            .description("a queue of tasks and those who work on it")
            .every(Duration::from_secs(30))
            .timeout(Duration::from_secs(5))
    }

    fn outcome(&self, state: &QueueState, judged: Judged) -> Outcome {
        let QueueState { active, depth, .. } = *state;
        let full = state
            .capacity
            .map(|capacity| figure(depth) / figure(capacity));
        let mut findings = Findings::default();
        if judged.stuck {
            findings.add(Status::Unhealthy, || {
                format!("{depth} tasks wait, and none is worked on")
            });
        }
        if let Some(full) = full {
            // An empty queue that takes nothing is no number, and unhealthy.
            let (status, limit) = self.full.judge(full);
            findings.add(status, || {
                let capacity = state.capacity.unwrap_or_default();
                format!(
                    "{depth} of at most {capacity} tasks wait, limit {} %",
                    percent(limit)
                )
            });
        }
        if let Some(rate) = judged.success_rate {
            let (status, limit) = self.success.judge(rate);
            findings.add(status, || {
                format!(
                    "{} % of tasks succeed, limit {} %",
                    percent(rate),
                    percent(limit)
                )
            });
        }
        findings
            .outcome(|| format!("{active} tasks active, {depth} wait"))
            .detail("active", active)
            .detail("depth", depth)
            .detail_if_known("capacity", state.capacity)
            .detail_if_known("full_percent", full.map(percent))
            .detail_if_known("task_success_rate", judged.success_rate)
            .detail("stuck", judged.stuck)
    }
}

impl From<TaskQueueCheck> for Registration {
    fn from(check: TaskQueueCheck) -> Self {
        check.registration()
    }
}

/// What earlier runs have seen.
#[derive(Debug, Default)]
struct Seen {
    rate: CountedRate,
    idle: Option<Idle>,
}

/// Tasks wait for nobody.
#[derive(Clone, Copy, Debug)]
struct Idle {
    since: Instant,
    /// How many had ended.
    ended: u64,
}

/// What a run shows beside those before.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Judged {
    success_rate: Option<f64>,
    stuck: bool,
}

impl Seen {
    fn observe(&mut self, state: &QueueState, now: Instant) -> Judged {
        let failure_rate = self.rate.observe(state.ended, state.failed);
        let ended = state.ended;
        self.idle = (state.depth > 0 && state.active == 0).then(|| {
            let begun = self.idle.filter(|idle| idle.ended == ended);
            begun.unwrap_or(Idle { since: now, ended })
        });
        let stuck = self
            .idle
            .is_some_and(|idle| now.saturating_duration_since(idle.since) >= STUCK);
        Judged {
            success_rate: failure_rate.map(|rate| 1.0 - rate),
            stuck,
        }
    }
}

struct Watched {
    check: TaskQueueCheck,
    seen: Mutex<Seen>,
    record: Record,
}

#[async_trait]
impl Check for Watched {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let reading = async { self.check.source.queue().await };
        self.record
            .read(cx, "the state of the queue", reading, |state, now| {
                let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
                let judged = seen.observe(&state, now);
                self.check.outcome(&state, judged)
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::clock;

    fn check() -> TaskQueueCheck {
        TaskQueueCheck::new(watch::channel(QueueState::default()).1)
    }

    #[test]
    fn judged_by_room_success_and_progress() {
        use Status::{Degraded, Healthy, Unhealthy};
        for (depth, capacity, rate, stuck, status, message) in [
            (0, None, None, false, Healthy, "3 tasks active, 0 wait"),
            (
                u64::MAX,
                None,
                None,
                false,
                Healthy,
                "3 tasks active, 18446744073709551615 wait",
            ),
            (
                79,
                Some(100),
                Some(0.95),
                false,
                Healthy,
                "3 tasks active, 79 wait",
            ),
            (
                80,
                Some(100),
                None,
                false,
                Degraded,
                "80 of at most 100 tasks wait, limit 80 %",
            ),
            (
                95,
                Some(100),
                None,
                false,
                Unhealthy,
                "95 of at most 100 tasks wait, limit 95 %",
            ),
            (
                500,
                Some(100),
                None,
                false,
                Unhealthy,
                "500 of at most 100 tasks wait, limit 95 %",
            ),
            (
                0,
                Some(0),
                None,
                false,
                Unhealthy,
                "0 of at most 0 tasks wait, limit 95 %",
            ),
            (
                0,
                None,
                Some(0.9),
                false,
                Degraded,
                "90 % of tasks succeed, limit 95 %",
            ),
            (
                0,
                None,
                Some(0.0),
                false,
                Unhealthy,
                "0 % of tasks succeed, limit 50 %",
            ),
            (
                4,
                None,
                None,
                true,
                Unhealthy,
                "4 tasks wait, and none is worked on",
            ),
        ] {
            let mut state = QueueState::new(3, depth);
            state.capacity = capacity;
            let judged = Judged {
                success_rate: rate,
                stuck,
            };
            let outcome = check().outcome(&state, judged);
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["depth"], depth);
        }
    }

    #[test]
    fn stuck_is_what_waits_for_nobody_for_a_while() {
        let mut seen = Seen::default();
        let start = clock::instant();
        for (at_ms, active, depth, ended, stuck) in [
            (0, 0, 5, 10, false),
            (5, 0, 5, 10, false),
            (9_999, 0, 5, 10, false),
            (10_000, 0, 5, 10, true),
            (10_001, 0, 6, 10, true),
            // One has ended.
            (10_002, 0, 5, 11, false),
            (20_001, 0, 5, 11, false),
            (20_002, 0, 5, 11, true),
            // One is worked on.
            (20_003, 1, 5, 11, false),
            (30_000, 0, 5, 11, false),
            (39_999, 0, 5, 11, false),
            // None waits.
            (40_000, 0, 0, 11, false),
            (40_001, 0, 1, 11, false),
            (50_001, 0, 1, 11, true),
        ] {
            let state = QueueState::new(active, depth).ended(ended, 0);
            let judged = seen.observe(&state, start + Duration::from_millis(at_ms));
            assert_eq!(judged.stuck, stuck, "{at_ms} ms: {active} {depth} {ended}");
        }
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        for refused in [
            check().thresholds(0.0, 0.5),
            check().thresholds(0.9, 0.5),
            check().thresholds(0.9, 1.5),
            check().thresholds(f64::NAN, 0.5),
            check().success_thresholds(0.5, 0.9),
            check().success_thresholds(1.1, 0.9),
        ] {
            let refused = refused.err().unwrap().to_string();
            assert!(refused.starts_with("task-queue: "), "{refused}");
        }
    }
}
