//! What the lag of one follower will be.
//!
//! It measures no lag and judges none; see `timeline` and `judge`. It takes no lock, reads no clock and
//! allocates only when it is made.
//!
//! # How
//!
//! Several say what the lag will be, and the book is kept on them:
//!
//! - *The steady* say that it stays: at its last value, at the mean of its regime, at its median of
//!   long (`usual`), or that it does what it did a period ago (`season`: average magnitude difference
//!   function, Ross et al. 1974). Those with the least share of recent errors count most; where there
//!   is a trend that is doubted, of the errors in such places: at the end of a stall the median is right
//!   and the last value is not.
//! - *The trend* (`motion`) is the line of the present regime: least squares about means (Welford 1962),
//!   time counted back from now; residuals drawn in (Huber 1964); a cumulative sum of residuals of one
//!   sign (Page 1954) begins a new regime. It speaks once its slope is significant, autocorrelation of
//!   the residuals allowed for, and has led beyond what the lag usually strays. A follower that stands
//!   still while behind needs no line: its lag grows by one second a second.
//! - A trend is believed as likely as it will last: by how far earlier ones led (`runs`: Kaplan & Meier
//!   1958), so that the tooth of a saw is not taken for a stall, and a stall not for a tooth; and as far
//!   as its forecasts that came due were better than those of the steady (`experts`).
//!
//! Forecasts are kept until they come due, at 10, 30 and 60 s (`book`, `pending`). Their errors also set
//! the interval (`interval`: adaptive conformal inference, Gibbs & Candès 2021). Forecasts with and
//! without a trend err in different ways, so each kind has its own (Mondrian, Vovk et al. 2005). Before
//! 19 have come due, the interval is all that is possible: a lag is not below 0, and grows by no more
//! than one second a second.
//!
//! # What waits
//!
//! Ten thousand followers do not fit into a cache with all that is learnt of them. What each reading
//! needs stands together, about 600 bytes; the rest, some 4 KiB (`Cold`), is looked at when a forecast
//! is kept, each 4 s. Until then waits what a forecast asked for meanwhile can do without: the truth
//! about forecasts that came due (`agenda`). What recurs is sought each 8 s; values that the season has
//! not seen are looked up all the same (`recent`). What is kept is judged by all that has come due.

mod agenda;
mod book;
mod crossing;
mod experts;
mod interval;
mod line;
mod motion;
mod pending;
mod recent;
mod regime;
mod runs;
mod season;
mod usual;

use std::time::Duration;

use self::agenda::Agenda;
use self::book::{Book, Said};
use self::crossing::{Way, seconds};
use self::experts::{HORIZONS, KNOTS, Opinions, small};
use self::interval::{UNSEEN, wider};
use self::motion::{Motion, Past};
use self::recent::Recent;
use self::season::Season;
use crate::breach::Crossing;
use crate::forecast::{Forecast, Interval, Method, Quality};
use crate::lag::{Lag, Rates};
use crate::rate::RateMeter;

/// A trend more likely than not to last until the limit foretells a crossing.
const LIKELY: f32 = 0.5;
/// Forecasts end here, in seconds: a year.
const FARTHEST: f64 = 365.0 * 86_400.0;

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

/// Learns from the readings of one follower, and says what comes.
///
/// ```
/// use std::time::Duration;
/// use health_lag::{Estimator, Lag, Reading};
///
/// let mut estimator = Estimator::new();
/// for second in 0..10 {
///     estimator.observe(&Reading {
///         at: Duration::from_secs(second),
///         leader: 1_000 + 100 * second,
///         applied: 1_000,
///         lag: Lag::Exact(Duration::from_secs(second)),
///     });
/// }
/// let forecast = estimator.forecast(Duration::from_secs(60), 0.9).unwrap();
/// assert!((forecast.lag.as_secs_f64() - 69.0).abs() < 0.01);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Estimator {
    rates: RateMeter,
    first_at: Duration,
    /// The time of the last reading, after the first, and its lag; in seconds.
    now: f64,
    lag: f64,
    /// The lag is only known to be no less.
    is_bound: bool,
    motion: Motion,
    agenda: Agenda,
    recent: Recent,
    cold: Box<Cold>,
}

/// What not every reading needs; what is needed together stands together.
#[derive(Clone, Debug, Default)]
#[repr(C)]
struct Cold {
    book: Book,
    past: Past,
    season: Season,
}

impl Estimator {
    /// What it keeps on the heap, in bytes.
    #[cfg(test)]
    pub(crate) const APART: usize = size_of::<Cold>();

    /// One that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next reading; one that is not later than the last is left out.
    pub fn observe(&mut self, reading: &Reading) {
        let Reading {
            at,
            leader,
            applied,
            lag,
        } = *reading;
        let last = self.rates.last();
        if last.is_some_and(|(before, ..)| at <= before) {
            return;
        }
        if last.is_none() {
            self.first_at = at;
        }
        self.rates.observe(at, leader, applied);
        let before = (self.now, self.lag);
        self.now = at.saturating_sub(self.first_at).as_secs_f64();
        self.lag = lag.duration().as_secs_f64();
        let was_bound = last.is_none() || self.is_bound;
        self.is_bound = matches!(lag, Lag::AtLeast(_));
        if self.is_bound {
            return;
        }
        let now = (self.now, self.lag);
        let Cold { past, season, book } = &mut *self.cold;
        if was_bound {
            // What went before was no lag.
            self.motion.begin(self.now, self.lag, past);
            self.recent = Recent::default();
        } else {
            let stays = last.is_some_and(|(_, _, before)| before == applied);
            let is_still = stays && applied < leader;
            if self.motion.observe(self.now, self.lag, is_still, past) {
                book.begin_anew();
            }
        }
        let interval = self.rates.seconds();
        if self.recent.observe(before, now, interval, season) {
            self.motion.step();
        }
        if self.agenda.is_on(self.now) {
            self.attend((!was_bound).then_some((before, now)));
        }
    }

    /// Does what is on the agenda; between two readings, unless what went before was no lag.
    fn attend(&mut self, readings: Option<((f64, f64), (f64, f64))>) {
        if let Some((before, now)) = readings {
            self.agenda.note(before, now);
        }
        if !self.agenda.is_time(self.now) {
            return;
        }
        let Cold { past, season, book } = &mut *self.cold;
        book.fetch(&self.agenda.turns);
        if self.recent.is_time() {
            season.fetch();
            self.recent.hand_on(season);
        }
        let recurring: [Option<f32>; KNOTS] = std::array::from_fn(|knot| {
            let ahead = HORIZONS.get(knot).copied().unwrap_or_default();
            self.recent
                .recurring(season, knot, self.now, f64::from(ahead))
        });
        book.judge(&mut self.agenda, readings);
        let opinions = |knot: usize, ahead: f64| {
            let recurring = recurring.get(knot).copied().flatten();
            opinions(&self.motion, past, ahead, recurring)
        };
        book.keep(self.now, self.lag, opinions, &mut self.agenda);
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

    /// The lag after `horizon`, a year at most, and where it lies of `coverage` (0 to 1) of all times.
    /// `None` before the first reading.
    pub fn forecast(&self, horizon: Duration, coverage: f64) -> Option<Forecast> {
        self.rates.last()?;
        let ahead = horizon.as_secs_f64().min(FARTHEST);
        let knot = Book::knot(ahead);
        let book = &self.cold.book;
        let (matured, hits) = book.judged();
        let (said, method, error_ratio) = if self.is_bound {
            (self.said_of_bound(ahead), Method::Rates, None)
        } else {
            let (opinions, record) = (self.opinions(knot, ahead), book.record(knot)?);
            let is_line = self.motion.trend().is_some_and(|trend| trend.is_line);
            (
                self.said(ahead, &opinions, wider(coverage)),
                record.method(&opinions, is_line),
                record.error_ratio(),
            )
        };
        Some(Forecast {
            horizon,
            lag: single(said.lag),
            interval: Interval {
                lower: single(said.lower),
                upper: single(said.upper),
                coverage,
            },
            method,
            quality: Quality {
                error_ratio: error_ratio.map(f64::from),
                coverage: hits,
                matured,
            },
        })
    }

    /// When the lag reaches `limit` if its trend goes on. `Never` as long as none leads there that is
    /// likely to last for so long.
    pub fn crossing(&self, limit: Duration) -> Crossing {
        let limit = limit.as_secs_f64();
        match self.likely(limit, FARTHEST) {
            Ok(likely) => crossing::crossing(Way::Up, limit, likely, |ahead| self.ends(ahead)),
            Err(otherwise) => otherwise,
        }
    }

    /// Whether a crossing of `limit` is foretold that is likely `within` a time; without its ends,
    /// which take most of the time.
    pub(crate) fn crosses(&self, limit: Duration, within: Duration) -> bool {
        self.likely(limit.as_secs_f64(), within.as_secs_f64())
            .is_ok()
    }

    /// In how many seconds the lag likely reaches `limit`; no later than `farthest`.
    fn likely(&self, limit: f64, farthest: f64) -> Result<f64, Crossing> {
        match self.rates.last() {
            None => return Err(Crossing::Unknown),
            Some(_) if self.lag >= limit => return Err(Crossing::Already),
            Some(_) if self.is_bound => return Err(Crossing::Unknown),
            Some(_) => {}
        }
        let trend = self.motion.trend().filter(|trend| trend.slope > 0.0);
        let trend = trend.ok_or(Crossing::Never)?;
        // On the way to where it is now it may be above its line already.
        let likely = ((limit - trend.now) / trend.slope).max(limit - self.lag);
        // What is too far off is so without a look at the past, which lies apart.
        if likely > farthest || self.motion.survival(likely, &self.cold.past) < LIKELY {
            return Err(Crossing::Never);
        }
        Ok(likely)
    }

    /// When nothing is left to apply: by the trend if the lag falls, else by the backlog and how fast
    /// it shrinks.
    pub fn catch_up(&self) -> Crossing {
        let Some((_, leader, applied)) = self.rates.last() else {
            return Crossing::Unknown;
        };
        if applied >= leader {
            return Crossing::Already;
        }
        let trend = self.motion.trend().filter(|_| !self.is_bound);
        if let Some(trend) = trend {
            if trend.slope >= 0.0 {
                return Crossing::Never;
            }
            let likely = (trend.now / -trend.slope).clamp(0.0, FARTHEST);
            return crossing::crossing(Way::Down, 0.0, likely, |ahead| self.ends(ahead));
        }
        let Some(rates) = self.rates() else {
            return Crossing::Unknown;
        };
        let gains = rates.applied_per_second - rates.leader_per_second;
        let likely = float(leader - applied) / gains;
        if gains <= 0.0 || likely > FARTHEST {
            return Crossing::Never;
        }
        Crossing::In {
            earliest: Duration::ZERO,
            likely: seconds(likely),
            latest: None,
        }
    }

    fn opinions(&self, knot: usize, ahead: f64) -> Opinions {
        let Cold { past, season, .. } = &*self.cold;
        let recurring = self.recent.recurring(season, knot, self.now, ahead);
        opinions(&self.motion, past, ahead, recurring)
    }

    fn said(&self, ahead: f64, opinions: &Opinions, wider: f32) -> Said {
        let at = (Book::knot(ahead), small(ahead));
        self.cold
            .book
            .said(at, opinions, small(self.lag + ahead), wider)
    }

    /// Of a lag that is only known to be no less: it grows as the rates of both have it, and may be
    /// anything.
    fn said_of_bound(&self, ahead: f64) -> Said {
        let grows = self.rates().map_or(0.0, |rates| {
            let written = rates.leader_per_second.max(f64::MIN_POSITIVE);
            (1.0 - rates.applied_per_second / written).clamp(0.0, 1.0)
        });
        Said {
            lag: small(self.lag + grows * ahead),
            lower: 0.0,
            upper: small(self.lag + ahead) + UNSEEN,
        }
    }

    /// The ends of the interval of 90 %.
    fn ends(&self, ahead: f64) -> (f64, f64) {
        let opinions = self.opinions(Book::knot(ahead), ahead);
        let said = self.said(ahead, &opinions, 1.0);
        (f64::from(said.lower), f64::from(said.upper))
    }
}

/// What they say at a horizon; `recurring` is what the lag will be if it recurs.
fn opinions(motion: &Motion, past: &Past, ahead: f64, recurring: Option<f32>) -> Opinions {
    let lag = motion.lag();
    let trend = motion.trend();
    let last = small(lag);
    Opinions {
        steady: [
            last,
            small(motion.mean()),
            small(motion.usual()),
            recurring.unwrap_or(last),
        ],
        trend: trend.map(|trend| small(trend.at(ahead).clamp(0.0, lag + ahead))),
        survival: motion.survival(ahead, past),
    }
}

fn single(time: f32) -> Duration {
    seconds(f64::from(time))
}

#[expect(clippy::cast_precision_loss, reason = "a backlog, to 53 bits")]
fn float(positions: u64) -> f64 {
    positions as f64
}

#[cfg(test)]
mod tests;
