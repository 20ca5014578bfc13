//! How the check of a store is registered, and how long a run of it may take.
//!
//! What it asks of the store, it says itself.

use std::time::{Duration, Instant};

use health_core::{Check, CheckContext, Registration};

use crate::clock;
use crate::margin;

/// Critical, a shared dependency, every 30 s, with a timeout of 10 s, down after 3 bad runs
/// and up after 2 good ones.
pub(crate) fn registration(
    name: &'static str,
    description: &'static str,
    check: impl Check + 'static,
) -> Registration {
    Registration::new(name, check)
        .description(description)
        .critical()
        .shared_dependency()
        .every(Duration::from_secs(30))
        .timeout(Duration::from_secs(10))
        .thresholds(3, 2)
}

/// When a run ends by itself: the runner has a deadline too, and would say no more than that
/// it has passed.
pub(crate) fn until(cx: &CheckContext) -> Instant {
    margin::before(clock::instant(), cx.deadline(), margin::TO_SAY_SO)
}
