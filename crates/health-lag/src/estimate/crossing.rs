//! When a forecast reaches a lag, and when each end of its interval does.
//!
//! It makes no forecast; it is handed the curve.

use std::time::Duration;

use crate::breach::Crossing;

/// Halvings: a time is found to a millionth of where it was sought.
const HALVINGS: u32 = 20;
/// The last end is sought up to so many times as far as the likely one.
const FARTHEST: f64 = 8.0;

/// Which way a limit is crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Up,
    Down,
}

/// The crossing of `limit` that is likely after `likely` seconds; `ends` are the lower and the upper
/// end of the interval after so many seconds.
pub(super) fn crossing(
    way: Way,
    limit: f64,
    likely: f64,
    ends: impl Fn(f64) -> (f64, f64),
) -> Crossing {
    let is_over = |value: f64| match way {
        Way::Up => value >= limit,
        Way::Down => value <= limit,
    };
    let (first, last) = match way {
        Way::Up => (1, 0),
        Way::Down => (0, 1),
    };
    let over = |end: usize, ahead: f64| {
        let (lower, upper) = ends(ahead);
        is_over(if end == 0 { lower } else { upper })
    };
    let earliest = sought(0.0, likely, |ahead| over(first, ahead)).unwrap_or(likely);
    let latest = sought(likely, likely * FARTHEST, |ahead| over(last, ahead));
    Crossing::In {
        earliest: seconds(earliest),
        likely: seconds(likely),
        latest: latest.map(seconds),
    }
}

/// Where between two times something begins to hold; `None` if it does not at the second.
fn sought(mut from: f64, mut to: f64, holds: impl Fn(f64) -> bool) -> Option<f64> {
    if !holds(to) {
        return None;
    }
    if holds(from) {
        return Some(from);
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(from, to);
        if holds(middle) {
            to = middle;
        } else {
            from = middle;
        }
    }
    Some(to)
}

/// What is longer than a `Duration` is its longest.
pub(super) fn seconds(time: f64) -> Duration {
    Duration::try_from_secs_f64(time.max(0.0)).unwrap_or(Duration::MAX)
}
