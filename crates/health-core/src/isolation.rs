//! A check run as a part of another one: its panic is its own.
//!
//! No deadline is kept here; the monitor's own runs are in `runner`.

use std::future::poll_fn;
use std::task::Poll;

use crate::check::{Check, CheckContext};
use crate::outcome::Outcome;
use crate::unwind::catch;

/// Runs `check` once; a panic in it becomes an outcome with the cause `panic`.
///
/// For checks that are made of checks, so that one part's panic takes no other
/// part down. Keeps no deadline: the caller does. Cancel safe as far as `check` is.
///
/// ```
/// use health_core::{Cause, Check, CheckContext, Outcome, check_fn, isolated};
///
/// async fn first_of(checks: &[std::sync::Arc<dyn Check>], cx: &CheckContext) -> Outcome {
///     for check in checks {
///         let outcome = isolated(check, cx).await;
///         if outcome.cause() != Cause::Panic {
///             return outcome;
///         }
///     }
///     Outcome::unhealthy("all parts panicked")
/// }
/// ```
pub async fn isolated(check: &(impl Check + ?Sized), cx: &CheckContext) -> Outcome {
    let mut run = match catch(|| check.check(cx)) {
        Ok(run) => run,
        Err(text) => return Outcome::panicked(&text),
    };
    let outcome = poll_fn(|task| {
        catch(|| run.as_mut().poll(task))
            .unwrap_or_else(|text| Poll::Ready(Outcome::panicked(&text)))
    })
    .await;
    match catch(move || drop(run)) {
        Ok(()) => outcome,
        Err(text) => Outcome::panicked(&text),
    }
}
