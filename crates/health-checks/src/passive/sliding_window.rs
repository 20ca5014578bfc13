//! What was recorded within a sliding window, in parts that are forgotten one by one.
//!
//! Pure: it is told the time, and judges nothing.

use std::time::Duration;

use hdrhistogram::Histogram;

/// In how many parts a window slides on.
const PARTS: u32 = 10;
/// Two digits: a quantile is within 1 % of the truth.
const DIGITS: u8 = 2;
/// The longest latency that is told apart, in microseconds: an hour. It bounds the
/// memory of a histogram to some 15 KB.
const LONGEST_US: u64 = 3_600_000_000;

/// Counts in one part of the window, or over all of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    pub(super) samples: u64,
    pub(super) errors: u64,
    /// Of the latencies in microseconds; `None` before the first.
    latencies: Option<Histogram<u32>>,
}

impl Counts {
    fn record(&mut self, ok: bool, latency: Duration) {
        self.samples = self.samples.saturating_add(1);
        self.errors = self.errors.saturating_add(u64::from(!ok));
        let us = u64::try_from(latency.as_micros()).unwrap_or(u64::MAX);
        if self.latencies.is_none() {
            self.latencies = Histogram::new_with_bounds(1, LONGEST_US, DIGITS).ok();
        }
        if let Some(latencies) = &mut self.latencies {
            latencies.saturating_record(us);
        }
    }

    /// Forgets all, and keeps the memory.
    fn clear(&mut self) {
        (self.samples, self.errors) = (0, 0);
        if let Some(latencies) = &mut self.latencies {
            latencies.reset();
        }
    }

    /// Adds what `other` has counted.
    pub(super) fn add(&mut self, other: &Self) {
        self.samples = self.samples.saturating_add(other.samples);
        self.errors = self.errors.saturating_add(other.errors);
        match (&mut self.latencies, &other.latencies) {
            // Both have the same bounds.
            (Some(mine), Some(theirs)) => {
                let _ = mine.add(theirs);
            }
            (mine @ None, theirs) => mine.clone_from(theirs),
            (Some(_), None) => {}
        }
    }

    /// The latency below which this share of the samples is; `None` without samples.
    pub(super) fn quantile(&self, share: f64) -> Option<Duration> {
        let latencies = self.latencies.as_ref().filter(|all| !all.is_empty())?;
        let us = latencies.value_at_quantile(share);
        Some(Duration::from_micros(us))
    }
}

/// A window that slides on with time, by a tenth of its length.
#[derive(Debug)]
pub(super) struct SlidingWindow {
    part_length: Duration,
    /// Each with the number of the part of all time that it counts.
    parts: Vec<(u64, Counts)>,
}

impl SlidingWindow {
    pub(super) fn new(length: Duration) -> Self {
        Self {
            part_length: (length / PARTS).max(Duration::from_nanos(1)),
            parts: Vec::new(),
        }
    }

    /// Counts one sample at `now`, which is the time since any fixed moment.
    pub(super) fn record(&mut self, now: Duration, ok: bool, latency: Duration) {
        let number = self.number(now);
        if let Some((_, counts)) = self.parts.iter_mut().find(|(at, _)| *at == number) {
            return counts.record(ok, latency);
        }
        // One that is too old makes room. Its memory is used again.
        let old = self.parts.iter_mut().find(|(at, _)| !within(*at, number));
        if let Some((at, counts)) = old {
            *at = number;
            counts.clear();
            counts.record(ok, latency);
        } else {
            let mut counts = Counts::default();
            counts.record(ok, latency);
            self.parts.push((number, counts));
        }
    }

    /// Adds what was recorded within the window that ends at `now` to `sum`.
    pub(super) fn add_to(&self, now: Duration, sum: &mut Counts) {
        let number = self.number(now);
        for (at, counts) in &self.parts {
            if within(*at, number) {
                sum.add(counts);
            }
        }
    }

    fn number(&self, now: Duration) -> u64 {
        let number = now.as_nanos() / self.part_length.as_nanos().max(1);
        u64::try_from(number).unwrap_or(u64::MAX)
    }
}

/// Whether the part is one of the window's, if `now` is its newest. A part that is
/// newer was recorded by a thread that read the clock later.
fn within(part: u64, now: u64) -> bool {
    part > now || now - part < u64::from(PARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WINDOW: Duration = Duration::from_mins(1);

    fn counts(window: &SlidingWindow, at: u64) -> (u64, u64) {
        let mut sum = Counts::default();
        window.add_to(Duration::from_secs(at), &mut sum);
        (sum.samples, sum.errors)
    }

    #[test]
    fn it_slides_by_parts() {
        let mut window = SlidingWindow::new(WINDOW);
        let ms = Duration::from_millis;
        for (at, ok) in [(0, true), (3, false), (6, true), (59, false)] {
            window.record(Duration::from_secs(at), ok, ms(1));
        }
        for (at, expected) in [
            (59, (4, 2)),
            (60, (2, 1)),
            (65, (2, 1)),
            (66, (1, 1)),
            (113, (1, 1)),
            (114, (0, 0)),
            (1_000_000, (0, 0)),
        ] {
            assert_eq!(counts(&window, at), expected, "at {at} s");
        }
        // A thread that read the clock long before is still counted.
        assert_eq!(counts(&window, 50), (4, 2));
    }

    #[test]
    fn the_memory_is_bounded_however_long_it_runs() {
        let mut window = SlidingWindow::new(WINDOW);
        for second in 0..100_000 {
            window.record(Duration::from_secs(second), true, WINDOW);
        }
        assert_eq!(window.parts.len(), PARTS as usize);
        let bytes: usize = window
            .parts
            .iter()
            .filter_map(|(_, counts)| counts.latencies.as_ref())
            .map(|histogram| histogram.distinct_values() * size_of::<u32>())
            .sum();
        assert!(bytes <= PARTS as usize * 15_000, "{bytes}");
    }

    #[test]
    fn quantiles_of_any_latency() {
        let mut counts = Counts::default();
        assert_eq!(counts.quantile(0.5), None);
        for us in 1..=1000 {
            counts.record(true, Duration::from_micros(us));
        }
        for (share, us) in [(0.5, 500), (0.95, 950), (0.99, 990), (1.0, 1000)] {
            let found = u64::try_from(counts.quantile(share).unwrap().as_micros()).unwrap();
            assert!(found.abs_diff(us) * 100 <= us, "{share}: {found}");
        }
        for (latency, least, most) in [
            (Duration::ZERO, 0, 1),
            (Duration::from_nanos(1), 0, 1),
            (Duration::MAX, 3_560_000_000, 3_640_000_000),
        ] {
            let mut counts = Counts::default();
            counts.record(false, latency);
            let us = counts.quantile(0.99).unwrap().as_micros();
            assert!((least..=most).contains(&us), "{latency:?}: {us}");
        }
    }

    #[test]
    fn sums_of_windows() {
        let (mut one, mut other) = (SlidingWindow::new(WINDOW), SlidingWindow::new(WINDOW));
        let now = Duration::from_secs(1);
        for _ in 0..3 {
            one.record(now, true, Duration::from_millis(10));
            other.record(now, false, Duration::from_millis(900));
        }
        let mut sum = Counts::default();
        one.add_to(now, &mut sum);
        other.add_to(now, &mut sum);
        assert_eq!((sum.samples, sum.errors), (6, 3));
        let [low, high] = [0.5, 0.9].map(|share| sum.quantile(share).unwrap().as_millis());
        assert!((9..12).contains(&low) && (890..920).contains(&high));
    }
}
