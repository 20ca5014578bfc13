//! When a check starts next: a grid that many checks share.
//!
//! Checks of one interval start in few common slots, so that the process wakes
//! rarely, but in at least five, so that they do not all start at once. Pure.

use std::time::Duration;

use crate::moment::{Moment, nanos};

/// The first checks share five slots an interval; once there are enough to
/// crowd them, later ones spread over fifty.
const FEW: u64 = 5;
const MANY: u64 = 50;
const CROWD: u64 = 500;

/// The offset of the `index`-th check within an interval.
fn offset(index: u64, interval: u64) -> u64 {
    let slots = if index < CROWD { FEW } else { MANY };
    interval / slots * (index % slots)
}

/// The first start of the grid of `interval` that lies after `now`; starts that
/// were missed because a run took long are skipped, not made up for.
pub(crate) fn next_start(index: u64, interval: Duration, now: Moment) -> Moment {
    let interval = nanos(interval).max(1);
    let offset = offset(index, interval);
    let turns = match now.0.checked_sub(offset) {
        Some(past) => past / interval + 1,
        None => 0,
    };
    Moment(turns.saturating_mul(interval).saturating_add(offset))
}

/// A delay in `0..jitter`, different for every start but reproducible
/// (splitmix64, Steele, Lea and Flood 2014).
pub(crate) fn jitter(index: u64, run: u64, jitter: Duration) -> Duration {
    let bound = nanos(jitter);
    if bound == 0 {
        return Duration::ZERO;
    }
    let mut z = index.rotate_left(32) ^ run.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    Duration::from_nanos((z ^ (z >> 31)) % bound)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn starts_lie_on_the_grid_after_now() {
        let second = Duration::from_secs(1);
        for (index, now_ms, expected_ms) in [
            (0, 0, 1000),
            (0, 999, 1000),
            (0, 1000, 2000),
            (1, 0, 200),
            (4, 900, 1800),
            (5, 100, 1000),
        ] {
            let start = next_start(index, second, Moment(now_ms * 1_000_000));
            assert_eq!(
                start.0,
                expected_ms * 1_000_000,
                "index {index} at {now_ms} ms"
            );
        }
        assert!(next_start(0, Duration::MAX, Moment(5)) > Moment(5));
        assert!(next_start(3, Duration::from_nanos(1), Moment(5)) > Moment(5));
    }

    #[test]
    fn slots_are_few_and_balanced() {
        let interval = Duration::from_secs(10);
        let spread = |n: u64| {
            let mut slots = BTreeMap::new();
            for index in 0..n {
                *slots
                    .entry(next_start(index, interval, Moment(0)))
                    .or_insert(0) += 1;
            }
            slots
        };
        assert_eq!(spread(100).values().copied().collect::<Vec<_>>(), [20; 5]);
        assert!(
            spread(10_000).values().all(|herd| *herd <= 290),
            "{:?}",
            spread(10_000)
        );
    }

    #[test]
    fn jitter_is_bounded_and_varies() {
        let bound = Duration::from_millis(100);
        let drawn: Vec<_> = (0..100).map(|run| jitter(7, run, bound)).collect();
        assert!(drawn.iter().all(|d| *d < bound));
        assert!(
            drawn
                .iter()
                .collect::<std::collections::BTreeSet<_>>()
                .len()
                > 90
        );
        assert_eq!(jitter(7, 1, Duration::ZERO), Duration::ZERO);
    }
}
