//! The tasks: one for each check, one sweeper, one for each observer.
//!
//! A check's future is polled on its own task alone, its panics are caught, and
//! it is dropped at its deadline. When to run, and what a result means, is the
//! engine's to say.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::watch;
use tokio::task::{unconstrained, yield_now};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::check::{Check, CheckContext};
use crate::driver::Shared;
use crate::engine::Begin;
use crate::engine::entry::Key;
use crate::evidence::Evidence;
use crate::moment::Moment;
use crate::observer::Observer;
use crate::outcome::Outcome;
use crate::slot::Slot;
use crate::status::Cause;
use crate::subscription::Subscription;
use crate::unwind::catch;
use crate::wake::Wake;

/// Runs one check whenever the engine says so, until it is unregistered.
pub(crate) async fn run_check(
    shared: Arc<Shared>,
    key: Key,
    slot: Arc<Slot>,
    check: Arc<dyn Check>,
) {
    let mut timer = Timer::new(&shared);
    let (mut cancel, signal) = watch::channel(false);
    let mut cx = CheckContext::new(shared.clock.origin(), signal);
    loop {
        let mut next = shared.act(|engine, now| engine.begin(key, now));
        if let Begin::Run {
            number,
            deadline,
            told_sweeper,
        } = next
        {
            if told_sweeper {
                // A worker keeps the task it woke last for itself: were the run to
                // block this thread, the sweeper would be stuck behind it.
                yield_now().await;
            }
            let previous = Some(slot.state()).filter(|state| state.runs > 0);
            let deadline = shared.clock.instant(deadline);
            cx.renew(deadline.into_std(), previous);
            let (outcome, ended) = run_once(check.as_ref(), &cx, deadline, &mut timer).await;
            if !ended {
                let _ = cancel.send(true);
                let signal;
                (cancel, signal) = watch::channel(false);
                cx = CheckContext::new(deadline.into_std(), signal);
            }
            let evidence = Evidence::new(outcome, &shared.redaction);
            next = shared.act(|engine, now| engine.finish(key, number, evidence, now));
        }
        match next {
            Begin::Gone => return,
            Begin::Run { .. } => {}
            Begin::Wait(until) => wait(&shared, until, &slot.wake, &mut timer).await,
        }
    }
}

/// One run, isolated; and whether it ended by itself.
async fn run_once(
    check: &dyn Check,
    cx: &CheckContext,
    deadline: Instant,
    timer: &mut Timer,
) -> (Outcome, bool) {
    let mut run = match catch(|| check.check(cx)) {
        Ok(run) => run,
        Err(text) => return (Outcome::panicked(&text), true),
    };
    let isolated = poll_fn(|task| {
        catch(|| run.as_mut().poll(task))
            .unwrap_or_else(|text| Poll::Ready(Outcome::panicked(&text)))
    });
    let result = timer.before(deadline, isolated).await;
    let dropped = catch(move || drop(run));
    match (result, dropped) {
        (Some(outcome), Ok(())) => {
            // An adapter that kept the deadline itself may have left work behind.
            let ended = outcome.cause != Cause::Timeout;
            (outcome, ended)
        }
        (None, Ok(())) => (Outcome::timeout("no result in time"), false),
        (result, Err(text)) => {
            // The outcome may be no better than the future was.
            let _ = catch(move || drop(result));
            (Outcome::panicked(&text), true)
        }
    }
}

async fn wait(shared: &Shared, until: Moment, wake: &Wake, timer: &mut Timer) {
    if until == Moment::NEVER {
        wake.told().await;
    } else {
        // Either way the engine is asked again.
        let _ = timer.before(shared.clock.instant(until), wake.told()).await;
    }
}

/// The one timer of a task, set anew for each run and each wait: making one
/// costs as much as a step of the engine.
struct Timer(Pin<Box<Sleep>>);

impl Timer {
    fn new(shared: &Shared) -> Self {
        Self(Box::pin(sleep_until(shared.clock.instant(Moment(0)))))
    }

    /// What `future` comes to before `deadline`. The timer is set only if the
    /// future is not ready at once.
    async fn before<F: Future>(&mut self, deadline: Instant, future: F) -> Option<F::Output> {
        let mut future = std::pin::pin!(future);
        let sleep = &mut self.0;
        let mut set = false;
        poll_fn(|task| {
            if let Poll::Ready(output) = future.as_mut().poll(task) {
                return Poll::Ready(Some(output));
            }
            if !std::mem::replace(&mut set, true) {
                sleep.as_mut().reset(deadline);
            }
            // A future that used its share of the task up must not hold off its deadline.
            let timer = std::pin::pin!(unconstrained(sleep.as_mut()));
            timer.poll(task).map(|()| None)
        })
        .await
    }
}

/// Lets time have its effect, as often as the engine wants it.
pub(crate) async fn run_sweeper(shared: Arc<Shared>) {
    let mut timer = Timer::new(&shared);
    loop {
        let next = shared.act(|engine, now| {
            if engine.sweep_at() <= now.mono {
                engine.sweep(now);
            }
            engine.sweep_at()
        });
        wait(&shared, next, &shared.sweep, &mut timer).await;
    }
}

/// Feeds one observer; its slowness is its own, its panics are counted.
pub(crate) async fn run_observer(
    shared: Arc<Shared>,
    mut events: Subscription,
    observer: Arc<dyn Observer>,
) {
    while let Some(notice) = events.next().await {
        let Ok(mut call) = catch(|| observer.observe(&notice)) else {
            shared.count_observer_panic();
            continue;
        };
        let ended = poll_fn(|task| match catch(|| call.as_mut().poll(task)) {
            Ok(poll) => poll.map(Ok),
            Err(text) => Poll::Ready(Err(text)),
        });
        if ended.await.is_err() {
            shared.count_observer_panic();
        }
        if catch(move || drop(call)).is_err() {
            shared.count_observer_panic();
        }
    }
}
