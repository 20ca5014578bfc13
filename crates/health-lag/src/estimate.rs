//! What the lag of one follower will be.
//!
//! It measures no lag and judges none; see `timeline` and `judge`.

#[cfg(test)]
mod dbg;
mod experts;
mod interval;
mod line;
mod pending;
mod regime;
mod runs;
mod season;

use std::time::Duration;

use self::experts::{HORIZONS, KNOTS, Opinions, Record};
use self::interval::Tail;
use self::pending::{Pending, Ring};
use self::regime::Regime;
use self::runs::Runs;
use self::season::Season;
use crate::breach::Crossing;
use crate::forecast::{Forecast, Interval, Method, Quality};
use crate::lag::{Lag, Rates};
use crate::rate::RateMeter;

/// Forecasts are kept to be judged when so many seconds have passed since the last kept.
const KEEP_EVERY: f64 = 2.0;
/// Lags that differ by less are measured alike.
const UNSEEN: f32 = 0.001;
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
    widest: f64,
    steps: f64,
    step_at: f64,
    /// least lag before the present regime
    floor: f64,
    least: f64,
    records: [Record; KNOTS],
    /// Of forecasts without a trend, and with one.
    above: [[Tail; KNOTS]; 2],
    below: [[Tail; KNOTS]; 2],
    runs: [Runs; 2],
    stands: Runs,
    still: u32,
    still_since: f64,
    run_from: f64,
    run_to: f64,
    run_since: Option<f64>,
    season: Season,
    every: f64,
    /// The lag is only known to be no less.
    is_bound: bool,
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
            self.is_bound = matches!(reading.lag, Lag::AtLeast(_));
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
        if reading.applied == last.applied && reading.applied < reading.leader {
            self.still += 1;
        } else {
            if let Some(stood) = self.stood() {
                self.stands.end(stood);
            }
            self.still = 0;
            self.still_since = self.now;
        }
        self.lag = lag;
        if matches!(reading.lag, Lag::AtLeast(_)) {
            self.is_bound = true;
            return;
        }
        let passed = self.now - before.0;
        if self.is_bound {
            // What went before was no lag.
            self.is_bound = false;
            self.regime = Regime::default();
            self.usual = lag;
            self.least = lag;
            self.season = Season::default();
            self.step_at = self.now;
            self.regime.observe(0.0, lag);
            self.keep();
            return;
        }
        self.mature(before);
        let old_floor = self.least;
        if self.regime.observe(passed, lag) {
            self.floor = old_floor;
            self.records.iter_mut().for_each(Record::begin_anew);
            if self.run_since.take().is_some() {
                self.end_run();
            }
        }
        match (self.trend(), self.run_since) {
            (Some((_, slope)), None) => {
                self.run_since = Some(before.0);
                self.run_from = self.lag - slope * self.regime.age();
                self.run_to = before.1;
            }
            (Some((now, slope)), Some(since)) => {
                if (slope > 0.0) != (self.run_to > self.run_from) {
                    self.end_run();
                    self.run_since = Some(before.0);
                    self.run_from = now - slope * self.regime.age();
                }
                self.run_to = now;
                let _ = since;
            }
            (None, Some(_)) => {
                self.end_run();
                self.run_since = None;
            }
            _ => {}
        }
        self.least = self.least.min(lag);
        self.step(before);
        self.keep();
    }

    fn end_run(&mut self) {
        let travelled = self.run_to - self.run_from;
        self.runs[usize::from(travelled > 0.0)].end(travelled.abs());
    }

    /// Takes the values at equal distances up to now.
    fn step(&mut self, before: (f64, f64)) {
        let interval = self.rates.interval().map_or(1.0, |it| it.as_secs_f64());
        let every = interval.max(1.0);
        if every > 2.0 * self.every
            || every < 0.5 * self.every
            || self.now - self.step_at > 32.0 * self.every
        {
            self.every = every;
            self.season = Season::default();
            self.step_at = self.now;
            self.season.push(self.lag as f32, every);
            self.learn_usual();
            return;
        }
        if self.now < self.step_at + self.every {
            return;
        }
        while self.now >= self.step_at + self.every {
            self.step_at += self.every;
            let part = ((self.step_at - before.0) / (self.now - before.0)).clamp(0.0, 1.0);
            let value = before.1 + part * (self.lag - before.1);
            self.season.push(value as f32, self.every);
        }
        self.learn_usual();
    }

    fn learn_usual(&mut self) {
        self.steps = (self.steps + 1.0).min(64.0);
        let off = self.lag - self.usual;
        let in_trend = self.trend().is_some();
        let residual = if in_trend {
            (self.lag - self.regime.line().at(0.0)).abs()
        } else {
            off.abs()
        };
        self.widest = (self.widest * (1.0 - 1.0 / 600.0)).max(residual);
        let counted = if self.steps < 8.0 {
            residual
        } else {
            residual.min(4.0 * self.spread.max(0.001))
        };
        self.spread += (counted - self.spread) / self.steps;
        if !in_trend {
            let step = (off.abs() / self.steps).max(self.spread / 8.0);
            self.usual += off.clamp(-step, step);
        }
    }

    /// The line of the present regime, if it says anything.
    fn trend(&self) -> Option<(f64, f64)> {
        if self.is_bound {
            return None;
        }
        let line = self.regime.line();
        let slope = line.slope().min(1.0);
        if self.speaks() {
            return Some((line.at(0.0), slope));
        }
        self.stood().map(|_| (self.lag, 1.0))
    }

    fn speaks(&self) -> bool {
        let line = self.regime.line();
        let travelled = line.slope().abs() * self.regime.age();
        self.regime.significance() > SIGNIFICANT
            && travelled > BEYOND_USUAL * self.spread
            && line.weight() > 3.0
            || self.run_since.is_some() && self.regime.goes_on()
    }

    fn opinions(&self, knot: usize, horizon: f64) -> Opinions {
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
                self.season
                    .at(
                        knot,
                        (self.now - self.step_at + horizon) / self.every.max(1e-9),
                    )
                    .unwrap_or(self.lag as f32),
            ],
            trend,
            survival: self.survival(horizon),
        }
    }

    fn survival(&self, horizon: f64) -> f32 {
        let horizon = horizon.max(1e-9);
        let stands = self.stood().map_or(0.0, |stood| {
            self.stands.survival(stood, horizon, stood / horizon)
        });
        let (true, Some((now, slope)), Some(since)) = (self.speaks(), self.trend(), self.run_since)
        else {
            return stands;
        };
        let travelled = now - self.run_from;
        let aged = self.regime.age().max(self.now - since) / horizon;
        let runs = &self.runs[usize::from(slope > 0.0)];
        stands.max(runs.survival(travelled.abs(), (slope * horizon).abs(), aged))
    }

    /// For how long the follower has not moved though it is behind; `None` of what two readings show.
    fn stood(&self) -> Option<f64> {
        (self.still >= 2 && self.lag > 0.0).then(|| self.now - self.still_since)
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
            let opinions = self.opinions(knot, horizon);
            [kept.last, kept.mean, kept.usual, kept.recurring[knot]] = opinions.steady;
            kept.survival[knot] = opinions.survival;
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
        let kind = usize::from(opinions.trend.is_some());
        let (below, above) = (&self.below[kind][knot], &self.above[kind][knot]);
        if !above.is_known() {
            return (said, 0.0, most + UNSEEN);
        }
        (
            said,
            (said - below.reach - UNSEEN).max(0.0),
            (said + above.reach).min(most) + UNSEEN,
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
                let kind = usize::from(due.is_contested);
                self.above[kind][knot].observe(truth - said, truth > due.above[knot]);
                self.below[kind][knot].observe(said - truth, truth < due.below[knot]);
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
        if self.is_bound {
            let gains = self.rates().map_or(0.0, |rates| {
                (1.0 - rates.applied_per_second / rates.leader_per_second.max(1e-9)).clamp(0.0, 1.0)
            });
            let lag = self.lag + gains * ahead;
            return Some(Forecast {
                horizon,
                lag: Duration::from_secs_f64(lag),
                interval: Interval {
                    lower: Duration::ZERO,
                    upper: Duration::from_secs_f64(self.lag + ahead),
                    coverage,
                },
                method: Method::Rates,
                quality: Quality {
                    error_ratio: None,
                    coverage: None,
                    matured: self.judged,
                },
            });
        }
        let opinions = self.opinions(knot, ahead);
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
        if slope <= 0.0
            || self.records[1].trust(&self.opinions(1, (limit.as_secs_f64() - now) / slope)) < 0.5
        {
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
