//! Foreign code run as a part of something else: its panic is its own.
//!
//! No deadline is kept here; the monitor's own runs are in `runner`.

use std::future::{Future, poll_fn};
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

/// What `make` makes and that comes to, or what a panic in either said.
///
/// For foreign code that a crate around the monitor awaits and that is no check, such as the poll
/// of a source: [`is_isolated`](crate::is_isolated) holds within it, so that its panic ends
/// nothing else. Keeps no deadline. Cancel safe as far as the work is.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// assert_eq!(health_core::contained(|| async { 7 }).await, Ok(7));
/// let panics = health_core::contained(|| async { panic!("no such table") }).await;
/// assert_eq!(panics, Err::<(), _>("no such table".to_owned()));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub async fn contained<F: Future>(make: impl FnOnce() -> F) -> Result<F::Output, String> {
    let mut work = catch(|| Box::pin(make()))?;
    let result = poll_fn(|task| match catch(|| work.as_mut().poll(task)) {
        Ok(polled) => polled.map(Ok),
        Err(text) => Poll::Ready(Err(text)),
    })
    .await;
    catch(move || drop(work))?;
    result
}
