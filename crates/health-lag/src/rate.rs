//! How fast leader and follower move: of each what it moved by the time that took, the older the less.
//!
//! It knows no lag: a backlog that shrinks says nothing of either rate.

use std::time::Duration;

use crate::lag::Rates;

/// A rate is that of about so long, or of [`LEAST_INTERVALS`] intervals if they are longer.
const MEMORY: f64 = 10.0;
const LEAST_INTERVALS: f64 = 3.0;
/// An interval is the mean of about so many; one that is longer than so many of it counts as that.
const INTERVALS: f64 = 8.0;
const LONGEST: f64 = 4.0;

/// Both rates, and the usual time between samples.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RateMeter {
    /// When it began or was last told, in seconds, and the positions then.
    last: Option<(Duration, u64, u64)>,
    interval: f64,
    time: f64,
    leader: f64,
    applied: f64,
}

impl RateMeter {
    /// Takes both positions at a time after the last.
    pub(crate) fn observe(&mut self, at: Duration, leader: u64, applied: u64) {
        let Some((before, from_leader, from_applied)) = self.last.replace((at, leader, applied))
        else {
            return;
        };
        let passed = at.saturating_sub(before).as_secs_f64();
        if passed <= 0.0 {
            return;
        }
        if self.interval == 0.0 {
            self.interval = passed;
        }
        self.interval += (passed.min(LONGEST * self.interval) - self.interval) / INTERVALS;
        let memory = MEMORY.max(LEAST_INTERVALS * self.interval);
        let kept = memory / (memory + passed);
        self.time = self.time * kept + passed;
        self.leader = self.leader * kept + moved(from_leader, leader);
        self.applied = self.applied * kept + moved(from_applied, applied);
    }

    /// The last sample: its time, and the positions of leader and follower.
    pub(crate) fn last(&self) -> Option<(Duration, u64, u64)> {
        self.last
    }

    /// `None` before a second sample.
    pub(crate) fn rates(&self) -> Option<Rates> {
        (self.time > 0.0).then(|| Rates {
            leader_per_second: self.leader / self.time,
            applied_per_second: self.applied / self.time,
        })
    }

    /// The usual time between samples in seconds; zero before a second one.
    pub(crate) fn seconds(&self) -> f64 {
        self.interval
    }

    /// The usual time between samples; 584 years are the most.
    pub(crate) fn interval(&self) -> Option<Duration> {
        let known = self.interval > 0.0;
        known.then(|| Duration::from_nanos(whole(self.interval * 1e9 + 0.5)))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "saturates, and is above zero"
)]
fn whole(value: f64) -> u64 {
    value as u64
}

/// Never negative: what went back began anew.
#[expect(
    clippy::cast_precision_loss,
    reason = "a rate needs no more than 53 bits"
)]
fn moved(from: u64, to: u64) -> f64 {
    to.saturating_sub(from) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meter(samples: impl IntoIterator<Item = (f64, u64, u64)>) -> RateMeter {
        let mut meter = RateMeter::default();
        for (seconds, leader, applied) in samples {
            meter.observe(Duration::from_secs_f64(seconds), leader, applied);
        }
        meter
    }

    #[test]
    fn rates_are_of_positions_and_not_of_the_backlog() {
        assert_eq!(meter([]).rates(), None);
        assert_eq!(meter([(0.0, 101, 0)]).rates(), None, "no rate of one");
        // 10,000/s with a steady 500 in flight.
        let steady = meter((0..100_u32).map(|i| {
            let leader = u64::from(i) * 10_000 + 500;
            (f64::from(i), leader, leader - 500)
        }));
        let rates = steady.rates().unwrap();
        assert!((rates.leader_per_second - 1e4).abs() < 1e-6);
        assert!((rates.applied_per_second - 1e4).abs() < 1e-6);
        // Caught up at 200,000/s, then frozen.
        let frozen = meter((0..100_u32).map(|i| {
            let applied = u64::from(i.min(10)) * 200_000;
            (f64::from(i), 2_000_000 + u64::from(i), applied)
        }));
        assert!(frozen.rates().unwrap().applied_per_second < 200.0);
    }

    #[test]
    fn the_usual_interval_survives_a_gap_and_follows_a_change() {
        let mut meter = meter((0..50_u32).map(|i| (f64::from(i), 0, 0)));
        let secs = |meter: &RateMeter| meter.interval().unwrap().as_secs_f64();
        assert!((secs(&meter) - 1.0).abs() < 1e-9);
        meter.observe(Duration::from_hours(1), 0, 0);
        assert!(secs(&meter) < 1.5);
        for i in 1..60 {
            meter.observe(Duration::from_secs(3_600 + 30 * i), 0, 0);
        }
        assert!((secs(&meter) - 30.0).abs() < 1.0);
    }

    #[test]
    fn nothing_makes_it_nonsense() {
        let end = Duration::from_secs(u64::MAX);
        let mut meter = RateMeter::default();
        for (at, leader, applied) in [
            (Duration::ZERO, u64::MAX, 0),
            (Duration::ZERO, 0, u64::MAX),
            (Duration::from_nanos(1), u64::MAX, u64::MAX),
            (end, 0, 0),
            (end, u64::MAX, u64::MAX),
        ] {
            meter.observe(at, leader, applied);
            if let Some(rates) = meter.rates() {
                assert!(rates.leader_per_second.is_finite() && rates.leader_per_second >= 0.0);
                assert!(rates.applied_per_second.is_finite() && rates.applied_per_second >= 0.0);
            }
        }
    }
}
