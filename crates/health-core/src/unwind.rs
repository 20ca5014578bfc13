//! Foreign code that panics: caught, put into words, and got rid of.
//!
//! What a panic means is for the caller to say.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

thread_local! {
    /// How many calls of [`catch`] this thread is within.
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Whether this thread runs a check or an observer, whose panic is caught and shown.
///
/// For panic hooks: what panics here ends nothing.
///
/// ```
/// assert!(!health_core::is_isolated());
/// ```
pub fn is_isolated() -> bool {
    // A thread at its very end has no locals any more, and runs no check.
    DEPTH.try_with(Cell::get).is_ok_and(|depth| depth > 0)
}

/// Says for as long as it lives that its thread is within [`catch`].
struct Within;

impl Within {
    fn new() -> Self {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get() + 1));
        Self
    }
}

impl Drop for Within {
    fn drop(&mut self) {
        let _ = DEPTH.try_with(|depth| depth.set(depth.get().saturating_sub(1)));
    }
}

/// Runs `call`; a panic in it comes back as what it said.
pub(crate) fn catch<R>(call: impl FnOnce() -> R) -> Result<R, String> {
    let _within = Within::new();
    catch_unwind(AssertUnwindSafe(call)).map_err(|payload| {
        let text = panic_text(payload.as_ref());
        // A payload may panic when it is dropped, and with one that does so again.
        if let Err(again) = catch_unwind(AssertUnwindSafe(move || drop(payload))) {
            std::mem::forget(again);
        }
        text
    })
}

/// What a panic said, if it said it in text.
pub(crate) fn panic_text(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a text")
        .to_owned()
}
