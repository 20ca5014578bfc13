//! The one way to wait for a moment.
//!
//! The moment of a timer may lie further off when it fires than when it was set:
//! time in which the process could not run does not count (see `pace`). So it
//! looks again before it says that the moment has come. It decides nothing.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};

use tokio::task::unconstrained;
use tokio::time::{Sleep, sleep_until};

use crate::clock::Clock;
use crate::moment::Moment;

/// A timer for one task, set anew for each wait: making one costs as much as a
/// step of the engine.
pub(crate) struct Timer {
    clock: Arc<Clock>,
    sleep: Pin<Box<Sleep>>,
}

impl Timer {
    pub(crate) fn new(clock: &Arc<Clock>) -> Self {
        Self {
            clock: Arc::clone(clock),
            sleep: Box::pin(sleep_until(clock.instant(Moment(0)))),
        }
    }

    /// What `future` comes to before `moment`. The timer is set only if the
    /// future is not ready at once.
    pub(crate) async fn before<F: Future>(
        &mut self,
        moment: Moment,
        future: F,
    ) -> Option<F::Output> {
        let mut future = std::pin::pin!(future);
        let Self { clock, sleep } = self;
        let mut set = false;
        poll_fn(|task| {
            if let Poll::Ready(output) = future.as_mut().poll(task) {
                return Poll::Ready(Some(output));
            }
            if !std::mem::replace(&mut set, true) {
                sleep.as_mut().reset(clock.instant(moment));
            }
            loop {
                // A future that used its share of the task up must not hold off its deadline.
                let timer = std::pin::pin!(unconstrained(sleep.as_mut()));
                ready!(timer.poll(task));
                let Some(later) = clock.look_again(moment) else {
                    return Poll::Ready(None);
                };
                sleep.as_mut().reset(later);
            }
        })
        .await
    }
}
