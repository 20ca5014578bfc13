//! When a leader was where: a bounded table from positions to times, shared by its followers.
//!
//! It judges no lag and knows no follower.
//!
//! The table is a polyline through what was observed. Once it is full, points go whose loss moves
//! the line least, measured as time at a given position and against the age of that part: a lag of an
//! hour may be off by a second, one of 100 ms may not. Each piece carries the most that it may be
//! off, over all its simplifications. Stretches in which the leader stood still keep both their ends.

mod point;

use std::time::Duration;

use self::point::{POINTS, Point, simplify};
use crate::lag::Lag;

/// What is closer together in time than this is one point.
const RESOLUTION: u64 = 250_000;

/// The leader is behind where it has been: another history, which the caller has to begin anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the leader went back from {from} to {to}; clear the timeline if a new history begins")]
pub struct WentBack {
    /// Where it had been.
    pub from: u64,
    /// Where it is said to be.
    pub to: u64,
}

/// When one leader was where. At most 16 KiB, however long and however often it is observed.
///
/// ```
/// use std::time::Duration;
/// use health_lag::{Lag, Timeline};
///
/// let mut timeline = Timeline::new();
/// timeline.observe(1_000, Duration::from_secs(10))?;
/// timeline.observe(3_000, Duration::from_secs(20))?;
/// // It was at 2,000 half-way, 7 s ago.
/// let lag = timeline.lag(2_000, Duration::from_secs(22));
/// assert_eq!(lag, Lag::Exact(Duration::from_secs(7)));
/// // When it passed 500 nobody saw.
/// let lag = timeline.lag(500, Duration::from_secs(22));
/// assert_eq!(lag, Lag::AtLeast(Duration::from_secs(12)));
/// # Ok::<(), health_lag::WentBack>(())
/// ```
#[derive(Clone, Debug)]
pub struct Timeline {
    points: Vec<Point>,
    /// How much error a unit of age bought when it was last simplified.
    tolerance: f64,
    /// Nobody asks for less.
    applied: u64,
}

impl Default for Timeline {
    fn default() -> Self {
        Self::new()
    }
}

impl Timeline {
    /// One that knows nothing yet.
    pub fn new() -> Self {
        Self {
            points: Vec::with_capacity(POINTS),
            tolerance: 0.0,
            applied: 0,
        }
    }

    /// The leader is at `position`. An observation that is older than the newest one adds only that
    /// the leader was that far by then.
    ///
    /// # Errors
    ///
    /// [`WentBack`] if it is behind an earlier observation; nothing changes.
    pub fn observe(&mut self, position: u64, at: Duration) -> Result<(), WentBack> {
        let at = nanoseconds(at);
        let Some(last) = self.points.last_mut() else {
            self.points.push(Point::new(position, at));
            return Ok(());
        };
        if at < last.at {
            last.position = last.position.max(position);
            return Ok(());
        }
        if position < last.position {
            return Err(WentBack {
                from: last.position,
                to: position,
            });
        }
        if at == last.at {
            last.position = position;
            return Ok(());
        }
        self.extend(Point::new(position, at));
        Ok(())
    }

    /// How long ago the leader was still at `applied`: the age of the oldest entry after it. Zero
    /// if there is none. Never extrapolated: before the first observation it is a least age.
    pub fn lag(&self, applied: u64, now: Duration) -> Lag {
        let now = nanoseconds(now);
        let age = |at: u64| Duration::from_nanos(now.saturating_sub(at));
        let (Some(oldest), Some(newest)) = (self.points.first(), self.points.last()) else {
            return Lag::AtLeast(Duration::ZERO);
        };
        if applied >= newest.position {
            return Lag::Exact(Duration::ZERO);
        }
        let after = self.points.partition_point(|it| it.position <= applied);
        let mut around = self.points.iter().skip(after.saturating_sub(1));
        match (after, around.next(), around.next()) {
            (1.., Some(from), Some(to)) => Lag::Exact(age(from.time_at(applied, to))),
            _ => Lag::AtLeast(age(oldest.at)),
        }
    }

    /// The furthest observation.
    pub fn newest(&self) -> Option<(u64, Duration)> {
        let newest = self.points.last()?;
        Some((newest.position, Duration::from_nanos(newest.at)))
    }

    /// Nobody will ask for a position below `least_applied`: what is known of those may go when
    /// room is needed.
    pub fn forget_applied(&mut self, least_applied: u64) {
        self.applied = least_applied;
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.points.clear();
        self.tolerance = 0.0;
        self.applied = 0;
    }

    /// Appends a later point; in place of the last one if that loses nothing to speak of.
    fn extend(&mut self, point: Point) {
        if let [.., from, last] = self.points.as_mut_slice() {
            let joined = from.joined(last, &point);
            if point.at - from.at <= RESOLUTION || joined <= last.error {
                *last = Point {
                    error: joined,
                    ..point
                };
                return;
            }
        }
        if self.points.len() >= POINTS {
            self.tolerance = simplify(&mut self.points, self.applied, point.at, self.tolerance);
        }
        self.points.push(point);
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    fn timeline(points: &[(f64, u64)]) -> Timeline {
        let mut timeline = Timeline::new();
        for (seconds, position) in points {
            timeline.observe(*position, at(*seconds)).unwrap();
        }
        timeline
    }

    #[test]
    fn the_age_of_the_oldest_entry_not_applied() {
        // Writes, stands still from 20 to 30, writes, stands still.
        let points = [
            (10.0, 100),
            (20.0, 200),
            (25.0, 200),
            (30.0, 200),
            (40.0, 400),
            (50.0, 400),
        ];
        let timeline = timeline(&points);
        let exact = |seconds| Lag::Exact(at(seconds));
        for (applied, expected) in [
            (50, Lag::AtLeast(at(50.0))),
            (100, exact(50.0)),
            (150, exact(45.0)),
            (199, exact(40.1)),
            (200, exact(30.0)),
            (300, exact(25.0)),
            (399, exact(20.05)),
            (400, exact(0.0)),
            (900, exact(0.0)),
        ] {
            assert_eq!(timeline.lag(applied, at(60.0)), expected, "{applied}");
        }
        assert_eq!(timeline.lag(350, at(1.0)), exact(0.0), "from before");
        assert_eq!(
            Timeline::new().lag(1, at(1.0)),
            Lag::AtLeast(Duration::ZERO)
        );
    }

    #[test]
    fn going_back_is_refused_and_being_late_is_not() {
        let mut timeline = timeline(&[(1.0, 100), (2.0, 200)]);
        let back = WentBack { from: 200, to: 199 };
        assert_eq!(timeline.observe(199, at(3.0)), Err(back));
        assert_eq!(timeline.observe(199, at(2.0)), Err(back));
        assert_eq!(timeline.newest(), Some((200, at(2.0))));
        assert_eq!(timeline.observe(150, at(1.5)), Ok(()));
        assert_eq!(timeline.newest(), Some((200, at(2.0))));
        assert_eq!(timeline.observe(210, at(1.5)), Ok(()));
        assert_eq!(timeline.newest(), Some((210, at(2.0))));
        timeline.clear();
        assert_eq!(timeline.observe(1, at(1.0)), Ok(()));
        assert_eq!(timeline.newest(), Some((1, at(1.0))));
    }

    #[test]
    fn it_stays_below_16_kib() {
        let mut timeline = Timeline::new();
        let before = timeline.points.capacity();
        for step in 0..100_000_u64 {
            let position = step * 1_000 + (step * step) % 777;
            timeline
                .observe(position, Duration::from_micros(step * 900))
                .unwrap();
        }
        assert_eq!(timeline.points.capacity(), before);
        let heap = before * size_of::<Point>();
        assert!(heap + size_of::<Timeline>() <= 16 * 1024, "{heap}");
    }

    proptest! {
        /// Whatever is observed, however often: a lag is as exact as its age allows.
        #[test]
        fn the_error_is_bounded_by_the_age(
            steps in prop::collection::vec((1_u64..40_000_000, 0_u64..5_000, 0_u8..9), 2_000..6_000),
            scale in prop::sample::select(vec![1_u64, 30, 1_000]),
        ) {
            let mut timeline = Timeline::new();
            let mut seen = vec![(0_u64, 0_u64)];
            timeline.observe(0, Duration::ZERO).unwrap();
            let (mut time, mut position) = (0, 0);
            for (pause, grown, kind) in steps {
                time += pause * scale;
                position += if kind < 3 { 0 } else { grown };
                timeline.observe(position, Duration::from_nanos(time)).unwrap();
                seen.push((position, time));
            }
            for (index, (applied, _)) in seen.iter().enumerate().step_by(37) {
                // The truth: the last time at which the leader was at that very position.
                let Some(next) = seen.iter().skip(index).find(|(it, _)| it > applied) else {
                    continue;
                };
                let still = seen.iter().rev().find(|(it, _)| it <= applied).unwrap().1;
                prop_assert!(still <= next.1);
                let truth = time - still;
                let lag = timeline.lag(*applied, Duration::from_nanos(time)).duration();
                let error = nanoseconds(lag).abs_diff(truth);
                let allowed = truth / 50 + RESOLUTION + 2;
                prop_assert!(error <= allowed, "{error} at {truth} of {time}");
            }
        }

        #[test]
        fn no_sequence_is_too_much(
            steps in prop::collection::vec((any::<u64>(), any::<u64>(), any::<u64>()), 1..200),
        ) {
            let mut timeline = Timeline::new();
            for (position, at, applied) in steps {
                let at = Duration::from_nanos(at);
                let _ = timeline.observe(position, at);
                let lag = timeline.lag(applied, at).duration();
                prop_assert!(lag <= at);
            }
        }
    }
}
