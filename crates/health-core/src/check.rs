//! The check trait, what a run is told, and checks made from closures.
//!
//! Nothing here runs a check; see `runner`.

use std::future::Future;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use tokio::sync::watch;

use crate::clock::Clock;
use crate::moment::Moment;
use crate::outcome::Outcome;
use crate::registration::Registration;
use crate::state::CheckState;
use crate::timer::Timer;

/// One thing that can be asked how it is.
///
/// A run is dropped at its deadline, and when the check is unregistered: what
/// it holds across an await must be safe to drop there. A panic is caught and
/// shown as such. Code that blocks the thread belongs into
/// [`blocking_fn`](crate::blocking_fn).
///
/// ```
/// use async_trait::async_trait;
/// use health_core::{Check, CheckContext, Outcome, Registration};
///
/// struct Queue;
///
/// #[async_trait]
/// impl Check for Queue {
///     async fn check(&self, _cx: &CheckContext) -> Outcome {
///         Outcome::healthy().detail("depth", 3)
///     }
/// }
///
/// let registration = Registration::new("queue", Queue).critical();
/// ```
#[async_trait]
pub trait Check: Send + Sync + 'static {
    /// Finds out how the thing is.
    async fn check(&self, cx: &CheckContext) -> Outcome;
}

#[async_trait]
impl Check for Arc<dyn Check> {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        self.as_ref().check(cx).await
    }
}

/// What a run is told: its deadline, whether it is still wanted, what came before.
#[derive(Clone, Debug)]
pub struct CheckContext {
    clock: Arc<Clock>,
    deadline: Moment,
    previous: Option<Arc<CheckState>>,
    cancelled: Arc<watch::Receiver<bool>>,
}

impl CheckContext {
    pub(crate) fn new(clock: &Arc<Clock>, cancelled: watch::Receiver<bool>) -> Self {
        Self {
            clock: Arc::clone(clock),
            deadline: Moment(0),
            previous: None,
            cancelled: Arc::new(cancelled),
        }
    }

    /// Makes it the context of the next run.
    pub(crate) fn renew(&mut self, deadline: Moment, previous: Option<Arc<CheckState>>) {
        self.deadline = deadline;
        self.previous = previous;
    }

    /// The context of a part of this run, given up at `deadline` if that comes first.
    /// Who makes it sees to it that the part is.
    pub fn until(&self, deadline: Instant) -> Self {
        Self {
            deadline: self.deadline.min(self.clock.moment(deadline)),
            ..self.clone()
        }
    }

    /// When the run is given up, as far as is known now: a suspension of the
    /// process puts it off if there is a [`Pacemaker`](crate::Pacemaker), and a
    /// later call then says so.
    pub fn deadline(&self) -> Instant {
        self.clock.instant(self.deadline).into_std()
    }

    /// What `future` comes to before the deadline.
    pub(crate) async fn in_time<F: Future>(&self, future: F) -> Option<F::Output> {
        Timer::new(&self.clock).before(self.deadline, future).await
    }

    /// What the check showed before this run; `None` on its first.
    pub fn previous(&self) -> Option<&CheckState> {
        self.previous.as_deref()
    }

    /// Whether this run was given up: its deadline has passed, or its check is
    /// gone. For work that outlives the run's future, such as a blocking closure
    /// or a spawned task; a run that ended by itself is not given up.
    pub fn is_cancelled(&self) -> bool {
        *self.cancelled.borrow() || self.cancelled.has_changed().is_err()
    }

    /// Completes when this run is given up. Cancel safe.
    pub async fn cancelled(&self) {
        let mut signal = watch::Receiver::clone(&self.cancelled);
        // An error means that the runner is gone, which is the same news.
        let _ = signal.wait_for(|cancelled| *cancelled).await;
    }
}

struct CheckFn<F>(F);

#[async_trait]
impl<F, Fut, T> Check for CheckFn<F>
where
    F: Fn(CheckContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = T> + Send + 'static,
    T: Into<Outcome> + Send + 'static,
{
    async fn check(&self, cx: &CheckContext) -> Outcome {
        (self.0)(cx.clone()).await.into()
    }
}

/// A check from an async closure, whose result may be anything that converts
/// into an [`Outcome`]: `bool`, `()`, `Result<(), E>`, `Result<Outcome, E>`.
///
/// ```
/// use health_core::check_fn;
/// let lenient = check_fn("port-file", |_| async {
///     std::fs::metadata("/run/service.port").map(|_| ())
/// });
/// ```
pub fn check_fn<F, Fut, T>(name: impl Into<String>, check: F) -> Registration
where
    F: Fn(CheckContext) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = T> + Send + 'static,
    T: Into<Outcome> + Send + 'static,
{
    Registration::new(name, CheckFn(check))
}
