//! The tasks: one for each check, one sweeper, one for each observer.
//!
//! A check's future is polled on its own task alone, its panics are caught, and
//! it is dropped at its deadline. When to run, and what a result means, is the
//! engine's to say.

use std::any::Any;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::Poll;

use tokio::sync::{Notify, watch};
use tokio::time::timeout_at;

use crate::check::{Check, CheckContext};
use crate::driver::Shared;
use crate::engine::Begin;
use crate::engine::entry::Key;
use crate::evidence::Evidence;
use crate::moment::Moment;
use crate::observer::Observer;
use crate::outcome::Outcome;
use crate::slot::Slot;
use crate::subscription::Subscription;

/// Runs one check whenever the engine says so, until it is unregistered.
pub(crate) async fn run_check(
    shared: Arc<Shared>,
    key: Key,
    slot: Arc<Slot>,
    check: Arc<dyn Check>,
) {
    let mut signal = watch::channel(false);
    loop {
        let mut next = shared.act(|engine, now| engine.begin(key, now));
        if let Begin::Run { number, deadline } = next {
            let previous = Some(slot.state()).filter(|state| state.runs > 0);
            let instant = shared.clock.instant(deadline);
            let cx = CheckContext::new(instant.into_std(), previous, signal.1.clone());
            let (outcome, ended) = run_once(check.as_ref(), &cx, instant).await;
            if !ended {
                let _ = signal.0.send(true);
                signal = watch::channel(false);
            }
            let evidence = Evidence::new(outcome, &shared.redaction);
            next = shared.act(|engine, now| engine.finish(key, number, evidence, now));
        }
        match next {
            Begin::Gone => return,
            Begin::Run { .. } => {}
            Begin::Wait(until) => wait(&shared, until, &slot.wake).await,
        }
    }
}

/// One run, isolated; and whether it ended by itself.
async fn run_once(
    check: &dyn Check,
    cx: &CheckContext,
    deadline: tokio::time::Instant,
) -> (Outcome, bool) {
    let mut run = match catch_unwind(AssertUnwindSafe(|| check.check(cx))) {
        Ok(run) => run,
        Err(payload) => return (panicked(payload), true),
    };
    let isolated =
        poll_fn(
            |task| match catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(task))) {
                Ok(poll) => poll,
                Err(payload) => Poll::Ready(panicked(payload)),
            },
        );
    let result = timeout_at(deadline, isolated).await;
    let dropped = catch_unwind(AssertUnwindSafe(move || drop(run)));
    match (result, dropped) {
        (Ok(outcome), Ok(())) => (outcome, true),
        (_, Err(payload)) => (panicked(payload), true),
        (Err(_elapsed), Ok(())) => (Outcome::timeout("no result in time"), false),
    }
}

fn panicked(payload: Box<dyn Any + Send>) -> Outcome {
    let outcome = Outcome::panicked(&panic_text(payload.as_ref()));
    // A payload may panic again when it is dropped.
    let _ = catch_unwind(AssertUnwindSafe(move || drop(payload)));
    outcome
}

/// What a panic said, if it said it in text.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a text")
        .to_owned()
}

async fn wait(shared: &Shared, until: Moment, wake: &Notify) {
    if until == Moment::NEVER {
        wake.notified().await;
    } else {
        // Either way the engine is asked again.
        let _ = timeout_at(shared.clock.instant(until), wake.notified()).await;
    }
}

/// Lets time have its effect, as often as the engine wants it.
pub(crate) async fn run_sweeper(shared: Arc<Shared>) {
    loop {
        let next = shared.act(|engine, now| {
            if engine.sweep_at() <= now.mono {
                engine.sweep(now);
            }
            engine.sweep_at()
        });
        wait(&shared, next, &shared.sweep).await;
    }
}

/// Feeds one observer; its slowness is its own, its panics are counted.
pub(crate) async fn run_observer(
    shared: Arc<Shared>,
    mut events: Subscription,
    observer: Arc<dyn Observer>,
) {
    while let Some(notice) = events.next().await {
        let Ok(mut call) = catch_unwind(AssertUnwindSafe(|| observer.observe(&notice))) else {
            shared.count_observer_panic();
            continue;
        };
        let unharmed =
            poll_fn(
                |task| match catch_unwind(AssertUnwindSafe(|| call.as_mut().poll(task))) {
                    Ok(poll) => poll.map(|()| true),
                    Err(_payload) => Poll::Ready(false),
                },
            );
        if !unharmed.await {
            shared.count_observer_panic();
        }
        if catch_unwind(AssertUnwindSafe(move || drop(call))).is_err() {
            shared.count_observer_panic();
        }
    }
}
