//! What recurs: the delay at which the lag resembles itself most, and what it was then.
//!
//! It weighs no forecasts. For each delay it keeps the mean distance between the lag and the lag that
//! long before (the average magnitude difference function, Ross et al. 1974): at the horizon itself
//! that is the error of the last value, at a period that of saying what was one period ago.

use std::hint::black_box;

use super::experts::{HORIZONS, KNOTS, small};

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
/// So many values are taken at a time, at the most.
pub(super) const MOST: usize = 16;
/// A line of the cache, in values.
const LINE: usize = 16;
/// What is done to so many distances at once is done to all of them by one instruction.
const LANES: usize = 8;

/// The recent past at equal distances in time.
#[derive(Clone, Debug)]
pub(super) struct Season {
    /// The newest first. Those beyond the farthest delay are for the oldest of those taken together.
    values: [f32; KEPT + MOST],
    /// By delay.
    distances: [f32; KEPT],
    pushed: usize,
    delays: [u8; KNOTS],
    /// The distance in time.
    every: f64,
}

impl Default for Season {
    fn default() -> Self {
        Self {
            values: [0.0; KEPT + MOST],
            distances: [0.0; KEPT],
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

    /// Reads a value of each line of the cache. None waits for another, so that memory is waited for
    /// once.
    pub(super) fn fetch(&self) {
        let both = [self.values.as_slice(), &self.distances];
        let lines = both.into_iter().flat_map(|it| it.iter().step_by(LINE));
        black_box(lines.sum::<f32>());
    }

    /// Takes the next values, the oldest first.
    pub(super) fn push(&mut self, new: &[f32]) {
        let count = new.len().min(MOST);
        self.values.copy_within(..KEPT + MOST - count, count);
        for (slot, value) in self.values.iter_mut().zip(new.iter().take(count).rev()) {
            *slot = *value;
        }
        for (older, value) in (1..=count).rev().zip(new) {
            self.look(*value, older);
            self.pushed = self.pushed.saturating_add(1);
            // One horizon a time, and not each time: a period does not change from value to value.
            if self.pushed.is_multiple_of(SEARCH) {
                let knot = self.pushed / SEARCH % KNOTS;
                let horizon = HORIZONS.get(knot).copied().unwrap_or_default();
                let steps = whole((f64::from(horizon) / self.every).ceil()).max(1);
                let found = self.closest(steps);
                if let Some(delay) = self.delays.get_mut(knot) {
                    // There are not so many.
                    *delay = u8::try_from(found).unwrap_or(0);
                }
            }
        }
    }

    /// Updates the distances of a part of the delays; what came before `value` begins at `older`.
    fn look(&mut self, value: f32, older: usize) {
        let first = self.pushed % PARTS * PART;
        let distances = self.distances.get_mut(first..);
        let distances = distances.and_then(|it| it.first_chunk_mut::<PART>());
        let before = self.values.get(older + first..);
        let before = before.and_then(|it| it.first_chunk::<PART>());
        let (Some(distances), Some(before)) = (distances, before) else {
            return;
        };
        let seen = self.pushed.saturating_sub(first);
        if seen > PART + PARTS * whole(f64::from(MEMORY)) {
            for (distance, was) in distances.iter_mut().zip(before) {
                *distance += ((value - was).abs() - *distance) * (1.0 / MEMORY);
            }
            return;
        }
        let mut looks = small(float(seen));
        for (distance, was) in distances.iter_mut().zip(before).take(seen) {
            let rate = 1.0 / (looks * EACH + 1.0 - EACH).min(MEMORY);
            *distance += ((value - was).abs() - *distance) * rate;
            looks -= 1.0;
        }
    }

    /// The delay from the horizon on at which it is closest, of those that were seen twice; 0 if that
    /// is not close.
    fn closest(&self, horizon: usize) -> usize {
        let known = (self.pushed / 2).min(KEPT);
        let Some(of_horizon) = self.distances.get(horizon - 1) else {
            return 0;
        };
        let close = CLOSER * of_horizon;
        let distances = self.distances.get(horizon..known).unwrap_or_default();
        let (chunks, rest) = distances.as_chunks::<LANES>();
        let mut by_lane = [close; LANES];
        for chunk in chunks {
            for (least, distance) in by_lane.iter_mut().zip(chunk) {
                *least = if distance < least { *distance } else { *least };
            }
        }
        let least = by_lane.iter().chain(rest).copied().fold(close, f32::min);
        if least >= close {
            return 0;
        }
        let found = distances.iter().position(|distance| *distance <= least);
        found.map_or(0, |index| horizon + index + 1)
    }

    /// By horizon, the delay to look back by, in values; 0: nothing recurs.
    pub(super) fn delays(&self) -> [u8; KNOTS] {
        self.delays
    }

    /// How many values there are.
    pub(super) fn filled(&self) -> usize {
        self.pushed.min(KEPT)
    }

    /// The value so many before the newest.
    pub(super) fn value(&self, older: usize) -> Option<f32> {
        self.values.get(older).copied()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closest_delay_is_found_from_the_horizon_on() {
        for (period, expected) in [(40, [40, 40, 80]), (25, [25, 50, 75]), (1_000, [0; 3])] {
            let mut season = Season::default();
            season.begin(1.0);
            let values: Vec<f32> = (0_u16..600).map(|at| f32::from(at % period)).collect();
            // As many at a time as it may be.
            for (count, chunk) in (1..=MOST).cycle().zip(values.chunks(MOST)) {
                let (first, rest) = chunk.split_at(count.min(chunk.len()));
                season.push(first);
                season.push(rest);
            }
            assert_eq!(season.delays(), expected, "{period}");
            assert_eq!(season.value(0), values.last().copied());
            assert_eq!(season.value(159), values.get(600 - 160).copied());
        }
    }
}
