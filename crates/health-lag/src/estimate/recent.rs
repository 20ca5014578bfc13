//! The last values at equal distances in time, which the season has not seen yet.
//!
//! It finds nothing that recurs. A season is large, and needs not know at once: it sees several
//! values at a time.

use super::agenda::between;
use super::experts::{KNOTS, small};
use super::season::{MOST, Season};

/// Values are this many seconds apart, or as far as readings are if that is more.
const LEAST_DISTANCE: f64 = 1.0;
/// What recurs is sought once values have waited for so many seconds.
const WAIT: f64 = 8.0;
/// Over a gap of more values than this nothing is made up.
const GAP: f64 = 32.0;

#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    /// The distance in time, and the time of the newest.
    every: f64,
    at: f64,
    /// The oldest first.
    waiting: [f32; MOST],
    count: usize,
    /// What the season knows is void.
    is_anew: bool,
    /// What the season found when it saw values last.
    delays: [u8; KNOTS],
}

impl Recent {
    /// Takes what lies between two readings, each a time and a lag; `interval` is the usual time
    /// between them. True if there was a value in between. More than can wait goes to the season.
    pub(super) fn observe(
        &mut self,
        from: (f64, f64),
        to: (f64, f64),
        interval: f64,
        season: &mut Season,
    ) -> bool {
        let every = interval.max(LEAST_DISTANCE);
        let is_alike = 0.5 * self.every <= every && every <= 2.0 * self.every;
        if !is_alike || to.0 - self.at > GAP * self.every {
            *self = Self {
                every,
                at: to.0,
                is_anew: true,
                ..Self::default()
            };
            self.push(small(to.1), season);
            return true;
        }
        let mut is_new = false;
        while to.0 >= self.at + self.every {
            self.at += self.every;
            self.push(between(from, to, self.at), season);
            is_new = true;
        }
        is_new
    }

    fn push(&mut self, value: f32, season: &mut Season) {
        if self.count == MOST {
            self.hand_on(season);
        }
        if let Some(slot) = self.waiting.get_mut(self.count) {
            *slot = value;
            self.count += 1;
        }
    }

    /// Whether values have waited for long.
    pub(super) fn is_time(&self) -> bool {
        float(self.count) * self.every >= WAIT
    }

    /// Tells the season what waits.
    pub(super) fn hand_on(&mut self, season: &mut Season) {
        if std::mem::take(&mut self.is_anew) {
            season.begin(self.every);
        }
        season.push(self.waiting.get(..self.count).unwrap_or_default());
        self.count = 0;
        self.delays = season.delays();
    }

    /// What the lag will be at a horizon, `ahead` seconds after `now`, if it recurs.
    pub(super) fn recurring(
        &self,
        season: &Season,
        knot: usize,
        now: f64,
        ahead: f64,
    ) -> Option<f32> {
        let delay = usize::from(*self.delays.get(knot)?);
        if delay == 0 {
            return None;
        }
        let oldest = (self.count + season.filled()).checked_sub(1)?;
        let steps = (now - self.at + ahead) / self.every;
        let back = (float(delay) - steps).clamp(0.0, float(oldest));
        let value = |steps: usize| {
            let steps = steps.min(oldest);
            match steps.checked_sub(self.count) {
                Some(older) => season.value(older),
                None => self.waiting.get(self.count - 1 - steps).copied(),
            }
        };
        let (later, earlier) = (value(whole(back))?, value(whole(back) + 1)?);
        Some(later + small(back.fract()) * (earlier - later))
    }
}

#[expect(clippy::cast_precision_loss, reason = "at most what a season keeps")]
pub(super) fn float(count: usize) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and is above zero"
)]
pub(super) fn whole(value: f64) -> usize {
    value as usize
}
