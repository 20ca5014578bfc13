//! Decides whether the application has stalled, from its signs of life (beats) and the
//! observer's own ticks.
//!
//! It reads no clock: a suspended machine stops ticks and beats alike, so that waking up is no
//! stall. It does not tick.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Ticks of silence after which an application is asked for a sign of life. One less than fail
/// readiness, and one more than pass between the wakes of an application that runs checks.
pub(crate) const ASK_AFTER: u32 = 2;

/// How long the application may be silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StallLimits {
    readiness: Duration,
    liveness: Duration,
}

impl Default for StallLimits {
    fn default() -> Self {
        Self {
            readiness: Duration::from_secs(3),
            liveness: Duration::from_secs(10),
        }
    }
}

impl StallLimits {
    /// After this silence readiness fails: 3 s.
    pub fn readiness(mut self, limit: Duration) -> Self {
        self.readiness = limit;
        self
    }

    /// After this silence liveness fails: 10 s.
    pub fn liveness(mut self, limit: Duration) -> Self {
        self.liveness = limit;
        self
    }

    /// Time between ticks: a third of the shorter limit, between 10 ms and 1 s.
    pub fn interval(&self) -> Duration {
        (self.readiness.min(self.liveness) / 3)
            .clamp(Duration::from_millis(10), Duration::from_secs(1))
    }
}

/// What the observer last found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stall {
    /// Readiness fails.
    pub readiness: bool,
    /// Liveness fails.
    pub liveness: bool,
    /// How long the application has been silent, in whole intervals.
    pub stalled_for: Duration,
}

/// The last finding, shared by the observer who writes it and the service that reads it.
#[derive(Debug, Default)]
pub struct StallWatch {
    limits: StallLimits,
    silent_millis: AtomicU64,
}

impl StallWatch {
    /// A watch with these limits, finding nothing until a server with a thread of its own runs it.
    pub fn new(limits: StallLimits) -> Self {
        Self {
            limits,
            silent_millis: AtomicU64::new(0),
        }
    }

    /// What was last found; lock-free.
    pub fn stall(&self) -> Stall {
        judge(
            Duration::from_millis(self.silent_millis.load(Ordering::Relaxed)),
            &self.limits,
        )
    }

    pub(crate) fn limits(&self) -> &StallLimits {
        &self.limits
    }

    pub(crate) fn set(&self, silence: Duration) {
        let millis = u64::try_from(silence.as_millis()).unwrap_or(u64::MAX);
        self.silent_millis.store(millis, Ordering::Relaxed);
    }
}

fn judge(silence: Duration, limits: &StallLimits) -> Stall {
    Stall {
        readiness: silence >= limits.readiness,
        liveness: silence >= limits.liveness,
        stalled_for: silence,
    }
}

/// What the observer remembers from tick to tick.
#[derive(Debug, Default)]
pub(crate) struct Silence {
    beats: u64,
    ticks: u32,
}

impl Silence {
    /// One tick: takes the number of beats so far, and returns the ticks without a new one.
    ///
    /// Only a running application is judged: while it starts or stops, silence is no finding.
    pub(crate) fn tick(&mut self, beats: u64, running: bool) -> u32 {
        if !running || beats != self.beats {
            self.beats = beats;
            self.ticks = 0;
        } else {
            self.ticks = self.ticks.saturating_add(1);
        }
        self.ticks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One letter a tick of a second: `b` a beat before it, `.` none, `s` none while not running,
    /// `z` the machine is suspended, so that neither happens.
    fn findings(story: &str) -> String {
        let limits = StallLimits::default();
        let (mut silence, mut beats) = (Silence::default(), 0);
        let mut found = Stall::default();
        story
            .chars()
            .map(|event| {
                beats += u64::from(event == 'b');
                if event != 'z' {
                    let ticks = silence.tick(beats, event != 's');
                    found = judge(limits.interval() * ticks, &limits);
                }
                match (found.readiness, found.liveness) {
                    (false, false) => '-',
                    (true, false) => 'R',
                    (true, true) => 'L',
                    (false, true) => '!',
                }
            })
            .collect()
    }

    #[test]
    fn table() {
        let cases = [
            ("bbbbb", "-----"),
            // An idle application is asked after two ticks without a beat, and answers.
            ("b..b..bb..b", "-----------"),
            ("b...b", "---R-"),
            ("b..........b", "---RRRRRRRL-"),
            // Suspended for a minute by SIGSTOP: no tick, no beat, nothing found on waking.
            (
                "bbzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzbb",
                "----------------------------------",
            ),
            // On waking, the tick may come before the answer.
            ("b.zzzzzzzzzz.b", "--------------"),
            // Not running: never judged, and the silence before does not count later.
            ("ssssssssssssss", "--------------"),
            ("ss....", "----RR"),
            ("b...sss...", "---R-----R"),
        ];
        for (story, expected) in cases {
            assert_eq!(findings(story), expected, "{story}");
        }
    }

    #[test]
    fn the_interval_is_a_second_or_a_third_of_the_shorter_limit() {
        let ms = Duration::from_millis;
        assert_eq!(StallLimits::default().interval(), ms(1000));
        assert_eq!(
            StallLimits::default().readiness(ms(300)).interval(),
            ms(100)
        );
        assert_eq!(StallLimits::default().readiness(ms(1)).interval(), ms(10));
        assert_eq!(
            StallLimits::default()
                .readiness(ms(60_000))
                .liveness(ms(90_000))
                .interval(),
            ms(1000)
        );
    }

    #[test]
    fn a_watch_reads_what_was_set() {
        let watch = StallWatch::new(StallLimits::default());
        assert_eq!(watch.stall(), Stall::default());
        watch.set(Duration::from_secs(4));
        let stall = watch.stall();
        assert!(stall.readiness && !stall.liveness);
        assert_eq!(stall.stalled_for, Duration::from_secs(4));
    }
}
