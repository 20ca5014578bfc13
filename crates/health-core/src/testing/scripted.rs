//! A check that follows a list. Faults of what is checked are not played here.

use std::future::ready;
use std::sync::{Mutex, PoisonError};

use crate::check::check_fn;
use crate::outcome::Outcome;
use crate::registration::Registration;

/// A check that gives these outcomes, one a run; the last one repeats. Without
/// any it is unhealthy, and says so.
///
/// ```
/// use health_core::{Outcome, testing};
/// let check = testing::scripted("database", [
///     Outcome::healthy(),
///     Outcome::unhealthy("connection refused"),
///     Outcome::timeout("no answer within 2 s"),
///     Outcome::healthy(),
/// ]);
/// // Anything that converts into an outcome does too.
/// let check = testing::scripted("cache", [true, false, true]);
/// ```
pub fn scripted<O: Into<Outcome>>(
    name: impl Into<String>,
    outcomes: impl IntoIterator<Item = O>,
) -> Registration {
    let mut rest = outcomes.into_iter().map(Into::into).collect::<Vec<_>>();
    rest.reverse();
    let rest = Mutex::new(rest);
    check_fn(name, move |_| {
        ready(next(
            &mut rest.lock().unwrap_or_else(PoisonError::into_inner),
        ))
    })
}

/// Takes the next outcome off the end, and leaves the last one there.
fn next(rest: &mut Vec<Outcome>) -> Outcome {
    if let [last] = rest.as_slice() {
        return last.clone();
    }
    rest.pop()
        .unwrap_or_else(|| Outcome::unhealthy("the script of this check is empty"))
}
