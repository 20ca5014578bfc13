//! What recurs: the delay at which the lag resembles itself most, and what it was then.
//!
//! It weighs no forecasts. For each delay it keeps the mean distance between the lag and the lag that
//! long before (the average magnitude difference function, Ross et al. 1974): at the horizon itself
//! that is the error of the last value, at a period that of saying what was one period ago.

use super::experts::{HORIZONS, KNOTS};

/// So many values are kept.
const KEPT: usize = 192;
/// With each value a part of the delays is looked at.
const PARTS: usize = 4;
const PART: usize = KEPT / PARTS;
/// A distance is the mean of the last so many.
const MEMORY: f32 = 48.0;
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
    pub(super) delays: [usize; KNOTS],
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
        }
    }
}

impl Season {
    /// Takes the next value; `every` is the time between two, in seconds.
    pub(super) fn push(&mut self, value: f32, every: f64) {
        self.look(value);
        self.head = self.head.checked_sub(1).unwrap_or(KEPT - 1);
        if let Some(slot) = self.values.get_mut(self.head) {
            *slot = value;
        }
        self.filled = (self.filled + 1).min(KEPT);
        self.pushed = self.pushed.saturating_add(1);
        let knot = self.pushed % KNOTS;
        if let (Some(delay), Some(horizon)) = (self.delays.get_mut(knot), HORIZONS.get(knot)) {
            *delay = 0;
            let steps = steps(f64::from(*horizon) / every);
            *delay = Self::closest(&self.distances, self.pushed / 2, steps);
        }
    }

    /// Updates the distances of a part of the delays; `value` is not yet kept.
    fn look(&mut self, value: f32) {
        let first = self.pushed % PARTS * PART;
        let (newer, older) = self.values.split_at(self.head);
        let past = older.iter().chain(newer).skip(first);
        let past = past.zip(self.distances.iter_mut().skip(first));
        // The value at index `i` is `i + 1` steps old.
        let there = self.filled.saturating_sub(first).min(PART);
        for (index, (was, distance)) in past.take(there).enumerate() {
            let looks = (self.pushed - first - index).div_ceil(PARTS);
            let looks = (looks as f32).min(MEMORY);
            *distance += ((value - was).abs() - *distance) / looks;
        }
    }

    /// The delay from the horizon on at which it is closest, of those that were seen twice.
    fn closest(distances: &[f32; KEPT], known: usize, horizon: usize) -> usize {
        let Some(last) = horizon
            .checked_sub(1)
            .and_then(|index| distances.get(index))
        else {
            return 0;
        };
        let mut best = (0, CLOSER * last);
        for (index, distance) in distances.iter().enumerate().take(known).skip(horizon) {
            if *distance < best.1 {
                best = (index + 1, *distance);
            }
        }
        best.0
    }

    /// What the lag will be at a horizon if it recurs: `ahead` steps after the newest value.
    pub(super) fn at(&self, knot: usize, ahead: f64) -> Option<f32> {
        let delay = *self.delays.get(knot)?;
        if delay == 0 {
            return None;
        }
        let back = (delay as f64 - ahead).clamp(0.0, (KEPT - 1) as f64);
        let (whole, part) = (back.floor(), back.fract() as f32);
        let at = |steps: usize| {
            self.values
                .get((self.head + steps.min(self.filled - 1)) % KEPT)
        };
        let (later, earlier) = (at(whole as usize)?, at(whole as usize + 1)?);
        Some(later + part * (earlier - later))
    }
}

fn steps(time: f64) -> usize {
    time.ceil().max(1.0) as usize
}
