//! What a part of this very process cost: CPU time of all its threads, wall time, memory grown.
//!
//! For the binaries whose cost is measured from within; it judges nothing.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::clock::Stopwatch;
use crate::procfs;

/// What has been spent so far.
#[derive(Clone, Copy, Debug)]
pub struct Spent {
    /// CPU time of all threads.
    pub cpu: Duration,
    /// Time on the clock.
    pub wall: Duration,
}

/// Runs from its start to its report, save where it is paused.
#[derive(Debug)]
pub struct Meter {
    since: Option<(Duration, Stopwatch)>,
    cpu: Duration,
    wall: Duration,
    rss_kib: u64,
}

impl Meter {
    /// Begins to measure.
    pub fn start() -> Self {
        let mut meter = Self::paused();
        meter.resume();
        meter
    }

    /// Measures from the first [`resume`](Self::resume) on.
    pub fn paused() -> Self {
        Self {
            since: None,
            cpu: Duration::ZERO,
            wall: Duration::ZERO,
            rss_kib: rss_kib(),
        }
    }

    /// Goes on measuring.
    pub fn resume(&mut self) {
        self.since = Some((cpu(), Stopwatch::start()));
    }

    /// Leaves out what follows.
    pub fn pause(&mut self) {
        if let Some((since, watch)) = self.since.take() {
            self.cpu += cpu().saturating_sub(since);
            self.wall += watch.elapsed();
        }
    }

    /// Pauses, and gives what was spent.
    pub fn spent(&mut self) -> Spent {
        self.pause();
        Spent {
            cpu: self.cpu,
            wall: self.wall,
        }
    }

    /// What was spent on `count` things: lines of a word and a number.
    pub fn report(&mut self, count: u64) -> String {
        let spent = self.spent();
        let (cpu, wall) = (spent.cpu.as_nanos(), spent.wall.as_nanos());
        let rss_kib = rss_kib().saturating_sub(self.rss_kib);
        format!("count {count}\nwall_ns {wall}\ncpu_ns {cpu}\nrss_kib {rss_kib}\n")
    }
}

/// CPU time of this process, threads that have ended included.
fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        time.tv_sec.unsigned_abs(),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

fn rss_kib() -> u64 {
    procfs::rss_kib(std::process::id()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn work() {
        let sum: u64 = std::hint::black_box((0..200_000_u64).map(|n| n ^ (n << 3)).sum());
        assert!(sum > 0);
    }

    #[test]
    fn work_costs_cpu_time_and_is_reported_by_name() {
        let mut meter = Meter::start();
        work();
        let report = meter.report(7);
        let words: Vec<_> = report
            .lines()
            .filter_map(|line| line.split(' ').next())
            .collect();
        assert_eq!(words, ["count", "wall_ns", "cpu_ns", "rss_kib"]);
        assert!(!report.contains("cpu_ns 0\n"), "{report}");
    }

    #[test]
    fn what_is_done_in_a_pause_is_left_out() {
        let mut meter = Meter::paused();
        work();
        assert!(meter.report(1).contains("cpu_ns 0\n"));
    }
}
