//! How a check looks to the critical trigger: whether it fails, or why it does not.
//!
//! How long it has is judged in `critical`.

use std::time::SystemTime;

use health_core::{Cause, CheckState, CheckStatus, Impact, Status};

/// What is seen of a check.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen<'a> {
    pub(crate) name: &'a str,
    /// Why it is no critical failure; `None` if it is one.
    pub(crate) over: Option<Over>,
    /// All replicas use it.
    pub(crate) shared: bool,
    /// It reports by itself; there are no runs to count.
    pub(crate) component: bool,
    /// How many runs in a row were unhealthy.
    pub(crate) runs: u64,
    /// When it last did not fail, to tell one row of failures from the next.
    pub(crate) last_success: Option<SystemTime>,
    pub(crate) message: &'a str,
}

/// Why a check is no critical failure, or not any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    Recovered,
    /// Unknown is no failure here: without evidence nothing is confirmed.
    NoEvidence,
    /// Added, replaced or enabled, and without a result since.
    Anew,
    Disabled,
    NotCritical,
    /// A component that announced its end.
    Ending,
    Gone,
}

impl<'a> Seen<'a> {
    pub(crate) fn of(check: &'a CheckState) -> Self {
        Self {
            name: check.name(),
            over: over(check),
            shared: check.spec.shared_dependency,
            component: check.component,
            runs: check.consecutive_failures,
            last_success: check.last_success,
            message: check.reason(),
        }
    }
}

fn over(check: &CheckState) -> Option<Over> {
    let fails = match check.status {
        CheckStatus::Unhealthy => check.component || check.raw == Some(Status::Unhealthy),
        CheckStatus::Panicked | CheckStatus::Stopped => true,
        _ => false,
    };
    if !check.enabled {
        Some(Over::Disabled)
    } else if check.spec.impact != Impact::Critical {
        Some(Over::NotCritical)
    } else if fails {
        None
    } else if check.status == CheckStatus::Stopping {
        Some(Over::Ending)
    } else if check.cause == Cause::Pending {
        Some(Over::Anew)
    } else if check.effective.is_none() {
        Some(Over::NoEvidence)
    } else {
        // Also one that needs several good runs, during the first of them.
        Some(Over::Recovered)
    }
}
