//! What a shutdown stops, and how: closures, tasks, threads, processes.
//!
//! When it is stopped is the plan's business; nothing is stopped here.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::stop::Stop;
use crate::task::Task;

/// An error for the log and the report.
pub(crate) type StopError = Box<dyn std::error::Error + Send + Sync>;

pub(crate) type Stopping = Pin<Box<dyn Future<Output = Result<(), StopError>> + Send>>;

/// Stops a component, once.
pub(crate) type StopFn = Box<dyn FnOnce(Stop) -> Stopping + Send>;

/// How a component is stopped.
pub(crate) enum How {
    /// By foreign code, in a task of its own.
    Call(StopFn),
    /// It is told to end, and awaited.
    Await(Task),
}

/// What stopping something may come to: `()`, or a `Result` whose error is reported.
pub trait Stopped {
    /// Whether [`into_result`](Self::into_result) gives no error and runs no code worth a word, so
    /// that nobody need call it.
    #[doc(hidden)]
    const SAYS_NOTHING: bool = false;

    /// The error, if it failed.
    fn into_result(self) -> Result<(), StopError>;
}

impl Stopped for () {
    const SAYS_NOTHING: bool = true;

    fn into_result(self) -> Result<(), StopError> {
        Ok(self)
    }
}

impl<T, E: Into<StopError>> Stopped for Result<T, E> {
    fn into_result(self) -> Result<(), StopError> {
        self.map(drop).map_err(Into::into)
    }
}

/// A part of the service that must be stopped: its name, and how.
///
/// Priority 0 and a deadline of 5 s (or the whole shutdown's, if that is shorter)
/// by default.
#[must_use = "a component is stopped only if it is in a plan"]
pub struct Component {
    pub(crate) name: String,
    pub(crate) priority: i32,
    pub(crate) deadline: Option<Duration>,
    pub(crate) how: How,
}

impl Component {
    /// Stopped by an async closure. It is dropped when it is aborted: what it holds
    /// across an await must be safe to drop there. Its panic is its own.
    ///
    /// ```
    /// use health_shutdown::Component;
    /// let cache = Component::new("cache", |_| async { std::fs::File::open("/tmp")?.sync_all() });
    /// ```
    pub fn new<F, Fut>(name: impl Into<String>, stop: F) -> Self
    where
        F: FnOnce(Stop) -> Fut + Send + 'static,
        Fut: Future + Send + 'static,
        Fut::Output: Stopped,
    {
        let stop: StopFn = Box::new(move |cx| {
            let stopping = stop(cx);
            Box::pin(async move { stopping.await.into_result() })
        });
        Self::by(name.into(), How::Call(stop))
    }

    fn by(name: String, how: How) -> Self {
        Self {
            name,
            priority: 0,
            deadline: None,
            how,
        }
    }

    /// A task that watches `token`: the token is cancelled, the task awaited, and
    /// aborted if it does not end in time. A panic in it is reported as one, also one from
    /// before the shutdown.
    pub fn task<T>(name: impl Into<String>, token: CancellationToken, task: JoinHandle<T>) -> Self
    where
        T: Stopped + Send + 'static,
    {
        Self::by(name.into(), How::Await(Task::new(token, task)))
    }

    /// Tasks that watch `token`: the token is cancelled, and all of them awaited. They
    /// cannot be aborted from here, only left behind, and a tracker knows of no panic: a task
    /// whose panic matters is a [`Component::task`], or see
    /// [`ShutdownBuilder::on_panic`](crate::ShutdownBuilder::on_panic).
    pub fn tasks(name: impl Into<String>, token: CancellationToken, tasks: TaskTracker) -> Self {
        Self::new(name, move |_| async move {
            tasks.close();
            token.cancel();
            tasks.wait().await;
        })
    }

    /// Whatever watches `token`; it is cancelled, and nobody awaited.
    pub fn token(name: impl Into<String>, token: CancellationToken) -> Self {
        Self::new(name, move |_| async move { token.cancel() })
    }

    /// Stopped by a callback that may block, such as one that joins OS threads. It runs
    /// on a thread of its own, which is left behind if it does not end in time.
    pub fn thread<F, T>(name: impl Into<String>, stop: F) -> Self
    where
        F: FnOnce(Stop) -> T + Send + 'static,
        T: Stopped,
    {
        Self::new(name, move |cx| async move {
            let (done, result) = tokio::sync::oneshot::channel();
            std::thread::Builder::new()
                .name("shutdown".to_owned())
                .spawn(move || {
                    // Nobody may be waiting any more.
                    let _ = done.send(stop(cx).into_result());
                })?;
            result
                .await
                .unwrap_or_else(|_| std::panic::resume_unwind(Box::new("the callback panicked")))
        })
    }

    /// Ascending; those of equal priority stop in parallel.
    pub fn priority(mut self, priority: i32) -> Self {
        self.priority = priority;
        self
    }

    /// How long it may take before it is asked to hurry; a moment later it is aborted.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component")
            .field("name", &self.name)
            .field("priority", &self.priority)
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
