//! Where the lag is going: along the line of its regime, or up because the follower stands still; and
//! how likely that lasts.
//!
//! It forecasts nothing at a horizon by itself; see `experts`.

use super::regime::Regime;
use super::runs::Runs;
use super::usual::Usual;

/// A slope counts if it is so many of its standard errors off zero,
const SIGNIFICANT: f64 = 4.0;
/// and if it has led so many times as far as the lag usually strays.
const BEYOND_USUAL: f64 = 3.0;
/// It takes more points than three to have an error at all.
const FEWEST: f64 = 3.0;
/// What has lasted for some part of a horizon is believed to last. From this horizon on, in seconds, that
/// part grows, up to four times: short stops are common, and each looks like the beginning of a long one.
const FAR: f64 = 30.0;
/// A fall that has led so much of the way to its floor has arrived.
const ARRIVED: f64 = 0.9;
/// A follower stands still if so many readings on end show it where it was.
const STILL: u32 = 2;

/// Where the lag is going.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trend {
    /// The lag now, on the line.
    pub(super) now: f64,
    /// How many seconds it grows a second; at most one.
    pub(super) slope: f64,
    /// Where a fall ends.
    pub(super) floor: f64,
    /// It is the line of a regime, and not just that nothing moves.
    pub(super) is_line: bool,
}

impl Trend {
    /// How far a fall can still lead.
    fn left(&self) -> f64 {
        (self.now - self.floor).max(0.0)
    }

    /// Where it leads.
    pub(super) fn at(&self, ahead: f64) -> f64 {
        (self.now + self.slope * ahead).max(self.floor)
    }
}

/// How far the present trend has led.
#[derive(Clone, Copy, Debug)]
struct Run {
    since: f64,
    from: f64,
    to: f64,
}

/// How far earlier trends led, and how long earlier stops lasted.
#[derive(Clone, Debug, Default)]
pub(super) struct Past {
    rises: Runs,
    falls: Runs,
    stands: Runs,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Motion {
    now: f64,
    lag: f64,
    regime: Regime,
    usual: Usual,
    trend: Option<Trend>,
    run: Option<Run>,
    /// How many readings on end showed the follower where it was, and since when it has been there.
    still: u32,
    still_since: f64,
    /// The least lag so far, and that of before the present regime.
    least: f64,
    floor: f64,
}

impl Motion {
    /// Takes the first lag, at `now` seconds.
    pub(super) fn begin(&mut self, now: f64, lag: f64, past: &mut Past) {
        *self = Self {
            now,
            lag,
            usual: Usual::new(lag),
            still_since: now,
            least: lag,
            ..Self::default()
        };
        // What a stop is like is known still.
        *past = Past {
            stands: past.stands,
            ..Past::default()
        };
        self.regime.observe(0.0, lag);
    }

    /// Takes the next; whether the follower is behind and has not moved. True if a new regime begins.
    pub(super) fn observe(&mut self, now: f64, lag: f64, is_still: bool, past: &mut Past) -> bool {
        let (passed, before) = (now - self.now, self.now);
        if is_still {
            self.still = self.still.saturating_add(1);
        } else {
            if self.stood().is_some() {
                // It moved at some time since the reading before: this is the longest it can have been.
                past.stands.end(now - self.still_since);
            }
            self.still = 0;
            self.still_since = now;
        }
        self.now = now;
        let lag_before = std::mem::replace(&mut self.lag, lag);
        let is_new = self.regime.observe(passed, lag);
        if is_new {
            self.floor = self.least;
            self.end_run(past);
        }
        self.least = self.least.min(lag);
        self.trend = self.find();
        self.follow(before, lag_before, past);
        is_new
    }

    /// To be called at about equal distances in time.
    pub(super) fn step(&mut self) {
        let expected = self.trend.map(|_| self.regime.at(0.0));
        self.usual.observe(self.lag, expected);
    }

    fn find(&self) -> Option<Trend> {
        let slope = self.regime.slope();
        let led = slope.abs() * self.regime.age();
        let speaks = self.regime.weight() > FEWEST
            && led > BEYOND_USUAL * self.usual.spread()
            && self.regime.is_significant(SIGNIFICANT);
        let goes_on = self.run.is_some() && self.regime.goes_on();
        let floor = if self.floor < self.lag {
            self.floor
        } else {
            0.0
        };
        if speaks || goes_on {
            return Some(Trend {
                now: self.regime.at(0.0),
                slope: slope.min(1.0),
                floor: if slope < 0.0 { floor } else { 0.0 },
                is_line: true,
            });
        }
        self.stood().map(|_| Trend {
            now: self.lag,
            slope: 1.0,
            floor: 0.0,
            is_line: false,
        })
    }

    /// Keeps how far the trend has led; `before` and `lag_before` are of the reading before.
    fn follow(&mut self, before: f64, lag_before: f64, past: &mut Past) {
        let Some(trend) = self.trend else {
            self.end_run(past);
            return;
        };
        let turned = |run: &Run| (trend.slope > 0.0) != (run.to > run.from);
        if self.run.as_ref().is_some_and(turned) {
            self.end_run(past);
        }
        // A regime that was at rest is no part of what a stop has led to.
        let lasted = if trend.is_line {
            self.regime.age()
        } else {
            self.now - self.still_since
        };
        let begins = Run {
            since: before,
            from: trend.now - trend.slope * lasted,
            to: lag_before,
        };
        self.run.get_or_insert(begins).to = trend.now;
    }

    fn end_run(&mut self, past: &mut Past) {
        let Some(run) = self.run.take() else { return };
        let led = run.to - run.from;
        if led > 0.0 {
            past.rises.end(led);
        } else if run.to - self.least < (1.0 - ARRIVED) * -led {
            // There was no more to work off: it tells of one that led as far as there was to go.
            past.falls.end(f64::INFINITY);
        } else {
            past.falls.end(-led);
        }
    }

    pub(super) fn trend(&self) -> Option<&Trend> {
        self.trend.as_ref()
    }

    /// How likely the trend lasts for so many seconds.
    pub(super) fn survival(&self, horizon: f64, past: &Past) -> f32 {
        let horizon = horizon.max(1e-3);
        let whole = horizon * (horizon / FAR).powi(2).clamp(1.0, 4.0);
        let stands = self.stood().map_or(0.0, |stood| {
            past.stands.survival(stood, horizon, stood / whole)
        });
        let (Some(trend), Some(run)) = (self.trend.filter(|trend| trend.is_line), self.run) else {
            return stands;
        };
        let led = (trend.now - run.from).abs();
        let lasted = self.regime.age().max(self.now - run.since);
        let leads = (trend.slope * horizon).abs();
        if trend.slope > 0.0 {
            return stands.max(past.rises.survival(led, leads, lasted / whole));
        }
        // No fall can lead beyond its floor, and it has lasted once it is there; one that is there is
        // asked for next to nothing.
        let share = (ARRIVED * trend.left() / leads.max(f64::MIN_POSITIVE)).clamp(1e-3, 1.0);
        let falls = past
            .falls
            .survival(led, leads * share, lasted / (whole * share));
        stands.max(falls)
    }

    /// For how long the follower has stood still.
    fn stood(&self) -> Option<f64> {
        (self.still >= STILL && self.lag > 0.0).then_some(self.now - self.still_since)
    }

    /// The last lag.
    pub(super) fn lag(&self) -> f64 {
        self.lag
    }

    /// The mean lag of the regime.
    pub(super) fn mean(&self) -> f64 {
        self.regime.mean()
    }

    /// The median lag of long.
    pub(super) fn usual(&self) -> f64 {
        self.usual.lag()
    }
}
