//! What the lag of one follower will be.
//!
//! It measures no lag and judges none; see `timeline` and `judge`.

mod experts;
mod interval;
mod line;
mod pending;
mod regime;

use std::time::Duration;

use self::experts::{HORIZONS, KNOTS, Opinions, Record};
use self::interval::Tail;
use self::pending::{Pending, Ring};
use self::regime::Regime;
use crate::breach::Crossing;
use crate::forecast::{Forecast, Interval, Method, Quality};
use crate::lag::{Lag, Rates};
use crate::rate::RateMeter;

/// Forecasts are kept to be judged when so many seconds have passed since the last kept.
const KEEP_EVERY: f64 = 2.0;
const SIGNIFICANT: f64 = 4.0;
const BEYOND_USUAL: f64 = 3.0;

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
    first_at: Duration,
    /// The time and lag of the last reading.
    now: f64,
    lag: f64,
    regime: Regime,
    /// The median of long, and the mean distance from it or from the trend.
    usual: f64,
    spread: f64,
    steps: f64,
    step_at: f64,
    /// least lag before the present regime
    floor: f64,
    least: f64,
    records: [Record; KNOTS],
    above: [Tail; KNOTS],
    below: [Tail; KNOTS],
    pending: Ring,
    hits: f32,
    judged: u64,
}

impl Estimator {
    /// One that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next reading; one that is not later than the last is left out.
    pub fn observe(&mut self, reading: &Reading) {
        let lag = reading.lag.duration().as_secs_f64();
        let Some(last) = self.last else {
            self.first_at = reading.at;
            self.last = Some(*reading);
            self.rates
                .observe(reading.at, reading.leader, reading.applied);
            self.lag = lag;
            self.usual = lag;
            self.least = lag;
            self.floor = 0.0;
            self.regime.observe(0.0, lag);
            return;
        };
        if reading.at <= last.at {
            return;
        }
        self.rates
            .observe(reading.at, reading.leader, reading.applied);
        let before = (self.now, self.lag);
        self.last = Some(*reading);
        self.now = (reading.at - self.first_at).as_secs_f64();
        self.lag = lag;
        let passed = self.now - before.0;
        self.mature(before);
        let old_floor = self.least;
        if self.regime.observe(passed, lag) {
            self.floor = old_floor;
        }
        self.least = self.least.min(lag);
        self.step();
        self.keep();
    }

    fn step(&mut self) {
        if self.now - self.step_at < 1.0 {
            return;
        }
        self.step_at = self.now;
        self.steps = (self.steps + 1.0).min(64.0);
        let off = self.lag - self.usual;
        let residual = if self.trend().is_some() {
            (self.lag - self.regime.line().at(0.0)).abs()
        } else {
            off.abs()
        };
        self.spread += (residual - self.spread) / self.steps;
        let step = (off.abs() / self.steps).max(self.spread / 8.0);
        self.usual += off.clamp(-step, step);
    }

    /// The line of the present regime, if it says anything.
    fn trend(&self) -> Option<(f64, f64)> {
        let line = self.regime.line();
        let slope = line.slope().min(1.0);
        let travelled = slope.abs() * self.regime.age();
        (self.regime.significance() > SIGNIFICANT
            && travelled > BEYOND_USUAL * self.spread
            && line.weight() > 3.0)
            .then(|| (line.at(0.0), slope))
    }

    fn opinions(&self, horizon: f64) -> Opinions {
        let trend = self.trend().map(|(now, slope)| {
            let most = self.lag + horizon;
            let floor = if self.floor < self.lag {
                self.floor
            } else {
                0.0
            };
            (now + slope * horizon).clamp(floor.min(most), most) as f32
        });
        Opinions {
            steady: [
                self.lag as f32,
                self.regime.mean() as f32,
                self.usual as f32,
            ],
            trend,
        }
    }

    fn keep(&mut self) {
        if self
            .pending
            .last_at()
            .is_some_and(|at| self.now - at < KEEP_EVERY)
        {
            return;
        }
        let mut kept = Pending {
            at: self.now,
            ..Pending::default()
        };
        for knot in 0..KNOTS {
            let horizon = f64::from(HORIZONS[knot]);
            let opinions = self.opinions(horizon);
            kept.steady = opinions.steady;
            kept.is_contested = opinions.trend.is_some();
            kept.trend[knot] = opinions.trend.unwrap_or_default();
            let (said, below, above) = self.said(knot, &opinions);
            kept.said[knot] = said;
            kept.below[knot] = below;
            kept.above[knot] = above;
        }
        self.pending.push(kept);
    }

    fn said(&self, knot: usize, opinions: &Opinions) -> (f32, f32, f32) {
        let most = (self.lag + f64::from(HORIZONS[knot])) as f32;
        let said = self.records[knot].combined(opinions).clamp(0.0, most);
        let (below, above) = (&self.below[knot], &self.above[knot]);
        if !above.is_known() {
            return (said, 0.0, most);
        }
        (
            said,
            (said - below.reach).max(0.0),
            (said + above.reach).min(most),
        )
    }

    /// Judges the forecasts that have come due since the reading before.
    fn mature(&mut self, (before, lag_before): (f64, f64)) {
        for knot in 0..KNOTS {
            let horizon = f64::from(HORIZONS[knot]);
            while let Some(due) = self.pending.next_due(knot, horizon, self.now) {
                let part = ((due.at + horizon - before) / (self.now - before)).clamp(0.0, 1.0);
                let truth = (lag_before + part * (self.lag - lag_before)) as f32;
                let said = due.said[knot];
                self.records[knot].judge(&due.opinions(knot), said, truth);
                self.above[knot].observe(truth - said, truth > due.above[knot]);
                self.below[knot].observe(said - truth, truth < due.below[knot]);
                self.judged += 1;
                let hit = truth >= due.below[knot] && truth <= due.above[knot];
                self.hits += (f32::from(u8::from(hit)) - self.hits) / (self.judged.min(200) as f32);
            }
        }
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
        self.last?;
        let ahead = horizon.as_secs_f64();
        let knot = HORIZONS
            .iter()
            .position(|it| f64::from(*it) >= ahead)
            .unwrap_or(KNOTS - 1);
        let opinions = self.opinions(ahead);
        let (lag, lower, upper) = self.said(knot, &opinions);
        Some(Forecast {
            horizon,
            lag: Duration::from_secs_f32(lag),
            interval: Interval {
                lower: Duration::from_secs_f32(lower),
                upper: Duration::from_secs_f32(upper),
                coverage,
            },
            method: Method::LastValue,
            quality: Quality {
                error_ratio: self.records[knot].error_ratio().map(f64::from),
                coverage: (self.judged > 0).then(|| f64::from(self.hits)),
                matured: self.judged,
            },
        })
    }

    /// When the lag reaches `limit`.
    pub fn crossing(&self, limit: Duration) -> Crossing {
        let Some(last) = self.last else {
            return Crossing::Unknown;
        };
        if last.lag.duration() >= limit {
            return Crossing::Already;
        }
        let Some((now, slope)) = self.trend() else {
            return Crossing::Never;
        };
        if slope <= 0.0 || self.records[1].trust() < 0.5 {
            return Crossing::Never;
        }
        let likely = (limit.as_secs_f64() - now).max(0.0) / slope;
        Crossing::In {
            earliest: Duration::from_secs_f64(likely),
            likely: Duration::from_secs_f64(likely),
            latest: None,
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
