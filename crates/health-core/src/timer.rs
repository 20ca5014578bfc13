//! The one way to wait for a moment.
//!
//! The moment of a timer may lie further off when it fires than when it was set:
//! time in which the process could not run does not count (see `pace`). So it
//! looks again before it says that the moment has come; and less and less often
//! while time stands still, which may last if nobody beats any more. It decides nothing.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use tokio::task::unconstrained;
use tokio::time::{Sleep, sleep_until};

use crate::clock::{Clock, LookAgain};
use crate::moment::Moment;

/// How soon to look again at first; then after twice as long each time.
const BLINK: Duration = Duration::from_millis(1);
/// The longest that a deadline is noticed late when time goes on: well before the sweeper
/// takes the task for blocked.
const DEADLINE: Duration = Duration::from_millis(50);
/// The same for a start, which nothing waits for: the beat that tells of a suspension wakes
/// the task.
const START: Duration = Duration::from_secs(1);

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

    /// What `future` comes to before the deadline `moment`. The timer is set only if
    /// the future is not ready at once.
    pub(crate) async fn before<F: Future>(
        &mut self,
        moment: Moment,
        future: F,
    ) -> Option<F::Output> {
        self.race(moment, future, DEADLINE).await
    }

    /// Waits for `moment`, or for `told`.
    pub(crate) async fn until(&mut self, moment: Moment, told: impl Future) {
        self.race(moment, told, START).await;
    }

    async fn race<F: Future>(
        &mut self,
        moment: Moment,
        future: F,
        longest: Duration,
    ) -> Option<F::Output> {
        let mut future = std::pin::pin!(future);
        let Self { clock, sleep } = self;
        let mut set = false;
        let mut pause = BLINK;
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
                match clock.look_again(moment) {
                    None => return Poll::Ready(None),
                    Some(LookAgain::At(later)) => {
                        sleep.as_mut().reset(later);
                        pause = BLINK;
                    }
                    Some(LookAgain::After(now)) => {
                        sleep.as_mut().reset(now + pause);
                        pause = (pause * 2).min(longest);
                    }
                }
            }
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use tokio::time::{advance, sleep};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// Never ready; counts how often its task wakes.
    fn never(wakes: &Cell<u32>) -> impl Future<Output = ()> {
        poll_fn(|_| {
            wakes.set(wakes.get() + 1);
            Poll::Pending
        })
    }

    /// A clock that stands still 2 s after now, as nobody beats.
    fn stopping() -> (Arc<Clock>, Moment) {
        let clock = Arc::new(Clock::new());
        assert!(!clock.pace.enter(Duration::ZERO, SECOND));
        let due = clock.mono().after(3 * SECOND);
        (clock, due)
    }

    #[tokio::test(start_paused = true)]
    async fn while_time_stands_still_it_looks_less_and_less_often() {
        for (longest, most) in [(DEADLINE, 57 * 20 + 8), (START, 57 + 11)] {
            let (clock, due) = stopping();
            let wakes = Cell::new(0);
            let mut timer = Timer::new(&clock);
            let wait = timer.race(due, never(&wakes), longest);
            assert!(tokio::time::timeout(60 * SECOND, wait).await.is_err());
            // From the third second on, and the first poll and the last.
            let looks = wakes.get();
            assert!((most / 2..=most + 2).contains(&looks), "{looks} of {most}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn once_time_goes_on_the_moment_comes_when_it_must() {
        for (longest, still) in [
            (DEADLINE, 40),
            (DEADLINE, 60_000),
            (START, 40),
            (START, 60_000),
        ] {
            let (clock, due) = stopping();
            let wakes = Cell::new(0);
            let mut timer = Timer::new(&clock);
            let beats = async {
                sleep(3 * SECOND + Duration::from_millis(still)).await;
                let before = clock.mono();
                assert!(clock.pace.beat(clock.uptime(), SECOND));
                assert_eq!(clock.mono(), before);
                // What was left when time stopped.
                while clock.mono() < due {
                    sleep(due.since(clock.mono()).min(SECOND)).await;
                    assert!(!clock.pace.beat(clock.uptime(), SECOND));
                }
                clock.uptime()
            };
            let moment = async {
                assert!(timer.race(due, never(&wakes), longest).await.is_none());
                clock.uptime()
            };
            let (due, came) = tokio::join!(beats, moment);
            let late = came.saturating_sub(due);
            assert!(late <= longest, "{late:?} after {still} ms");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_moment_that_has_come_ends_the_wait_at_once() {
        let clock = Arc::new(Clock::new());
        let mut timer = Timer::new(&clock);
        advance(SECOND).await;
        let wakes = Cell::new(0);
        assert!(timer.before(clock.mono(), never(&wakes)).await.is_none());
        assert_eq!(wakes.get(), 1);
    }
}
