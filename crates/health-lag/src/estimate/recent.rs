//! The last values at equal distances in time, which the season has not seen yet.
//!
//! It finds nothing that recurs. A season is large, and needs not know at once: it sees several
//! values at a time.

use super::agenda::between;
use super::experts::{KNOTS, small};
use super::season::{MOST, Season, float, whole};

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
        let is_alike = (0.5 * self.every..=2.0 * self.every).contains(&every);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// A saw of 40 s, read each second.
    fn saw(at: f64) -> f64 {
        at % 40.0
    }

    #[test]
    fn what_waits_is_looked_up_and_changes_nothing() {
        let (mut lazy, mut season) = (Recent::default(), Season::default());
        let (mut eager, mut told) = (Recent::default(), Season::default());
        let mut waited = 0;
        for at in (1..600).map(f64::from) {
            let (from, to) = ((at - 1.0, saw(at - 1.0)), (at, saw(at)));
            assert!(lazy.observe(from, to, 1.0, &mut season));
            assert!(eager.observe(from, to, 1.0, &mut told));
            eager.hand_on(&mut told);
            if lazy.is_time() {
                lazy.hand_on(&mut season);
            }
            waited = waited.max(lazy.count);
            if at < 300.0 {
                continue;
            }
            for (knot, ahead) in [10.0, 30.0, 60.0].into_iter().enumerate() {
                let said = lazy.recurring(&season, knot, at, ahead);
                assert_eq!(said, Some(small(saw(at + ahead))), "{at} {ahead}");
                assert_eq!(said, eager.recurring(&told, knot, at, ahead));
            }
        }
        assert_eq!(waited, 7);
    }

    #[test]
    fn over_a_gap_as_many_values_are_made_up_as_fit_and_then_none() {
        for (gap, expected) in [(1.0, 102), (20.0, 121), (32.0, 133), (40.0, 1)] {
            let (mut recent, mut season) = (Recent::default(), Season::default());
            for at in (0..=100).map(f64::from) {
                recent.observe((at - 1.0, 5.0), (at, 5.0), 1.0, &mut season);
            }
            recent.observe((100.0, 5.0), (100.0 + gap, 5.0), 1.0, &mut season);
            recent.hand_on(&mut season);
            assert_eq!(season.filled(), expected, "{gap}");
        }
    }
}
