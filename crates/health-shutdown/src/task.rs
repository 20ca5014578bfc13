//! A task that ran before the shutdown: told to end by its token, and awaited where it is.
//!
//! It makes no task. What the task says in the end is foreign code, and is handed on, not run.

use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::task::{AbortHandle, JoinError, JoinHandle};
use tokio_util::sync::CancellationToken;

use crate::component::{StopError, Stopped};
use crate::isolation::caught;
use crate::sequence::Id;

/// What is to be made of what a task ended with: its output or its panic, which are foreign.
pub(crate) type Verdict = Box<dyn FnOnce() -> Result<(), StopError> + Send>;

/// The end of a task; without a verdict there is nothing to say of it.
type Ending = Pin<Box<dyn Future<Output = Option<Verdict>> + Send>>;

/// A task, and what it watches.
pub(crate) struct Task {
    token: CancellationToken,
    ending: Ending,
    running: AbortHandle,
}

impl Task {
    pub(crate) fn new<T>(token: CancellationToken, task: JoinHandle<T>) -> Self
    where
        T: Stopped + Send + 'static,
    {
        let running = task.abort_handle();
        let ending = async move {
            match task.await {
                Ok(_) if T::SAYS_NOTHING => None,
                Ok(output) => Some(Box::new(|| output.into_result()) as Verdict),
                // Aborted by somebody: it has ended, which is what was wanted.
                Err(error) if error.is_cancelled() => None,
                Err(error) => Some(Box::new(|| resume(error)) as Verdict),
            }
        };
        Self {
            token,
            ending: Box::pin(ending),
            running,
        }
    }

    /// Tells it to end. What it gives is the end of `id`, and what aborts it.
    pub(crate) fn stop(self, id: Id) -> (Awaited, AbortHandle) {
        // Wakers are foreign code too.
        let _ = caught(|| self.token.cancel());
        let awaited = Awaited {
            id,
            ending: self.ending,
        };
        (awaited, self.running)
    }
}

/// The task's panic goes on in who asked for the verdict, without another word on stderr.
fn resume(error: JoinError) -> Result<(), StopError> {
    match error.try_into_panic() {
        Ok(payload) => std::panic::resume_unwind(payload),
        Err(_cancelled) => Ok(()),
    }
}

/// The end of a task that was told to end.
pub(crate) struct Awaited {
    id: Id,
    ending: Ending,
}

impl Future for Awaited {
    type Output = (Id, Option<Verdict>);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let id = self.id;
        self.ending.as_mut().poll(cx).map(|verdict| (id, verdict))
    }
}
