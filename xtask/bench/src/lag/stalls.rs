//! What a monitor says of stops in a trace: rows that are stalled without one, stops that it is late for.
//!
//! The truth is the trace's own, by its rows; it asks nothing about forecasts.

use std::ops::AddAssign;
use std::time::Duration;

use health_lag::{Condition, Follower, LagMonitor, Sample};

use super::forecasters::Ours;
use super::trace::{Point, Trace};

/// A stop is stalled from the first of these seconds on, and by the second; both are later where three
/// intervals between samples are longer.
const STALLED: f64 = 10.0;
const LATE: f64 = 11.0;
const INTERVALS: f64 = 3.0;

/// What was said of the stops of some traces.
#[derive(Clone, Copy, Debug, Default)]
pub struct Stalls {
    /// Rows that say stalled.
    pub stalled: usize,
    /// Of those and of what was asked in between: though the follower got on, was not behind, or had
    /// stood for less than 10 s.
    pub wrong: usize,
    /// Stops that lasted until they had to be stalled.
    pub stops: usize,
    /// Of those: not stalled by then.
    pub late: usize,
}

impl Stalls {
    /// The stop has to be stalled by now, and is or is not.
    fn due(&mut self, stop: &mut Stop, is_stalled: bool) {
        self.stops += usize::from(!stop.counted);
        self.late += usize::from(!is_stalled && !stop.late);
        stop.counted = true;
        stop.late |= !is_stalled;
    }
}

impl AddAssign for Stalls {
    fn add_assign(&mut self, other: Self) {
        self.stalled += other.stalled;
        self.wrong += other.wrong;
        self.stops += other.stops;
        self.late += other.late;
    }
}

/// A follower behind that does not get on.
#[derive(Clone, Copy, Debug)]
struct Stop {
    /// The last row at which it got on, or the first at which it was behind.
    since: f64,
    /// It had to be stalled by now; and it was not.
    counted: bool,
    late: bool,
}

/// Replays a trace and asks at each row, and in between just before and after a stop has to show.
pub fn stalls(trace: &Trace) -> Stalls {
    let monitor = LagMonitor::new();
    let mut found = Stalls::default();
    let Ok(follower) = monitor.follower_at("follower", Duration::ZERO) else {
        return found;
    };
    let mut ours = Ours::default();
    let mut stop: Option<Stop> = None;
    let mut before: Option<Point> = None;
    let after = trace.points.iter().skip(1).map(Some).chain([None]);
    for (point, next) in trace.points.iter().zip(after) {
        ours.observe(point);
        let interval = ours.estimator.interval().map_or(0.0, |it| it.as_secs_f64());
        let sample = Sample::new(point.leader, point.applied);
        if follower.push_at(time(point.at), sample).is_err() {
            continue;
        }
        stop = stands(stop, before, point);
        let gap = before.map_or(0.0, |before| point.at - before.at);
        before = Some(*point);
        let is_stalled = says(&follower, point.at);
        found.stalled += usize::from(is_stalled);
        let stood = stop.map(|stop| point.at - stop.since);
        found.wrong += usize::from(is_stalled && stood.is_none_or(|stood| stood < STALLED - TICK));
        let Some(stop) = stop.as_mut() else { continue };
        if point.at - stop.since >= LATE.max(INTERVALS * interval + gap) {
            found.due(stop, is_stalled);
        }
        // In between only what the rows on both sides have in common is true.
        let Some(next) = next.filter(|next| next.applied == point.applied) else {
            continue;
        };
        let early = stop.since + STALLED - 2.0 * TICK;
        if early > point.at && early < next.at {
            found.wrong += usize::from(says(&follower, early));
        }
        let late = stop.since + LATE;
        let is_regular = next.at - point.at < 2.0 * interval && INTERVALS * interval <= STALLED;
        if is_regular && late > point.at && late < next.at {
            found.due(stop, says(&follower, late));
        }
    }
    found
}

/// Times are told to the nanosecond, and a trace has them as doubles.
const TICK: f64 = 1e-6;

fn stands(stop: Option<Stop>, before: Option<Point>, point: &Point) -> Option<Stop> {
    let gets_on = before.is_none_or(|before| point.applied > before.applied);
    let begins = Stop {
        since: point.at,
        counted: false,
        late: false,
    };
    match stop {
        _ if point.applied >= point.leader => None,
        Some(stop) if !gets_on => Some(stop),
        _ => Some(begins),
    }
}

fn says(follower: &Follower, at: f64) -> bool {
    let status = follower.status_at(time(at));
    status.is_some_and(|status| status.conditions.has(Condition::Stalled))
}

fn time(at: f64) -> Duration {
    Duration::try_from_secs_f64(at).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::path::Path;

    use super::super::families::{ALL, SETS};
    use super::super::trace::real;
    use super::*;

    #[test]
    fn no_trace_has_a_false_stall_or_a_late_one() {
        let data = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../crates/health-lag/tests/data"
        );
        let found = stalls(&real(Path::new(data)).unwrap());
        assert_eq!((found.wrong, found.stops, found.late), (0, 1, 0));
        let mut stops = 0;
        for set in SETS {
            for family in ALL {
                for shape in set.shapes {
                    let trace = family.trace(shape);
                    let found = stalls(&trace);
                    assert_eq!((found.wrong, found.late), (0, 0), "{}", trace.name);
                    stops += found.stops;
                }
            }
        }
        assert!(stops > 100, "{stops}");
    }
}
