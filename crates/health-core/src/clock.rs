//! The one place of this crate that reads the clocks.
//!
//! It decides nothing. Tokio's clock is read so that a paused runtime pauses
//! the whole crate.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the file the ban points to"
)]

use std::time::{Duration, Instant, SystemTime};

use crate::moment::{Moment, Now, nanos};

/// Turns instants into moments since its own making.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
    started: SystemTime,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            origin: instant(),
            started: SystemTime::now(),
        }
    }

    pub(crate) fn mono(&self) -> Moment {
        self.moment(instant())
    }

    pub(crate) fn moment(&self, instant: Instant) -> Moment {
        Moment(nanos(instant.saturating_duration_since(self.origin)))
    }

    /// The instant of `moment`; far ones are capped at a century, which no timer outlives.
    pub(crate) fn instant(&self, moment: Moment) -> tokio::time::Instant {
        const CENTURY: u64 = 100 * 365 * 86_400 * 1_000_000_000;
        let offset = Duration::from_nanos(moment.0.min(CENTURY));
        (self.origin + offset).into()
    }

    pub(crate) fn origin(&self) -> Instant {
        self.origin
    }

    pub(crate) fn started(&self) -> SystemTime {
        self.started
    }
}

/// Wall time worked out from monotonic time, and read anew once a second: it is
/// only displayed, and reading it for each result costs as much as the engine's step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock {
    read_at: Moment,
    wall: SystemTime,
}

impl WallClock {
    pub(crate) fn new() -> Self {
        Self {
            read_at: Moment(0),
            wall: wall(),
        }
    }

    pub(crate) fn now(&mut self, mono: Moment) -> Now {
        let mut since = mono.since(self.read_at);
        if since >= Duration::from_secs(1) {
            *self = Self {
                read_at: mono,
                wall: wall(),
            };
            since = Duration::ZERO;
        }
        Now {
            mono,
            wall: self.wall + since,
        }
    }
}

/// The wall clock, for display.
pub(crate) fn wall() -> SystemTime {
    SystemTime::now()
}

/// The monotonic clock, as the runtime sees it.
pub(crate) fn instant() -> Instant {
    tokio::time::Instant::now().into_std()
}

pub(crate) fn elapsed(since: Instant) -> Duration {
    instant().saturating_duration_since(since)
}
