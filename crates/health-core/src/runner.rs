//! The tasks: one for each check, one sweeper, one for each observer.
//!
//! A check's future is polled on its own task alone, its panics are caught, and
//! it is dropped at its deadline. When to run, and what a result means, is the
//! engine's to say.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::watch;
use tokio::task::yield_now;

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
use crate::timer::Timer;
use crate::unwind::catch;
use crate::wake::Wake;

/// Runs one check whenever the engine says so, until it is unregistered.
pub(crate) async fn run_check(
    shared: Arc<Shared>,
    key: Key,
    slot: Arc<Slot>,
    check: Arc<dyn Check>,
) {
    let mut timer = Timer::new(&shared.clock);
    let (mut cancel, signal) = watch::channel(false);
    let mut cx = CheckContext::new(&shared.clock, signal);
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
            cx.renew(deadline, previous);
            let (outcome, ended) = run_once(check.as_ref(), &cx, deadline, &mut timer).await;
            if !ended {
                let _ = cancel.send(true);
                let signal;
                (cancel, signal) = watch::channel(false);
                cx = CheckContext::new(&shared.clock, signal);
            }
            let measured = shared.clock.measured(outcome.measured);
            let evidence = Evidence::new(outcome, measured, &shared.redaction);
            next = shared.act(|engine, now| engine.finish(key, number, evidence, now));
        }
        match next {
            Begin::Gone => return,
            Begin::Run { .. } => {}
            Begin::Wait(until) => wait(until, &slot.wake, &mut timer).await,
        }
    }
}

/// One run, isolated; and whether it ended by itself.
async fn run_once(
    check: &dyn Check,
    cx: &CheckContext,
    deadline: Moment,
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

async fn wait(until: Moment, wake: &Wake, timer: &mut Timer) {
    if until == Moment::NEVER {
        wake.told().await;
    } else {
        // Either way the engine is asked again.
        timer.until(until, wake.told()).await;
    }
}

/// Lets time have its effect, as often as the engine wants it.
pub(crate) async fn run_sweeper(shared: Arc<Shared>) {
    let mut timer = Timer::new(&shared.clock);
    loop {
        let next = shared.act(|engine, now| {
            if shared.take_resumed() {
                engine.resumed(now);
            }
            if engine.sweep_at() <= now.mono {
                engine.sweep(now);
            }
            engine.sweep_at()
        });
        wait(next, &shared.sweep, &mut timer).await;
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
