//! Several futures run at once on the task that waits for them. It keeps no deadline.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

enum Run<F: Future> {
    Going(Pin<Box<F>>),
    Ended(F::Output),
}

/// Runs all of `futures` at once, and gives what they come to in their order.
/// Cancel safe as far as they are.
pub(super) async fn all<F: Future>(futures: impl Iterator<Item = F>) -> Vec<F::Output>
where
    F::Output: Unpin,
{
    let mut runs: Vec<_> = futures.map(|run| Run::Going(Box::pin(run))).collect();
    poll_fn(|task| {
        let mut ended = true;
        for run in &mut runs {
            if let Run::Going(future) = run {
                match future.as_mut().poll(task) {
                    Poll::Ready(output) => *run = Run::Ended(output),
                    Poll::Pending => ended = false,
                }
            }
        }
        if ended {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
    let ended = runs.into_iter().filter_map(|run| match run {
        Run::Ended(output) => Some(output),
        Run::Going(_) => None,
    });
    ended.collect()
}
