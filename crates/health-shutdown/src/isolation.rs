//! Foreign code whose panic is its own: caught, and told as the absence of a result.
//!
//! No deadline is kept here.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Poll;

thread_local! {
    /// Whether this thread is within [`caught`].
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread runs code whose panic is caught here.
pub(crate) fn is_within() -> bool {
    WITHIN.try_with(Cell::get).unwrap_or(false)
}

/// What `make`'s future comes to; `None` if it panics. Cancel safe as far as the future is.
pub(crate) async fn isolated<F: Future>(make: impl FnOnce() -> F) -> Option<F::Output> {
    let future = caught(make)?;
    let mut future = std::pin::pin!(future);
    poll_fn(|task| match caught(|| future.as_mut().poll(task)) {
        Some(poll) => poll.map(Some),
        None => Poll::Ready(None),
    })
    .await
}

/// What `call` gives; `None` if it panics.
pub(crate) fn caught<R>(call: impl FnOnce() -> R) -> Option<R> {
    let before = WITHIN.try_with(|within| within.replace(true));
    let result = catch_unwind(AssertUnwindSafe(call));
    let _ = WITHIN.try_with(|within| within.set(before.unwrap_or(false)));
    result
        .map_err(|payload| {
            // A payload may panic when it is dropped, and with one that does so again.
            if let Err(again) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
                std::mem::forget(again);
            }
        })
        .ok()
}
