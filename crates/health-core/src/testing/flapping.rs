//! A check that cannot make up its mind. Thresholds, which hold against it, are elsewhere.

use std::future::ready;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::check::check_fn;
use crate::outcome::Outcome;
use crate::registration::Registration;

/// A check that is healthy for `runs` runs, then unhealthy for as many, and so
/// on; at least one each.
///
/// ```
/// use health_core::testing;
/// // Every second result is bad; two in a row, which would lower the status, never come.
/// let check = testing::flapping("link", 1).thresholds(2, 2);
/// ```
pub fn flapping(name: impl Into<String>, runs: u32) -> Registration {
    let period = u64::from(runs.max(1));
    let run = AtomicU64::new(0);
    check_fn(name, move |_| {
        let phase = run.fetch_add(1, Ordering::Relaxed) / period;
        ready(if phase.is_multiple_of(2) {
            Outcome::healthy()
        } else {
            Outcome::unhealthy("flapping")
        })
    })
}
