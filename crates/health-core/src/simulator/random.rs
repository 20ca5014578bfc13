//! Reproducible randomness: the same seed draws the same schedule on every machine.
//!
//! Splitmix64 (Steele, Lea and Flood 2014); no entropy, no clock.

use std::time::Duration;

#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    /// A stream of its own for each `purpose`, so that draws for one thing do not move another.
    pub(super) fn new(seed: u64, purpose: u64) -> Self {
        let mut random = Self(seed ^ purpose.rotate_left(40));
        random.0 = random.next();
        random
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In `0..bound`; 0 if there is nothing to choose from.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound.max(1)
    }

    pub(super) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "an index into a slice fits a usize"
    )]
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// From `least` to `most` times `unit`.
    pub(super) fn times(&mut self, unit: Duration, least: u32, most: u32) -> Duration {
        let spread = u64::from(most - least) + 1;
        #[allow(clippy::cast_possible_truncation, reason = "at most `most`")]
        let factor = least + self.below(spread) as u32;
        unit * factor
    }

    /// In `0..=most`.
    pub(super) fn up_to(&mut self, most: Duration) -> Duration {
        let nanos = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(self.below(nanos.saturating_add(1)))
    }
}
