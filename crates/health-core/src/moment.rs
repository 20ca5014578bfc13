//! A point in monotonic time, as nanoseconds since the `Health` was made.
//!
//! One word, so that it fits an atomic; it never reads a clock (see `clock`).

use std::time::{Duration, SystemTime};

/// Nanoseconds since the owner's origin; saturates instead of overflowing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(pub(crate) u64);

impl Moment {
    /// Later than every moment that is reached.
    pub(crate) const NEVER: Self = Self(u64::MAX);

    pub(crate) fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }

    pub(crate) fn before(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(nanos(duration)))
    }

    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// Half of the way from here to `later`; there is none to what never comes.
    pub(crate) fn midway(self, later: Self) -> Self {
        if later == Self::NEVER {
            return later;
        }
        Self(self.0 + later.0.saturating_sub(self.0) / 2)
    }
}

/// Both clocks at one event: `mono` decides, `wall` is only displayed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) mono: Moment,
    pub(crate) wall: SystemTime,
}

/// The duration as nanoseconds, saturating at 584 years.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
