//! What the lag of one follower will be.
//!
//! It measures no lag and judges none; see `timeline` and `judge`.

use std::time::Duration;

use crate::breach::Crossing;
use crate::forecast::{Forecast, Interval, Method, Quality};
use crate::lag::{Lag, Rates};
use crate::rate::RateMeter;

/// What is known of a follower at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// When, since an origin of the caller's; each later than the one before.
    pub at: Duration,
    /// How far the leader has written.
    pub leader: u64,
    /// How far the follower has applied.
    pub applied: u64,
    /// How far that is behind in time.
    pub lag: Lag,
}

/// Learns from the readings of one follower, and says what comes. It takes no lock and reads no clock.
#[derive(Clone, Debug, Default)]
pub struct Estimator {
    rates: RateMeter,
    last: Option<Reading>,
}

impl Estimator {
    /// One that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next reading; one that is not later than the last is left out.
    pub fn observe(&mut self, reading: &Reading) {
        if self.last.is_some_and(|last| reading.at <= last.at) {
            return;
        }
        self.rates
            .observe(reading.at, reading.leader, reading.applied);
        self.last = Some(*reading);
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// How fast both move; `None` before a second reading.
    pub fn rates(&self) -> Option<Rates> {
        self.rates.rates()
    }

    /// The usual time between readings.
    pub fn interval(&self) -> Option<Duration> {
        self.rates.interval()
    }

    /// The lag after `horizon`, and where it lies of `coverage` (0 to 1) of all times.
    /// `None` before the first reading.
    pub fn forecast(&self, horizon: Duration, coverage: f64) -> Option<Forecast> {
        let lag = self.last?.lag.duration();
        Some(Forecast {
            horizon,
            lag,
            interval: Interval {
                lower: Duration::ZERO,
                upper: lag.saturating_add(horizon),
                coverage,
            },
            method: Method::LastValue,
            quality: Quality {
                error_ratio: None,
                coverage: None,
                matured: 0,
            },
        })
    }

    /// When the lag reaches `limit`.
    pub fn crossing(&self, limit: Duration) -> Crossing {
        match self.last {
            Some(last) if last.lag.duration() >= limit => Crossing::Already,
            _ => Crossing::Unknown,
        }
    }

    /// When nothing is left to apply.
    pub fn catch_up(&self) -> Crossing {
        match self.last {
            Some(last) if last.applied >= last.leader => Crossing::Already,
            _ => Crossing::Unknown,
        }
    }
}
