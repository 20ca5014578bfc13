//! A critical failure as it is told: how often, for how long, and what comes of it.
//!
//! What comes of it is decided in `critical`.

use std::fmt;
use std::time::Duration;

use health_core::Veto;

use crate::sighting::Over;

/// A critical check that fails, and how long it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) check: String,
    pub(crate) runs: u64,
    pub(crate) lasted: Duration,
    pub(crate) message: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            check,
            runs,
            lasted,
            message,
        } = self;
        let plural = if *runs == 1 { "" } else { "s" };
        write!(
            f,
            "critical check `{check}` unhealthy for {runs} run{plural} and {:.1} s: {message}",
            lasted.as_secs_f64()
        )
    }
}

/// What a failure leads to, and why to nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// It has begun to fail, and what is asked for before it counts.
    Begins {
        after: u64,
        sustained: Duration,
        grace: Duration,
        suppressed: u32,
    },
    /// It never counts: it is a shared dependency.
    Exempt,
    /// Confirmed, but for so long the grace lasts.
    Grace(Duration),
    /// Confirmed, and waits for so long.
    Jitter(Duration),
    DryRun,
    /// A guard objects; when they are asked again.
    Vetoed {
        veto: Veto,
        again: Duration,
    },
    /// It fails no more.
    Over(Over),
}
