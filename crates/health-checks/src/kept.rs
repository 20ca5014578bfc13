//! What a check keeps from run to run: one connection, or one question without an answer.
//! It opens and judges none.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};

/// Holds at most one connection. A run takes it out, and gives it back only if it
/// is still good: a run that fails, or is dropped at its deadline, drops it too.
#[derive(Debug)]
pub(crate) struct Kept<C>(Mutex<Option<C>>);

impl<C> Default for Kept<C> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<C> Kept<C> {
    /// The connection, if there is one.
    pub(crate) fn take(&self) -> Option<C> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Keeps `connection` for the next run.
    pub(crate) fn keep(&self, connection: C) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
    }
}

/// A question, with all that it holds, such as the connection that it was put through.
pub(crate) type Question<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Puts one question at a time through a connection of the service's, whose client would
/// queue all that a server leaves without an answer: one that outlives its run is waited for
/// by the next.
pub(crate) struct Underway<T>(Kept<Question<T>>);

impl<T> Default for Underway<T> {
    fn default() -> Self {
        Self(Kept::default())
    }
}

impl<T> Underway<T> {
    /// Waits for the answer to an earlier question, which is as old as that. Cancel safe.
    pub(crate) async fn settle(&self) {
        if let Some(earlier) = self.0.take() {
            self.answer(earlier).await;
        }
    }

    /// The answer to `question`, once the earlier one is settled. Cancel safe: what is dropped
    /// meanwhile is settled by the next.
    pub(crate) async fn answer(&self, question: Question<T>) -> T {
        let mut waiting = Waiting {
            question: None,
            underway: self,
        };
        let answer = waiting.question.insert(question).await;
        waiting.question = None;
        answer
    }
}

/// Gives a question back that has no answer when this is dropped.
struct Waiting<'a, T> {
    question: Option<Question<T>>,
    underway: &'a Underway<T>,
}

impl<T> Drop for Waiting<'_, T> {
    fn drop(&mut self) {
        // What panicked must not be polled again.
        if let Some(question) = self.question.take()
            && !std::thread::panicking()
        {
            self.underway.0.keep(question);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use tokio::sync::Semaphore;
    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_question_without_an_answer_is_waited_for_and_put_once() {
        const SHORT: Duration = Duration::from_secs(1);
        let (server, underway) = (Arc::new(Semaphore::new(0)), Underway::default());
        let question = |answer: u8| -> Question<u8> {
            let server = server.clone();
            Box::pin(async move {
                server.acquire().await.unwrap().forget();
                answer
            })
        };
        let run = async |answer| {
            underway.settle().await;
            underway.answer(question(answer)).await
        };
        for answer in 1..=3 {
            assert!(timeout(SHORT, run(answer)).await.is_err(), "{answer}");
            // Only the first is underway, and holds what it was put through.
            assert_eq!(Arc::strong_count(&server), 2);
        }
        server.add_permits(2);
        assert_eq!(timeout(SHORT, run(4)).await, Ok(4));
        assert_eq!(Arc::strong_count(&server), 1);
    }

    #[tokio::test]
    async fn a_question_that_panics_is_not_put_again() {
        let underway = Underway::<u8>::default();
        let run = underway.answer(Box::pin(async { panic!("as planned") }));
        let mut run = std::pin::pin!(run);
        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let mut cx = std::task::Context::from_waker(std::task::Waker::noop());
            let _ = run.as_mut().poll(&mut cx);
        }));
        assert!(panicked.is_err());
        underway.settle().await;
    }
}
