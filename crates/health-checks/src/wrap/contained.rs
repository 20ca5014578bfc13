//! One run of what is wrapped, kept to a deadline and to itself.
//!
//! What its outcome means is each wrapper's business.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::time::Instant;

use health_core::{Check, CheckContext, Outcome, isolated};
use tokio::time::timeout_at;

use crate::clock;
use crate::margin;
use crate::span::Span;

/// The outcome of one run of `check`: what it says, a panic, or a timeout at
/// `until`, which is at the latest shortly before the deadline of `cx`.
pub(super) async fn contained(
    check: &dyn Check,
    cx: &CheckContext,
    until: Option<Instant>,
) -> Outcome {
    let begin = clock::instant();
    let last = margin::before(begin, cx.deadline(), margin::TO_SAY_SO);
    let until = until.map_or(last, |until| until.min(last));
    let cx = cx.until(until);
    let mut run = Dropped(Some(Box::pin(isolated(check, &cx))));
    let result = match &mut run.0 {
        Some(run) => timeout_at(until.into(), run).await.ok(),
        None => None,
    };
    drop(run);
    result.unwrap_or_else(|| {
        let span = Span(until.saturating_duration_since(begin));
        Outcome::timeout(format!("no result within {span}"))
    })
}

/// A run that may be dropped in the midst of its work, wherever this future is.
/// What it holds is foreign: its panic then is its own too, and two of them at
/// once would end the process.
struct Dropped<F: Future>(Option<Pin<Box<F>>>);

impl<F: Future> Drop for Dropped<F> {
    fn drop(&mut self) {
        let run = self.0.take();
        if let Err(payload) = catch_unwind(AssertUnwindSafe(move || drop(run))) {
            // It may panic again when it is dropped.
            std::mem::forget(payload);
        }
    }
}
