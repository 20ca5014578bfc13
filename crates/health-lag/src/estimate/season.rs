//! What recurs: the delay at which the lag resembles itself most, and what it was then.
//!
//! It weighs no forecasts. For each delay it keeps the mean distance between the lag and the lag that
//! long before (the average magnitude difference function, Ross et al. 1974): at the horizon itself
//! that is the error of the last value, at a period that of saying what was one period ago.

use super::experts::{HORIZONS, KNOTS, small};
use super::recent::{float, whole};

/// So many values are kept.
const KEPT: usize = 160;
/// With each value a part of the delays is looked at.
const PARTS: usize = 4;
const PART: usize = KEPT / PARTS;
/// With each value, so much of a look at each delay.
const EACH: f32 = 0.25;
/// The closest is sought once in so many values.
const SEARCH: usize = 4;
/// A distance is the mean of the last so many.
const MEMORY: f32 = 40.0;
/// Something recurs if the lag is this much closer to what it was then than to the last value.
const CLOSER: f32 = 0.5;
/// The recent past at equal distances in time, the newest at `head`, older ones after it.
#[derive(Clone, Debug)]
pub(super) struct Season {
    values: [f32; KEPT],
    distances: [f32; KEPT],
    head: usize,
    filled: usize,
    pushed: usize,
    delays: [usize; KNOTS],
    /// The distance in time.
    every: f64,
}

impl Default for Season {
    fn default() -> Self {
        Self {
            values: [0.0; KEPT],
            distances: [0.0; KEPT],
            head: 0,
            filled: 0,
            pushed: 0,
            delays: [0; KNOTS],
            every: 0.0,
        }
    }
}

impl Season {
    /// Begins anew, with values so many seconds apart.
    pub(super) fn begin(&mut self, every: f64) {
        *self = Self {
            every,
            ..Self::default()
        };
    }

    /// Takes the next value.
    pub(super) fn push(&mut self, value: f32) {
        self.look(value);
        self.head = self.head.checked_sub(1).unwrap_or(KEPT - 1);
        if let Some(slot) = self.values.get_mut(self.head) {
            *slot = value;
        }
        self.filled = (self.filled + 1).min(KEPT);
        self.pushed = self.pushed.saturating_add(1);
        // One horizon a time, and not each time: a period does not change from value to value.
        if self.pushed.is_multiple_of(SEARCH) {
            let knot = self.pushed / SEARCH % KNOTS;
            let horizon = HORIZONS.get(knot).copied().unwrap_or_default();
            let steps = whole((f64::from(horizon) / self.every).ceil()).max(1);
            let found = self.closest(steps);
            if let Some(delay) = self.delays.get_mut(knot) {
                *delay = found;
            }
        }
    }

    /// Updates the distances of a part of the delays; `value` is not yet kept.
    fn look(&mut self, value: f32) {
        let first = self.pushed % PARTS * PART;
        let there = self.filled.saturating_sub(first).min(PART);
        if there == 0 {
            return;
        }
        let Some(distances) = self.distances.get_mut(first..first + there) else {
            return;
        };
        // The value that is `i` after the head is `i + 1` steps old. The ring may end among them.
        let start = (self.head + first) % KEPT;
        let before_end = there.min(KEPT - start);
        let (near, far) = distances.split_at_mut(before_end);
        let values = |from: usize, count: usize| self.values.get(from..from + count);
        let parts = [
            (near, values(start, before_end)),
            (far, values(0, there - before_end)),
        ];
        let seen = self.pushed.saturating_sub(first);
        let is_settled = seen > PART + PARTS * whole(f64::from(MEMORY));
        let mut looks = small(float(seen));
        for (distances, was) in parts {
            let pairs = distances.iter_mut().zip(was.unwrap_or_default());
            if is_settled {
                for (distance, was) in pairs {
                    *distance += ((value - was).abs() - *distance) * (1.0 / MEMORY);
                }
                continue;
            }
            for (distance, was) in pairs {
                let rate = 1.0 / (looks * EACH + 1.0 - EACH).min(MEMORY);
                *distance += ((value - was).abs() - *distance) * rate;
                looks -= 1.0;
            }
        }
    }

    /// The delay from the horizon on at which it is closest, of those that were seen twice.
    fn closest(&self, horizon: usize) -> usize {
        let known = (self.pushed / 2).min(KEPT);
        let Some(last) = self.distances.get(horizon - 1) else {
            return 0;
        };
        let distances = self.distances.get(horizon..known).unwrap_or_default();
        let mut best = (0, CLOSER * last);
        for (index, distance) in distances.iter().enumerate() {
            if *distance < best.1 {
                best = (horizon + index + 1, *distance);
            }
        }
        best.0
    }

    /// The delay to look back by for a horizon, in values; `None`: nothing recurs.
    pub(super) fn delay(&self, knot: usize) -> Option<usize> {
        self.delays.get(knot).copied().filter(|delay| *delay > 0)
    }

    /// How many values there are.
    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    /// The value so many before the newest.
    pub(super) fn value(&self, older: usize) -> Option<f32> {
        self.values.get((self.head + older) % KEPT).copied()
    }
}
