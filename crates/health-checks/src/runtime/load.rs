//! Judges how much a runtime has to do: tasks that live, and tasks that wait.
//!
//! The figures are tokio's own; how late the runtime is, is the business of `stall`.

use std::future::ready;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use health_core::{Outcome, Registration, check_fn};

const NAME: &str = "runtime-load";
/// More than fit any memory.
const MOST: u64 = 1 << 40;
const QUEUE_LIMITS: Limits = Limits::rising(1_000.0, 10_000.0);

/// Watches the tasks of a tokio runtime: how many wait in its global queue, and
/// how many are alive at all.
///
/// A queue that grows is a runtime that does not get done; it holds the tasks that
/// were woken from outside, or that a thread had too many of. Tasks that are
/// never finished are a leak; how many are too many only the service knows, so
/// they are shown, and judged once [`alive_tasks`](Self::alive_tasks) says so.
///
/// Degraded from 1,000 waiting tasks, unhealthy from 10,000: with ten
/// microseconds for each, a delay of 10 and 100 ms on one thread (this crate's
/// choice). Registered as `runtime-load`, every 15 s, with a timeout of 5 s. Its
/// details are `global_queue_depth`, `alive_tasks` and `workers`.
///
/// ```
/// use health_checks::runtime::RuntimeLoadCheck;
///
/// let check = RuntimeLoadCheck::new().alive_tasks(50_000, 100_000)?.queue_depth(100, 1_000)?;
/// let registration = check.registration();
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct RuntimeLoadCheck {
    runtime: Option<Handle>,
    queue_depth: Limits,
    alive_tasks: Option<Limits>,
}

/// What tokio counts.
#[derive(Clone, Copy, Debug)]
struct Load {
    global_queue_depth: usize,
    alive_tasks: usize,
    workers: usize,
}

impl Default for RuntimeLoadCheck {
    fn default() -> Self {
        Self {
            runtime: None,
            queue_depth: QUEUE_LIMITS,
            alive_tasks: None,
        }
    }
}

impl RuntimeLoadCheck {
    /// Watches the runtime that the check runs on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Watches this runtime. One that has ended reads as one without tasks;
    /// [`RuntimeStallCheck`](super::RuntimeStallCheck) tells.
    pub fn of(runtime: Handle) -> Self {
        Self {
            runtime: Some(runtime),
            ..Self::default()
        }
    }

    /// Degraded and unhealthy from so many waiting tasks on, in place of 1,000 and 10,000.
    pub fn queue_depth(mut self, degraded: u64, unhealthy: u64) -> Result<Self, InvalidCheck> {
        self.queue_depth = limits(degraded, unhealthy)?;
        Ok(self)
    }

    /// Degraded and unhealthy from so many tasks that are not finished on.
    pub fn alive_tasks(mut self, degraded: u64, unhealthy: u64) -> Result<Self, InvalidCheck> {
        self.alive_tasks = Some(limits(degraded, unhealthy)?);
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        check_fn(NAME, move |_| {
            let metrics = match &self.runtime {
                Some(runtime) => runtime.metrics(),
                None => Handle::current().metrics(),
            };
            ready(self.outcome(Load {
                global_queue_depth: metrics.global_queue_depth(),
                alive_tasks: metrics.num_alive_tasks(),
                workers: metrics.num_workers(),
            }))
        })
        .description("tasks of the runtime")
        .every(Duration::from_secs(15))
        .timeout(Duration::from_secs(5))
    }

    fn outcome(&self, load: Load) -> Outcome {
        let (mut status, limit) = self.queue_depth.judge(number(load.global_queue_depth));
        let mut message = format!(
            "{} tasks wait for the runtime, limit {limit}",
            load.global_queue_depth
        );
        if let Some(limits) = self.alive_tasks {
            let (of_alive, limit) = limits.judge(number(load.alive_tasks));
            if of_alive > status {
                status = of_alive;
                message = format!("{} tasks are alive, limit {limit}", load.alive_tasks);
            }
        }
        Outcome::new(status, message)
            .detail("global_queue_depth", load.global_queue_depth)
            .detail("alive_tasks", load.alive_tasks)
            .detail("workers", load.workers)
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "checked against MOST below 2^53"
)]
fn limits(degraded: u64, unhealthy: u64) -> Result<Limits, InvalidCheck> {
    let most = MOST as f64;
    QUEUE_LIMITS.set(NAME, degraded as f64, unhealthy as f64, 1.0..=most)
}

#[expect(clippy::cast_precision_loss, reason = "no memory holds 2^52 tasks")]
fn number(tasks: usize) -> f64 {
    tasks as f64
}

impl From<RuntimeLoadCheck> for Registration {
    fn from(check: RuntimeLoadCheck) -> Self {
        check.registration()
    }
}

#[cfg(test)]
mod tests {
    use health_core::Status;

    use super::*;

    #[test]
    fn thresholds() {
        use Status::{Degraded, Healthy, Unhealthy};
        let usual = RuntimeLoadCheck::new();
        let counted = usual.clone().alive_tasks(10, 20).unwrap();
        for (check, queue, alive, status, message) in [
            (
                &usual,
                0,
                1_000_000,
                Healthy,
                "0 tasks wait for the runtime, limit 1000",
            ),
            (
                &usual,
                1_000,
                0,
                Degraded,
                "1000 tasks wait for the runtime, limit 1000",
            ),
            (
                &usual,
                10_000,
                0,
                Unhealthy,
                "10000 tasks wait for the runtime, limit 10000",
            ),
            (
                &counted,
                0,
                9,
                Healthy,
                "0 tasks wait for the runtime, limit 1000",
            ),
            (&counted, 0, 10, Degraded, "10 tasks are alive, limit 10"),
            (
                &counted,
                1_000,
                20,
                Unhealthy,
                "20 tasks are alive, limit 20",
            ),
            (
                &counted,
                1_000,
                10,
                Degraded,
                "1000 tasks wait for the runtime, limit 1000",
            ),
        ] {
            let outcome = check.outcome(Load {
                global_queue_depth: queue,
                alive_tasks: alive,
                workers: 2,
            });
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["alive_tasks"], alive);
        }
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        for (degraded, unhealthy) in [(2, 1), (0, 5), (1, u64::MAX)] {
            let check = RuntimeLoadCheck::new();
            assert!(check.clone().queue_depth(degraded, unhealthy).is_err());
            assert!(check.alive_tasks(degraded, unhealthy).is_err());
        }
    }
}
