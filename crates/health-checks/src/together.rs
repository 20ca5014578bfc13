//! Futures polled side by side, on the task of the run. It spawns nothing, and keeps no deadline.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;

/// What each of `futures` comes to, in their order. Cancel safe as far as they are.
pub(crate) async fn together<F: Future>(futures: impl IntoIterator<Item = F>) -> Vec<F::Output> {
    let mut all: Vec<_> = futures.into_iter().map(Part::new).collect();
    poll_fn(|task| {
        let mut pending = false;
        for part in &mut all {
            if let Part::Running(future) = part {
                match future.as_mut().poll(task) {
                    Poll::Ready(output) => *part = Part::Ended(output),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
    all.into_iter().filter_map(Part::output).collect()
}

enum Part<F: Future> {
    Running(Pin<Box<F>>),
    Ended(F::Output),
}

impl<F: Future> Part<F> {
    fn new(future: F) -> Self {
        Self::Running(Box::pin(future))
    }

    fn output(self) -> Option<F::Output> {
        match self {
            Self::Running(_) => None,
            Self::Ended(output) => Some(output),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn in_their_order_and_side_by_side() {
        let all = together([3, 1, 2].map(|seconds| async move {
            sleep(Duration::from_secs(seconds)).await;
            seconds
        }));
        let outputs = tokio::time::timeout(Duration::from_secs(4), all)
            .await
            .unwrap();
        assert_eq!(outputs, [3, 1, 2]);
        assert!(
            together(Vec::<std::future::Ready<()>>::new())
                .await
                .is_empty()
        );
    }
}
