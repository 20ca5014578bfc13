//! The one place of this crate that reads the clocks.
//!
//! It decides nothing. Tokio's clock is read so that a paused runtime pauses
//! the whole crate.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the file the ban points to"
)]

use std::time::{Duration, Instant, SystemTime};

use crate::evidence::Measured;
use crate::moment::Moment;
use crate::pace::Pace;

/// Turns instants into moments since its own making.
#[derive(Debug)]
pub(crate) struct Clock {
    origin: Instant,
    started: SystemTime,
    /// What of the time since counts.
    pub(crate) pace: Pace,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self {
            origin: instant(),
            started: SystemTime::now(),
            pace: Pace::new(),
        }
    }

    pub(crate) fn mono(&self) -> Moment {
        self.moment(instant())
    }

    pub(crate) fn moment(&self, instant: Instant) -> Moment {
        self.pace
            .moment(instant.saturating_duration_since(self.origin))
    }

    /// The instant of `moment` as far as is known now: a suspension puts it off.
    /// Far ones are capped at a century, which no timer outlives.
    pub(crate) fn instant(&self, moment: Moment) -> tokio::time::Instant {
        const CENTURY: Duration = Duration::from_hours(100 * 365 * 24);
        (self.origin + self.pace.elapsed(moment).min(CENTURY)).into()
    }

    /// When to look again for a `moment` that has not come yet; `None`: it has.
    pub(crate) fn look_again(&self, moment: Moment) -> Option<LookAgain> {
        let now = tokio::time::Instant::from_std(instant());
        (self.moment(now.into_std()) < moment).then(|| match self.instant(moment) {
            later if later > now => LookAgain::At(later),
            _ => LookAgain::After(now),
        })
    }

    /// A result of now, or one said again that was measured at `earlier`.
    pub(crate) fn measured(&self, earlier: Option<Instant>) -> Measured {
        let now = instant();
        Measured {
            at: earlier
                .unwrap_or(now)
                .min(now)
                .saturating_duration_since(self.origin),
            ago: earlier.map(|earlier| now.saturating_duration_since(earlier)),
        }
    }

    /// All the time since the origin, whether or not it counts.
    pub(crate) fn uptime(&self) -> Duration {
        elapsed(self.origin)
    }

    pub(crate) fn origin(&self) -> Instant {
        self.origin
    }

    pub(crate) fn started(&self) -> SystemTime {
        self.started
    }
}

/// When a timer that has fired too early looks again.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LookAgain {
    /// Then, if nothing holds time up.
    At(tokio::time::Instant),
    /// Some time after now: the moment should have come, but time stands still.
    After(tokio::time::Instant),
}

/// Wall time worked out from the uptime, and read anew once a second: it is
/// only displayed, and reading it for each result costs as much as the engine's step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WallClock {
    read_at: Duration,
    wall: SystemTime,
}

impl WallClock {
    pub(crate) fn new() -> Self {
        Self {
            read_at: Duration::ZERO,
            wall: wall(),
        }
    }

    pub(crate) fn at(&mut self, uptime: Duration) -> SystemTime {
        let mut since = uptime.saturating_sub(self.read_at);
        if since >= Duration::from_secs(1) {
            *self = Self {
                read_at: uptime,
                wall: wall(),
            };
            since = Duration::ZERO;
        }
        self.wall + since
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
