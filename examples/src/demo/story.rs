//! Two logs in one process, and what happens to the one that follows the other.
//!
//! Time is an argument; it watches nothing.

use std::time::Duration;

use health_lag::Sample;

/// Between two looks at the logs.
pub const STEP: Duration = Duration::from_millis(250);
/// When the story ends.
pub const END: Duration = Duration::from_secs(220);

/// A part of the story.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chapter {
    /// What happens to the follower.
    pub name: &'static str,
    /// When it begins, in seconds.
    pub from: u32,
    /// How many entries it can apply in a second.
    pub capacity: u32,
}

/// The story.
pub const CHAPTERS: [Chapter; 5] = [
    chapter("keeps up", 0, 1_600),
    chapter("slowed", 40, 350),
    chapter("recovers", 90, 2_600),
    chapter("stopped", 120, 0),
    chapter("resumed", 170, 2_600),
];

const fn chapter(name: &'static str, from: u32, capacity: u32) -> Chapter {
    Chapter {
        name,
        from,
        capacity,
    }
}

/// The chapter of a time.
pub fn chapter_at(at: Duration) -> Chapter {
    let begun = |it: &&Chapter| at >= Duration::from_secs(it.from.into());
    let [first, ..] = CHAPTERS;
    CHAPTERS.iter().rev().find(begun).copied().unwrap_or(first)
}

/// A log that writes, and one that copies it entry by entry.
#[derive(Debug, Default)]
pub struct Logs {
    leader: Vec<u64>,
    follower: Vec<u64>,
    steps: u64,
}

impl Logs {
    /// Lets a step of time pass up to `at`: the leader writes, and the follower applies what it can.
    pub fn step(&mut self, at: Duration) -> Sample {
        self.steps += 1;
        // About 1,000 a second, in a rhythm that does not repeat soon.
        let written = 210 + (self.steps * 37) % 81;
        let next = self.leader.len() as u64;
        self.leader.extend(next..next + written);
        let capacity = u64::from(chapter_at(at).capacity) / 4;
        // It is at work on what has just been written: that much is always in flight.
        let settled = self.leader.len().saturating_sub(120);
        let from = self.follower.len();
        let to = settled
            .min(from + usize::try_from(capacity).unwrap_or(0))
            .max(from);
        self.follower
            .extend(self.leader.get(from..to).unwrap_or_default());
        Sample::new(self.leader.len() as u64, self.follower.len() as u64)
    }

    /// Whether the follower holds what the leader does, as far as it has come.
    pub fn agree(&self) -> bool {
        self.leader.starts_with(&self.follower)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_follower_falls_behind_stops_and_catches_up() {
        let mut logs = Logs::default();
        let mut behind = Vec::new();
        let mut at = Duration::ZERO;
        while at < END {
            at += STEP;
            behind.push(logs.step(at).behind());
            assert!(logs.agree());
        }
        let second = |second: usize| behind[4 * second - 1];
        assert!(second(39) < 500);
        assert!(second(89) > 25_000);
        assert!(second(119) < 500);
        assert!(second(169) > 45_000);
        assert!(second(219) < 500);
    }

    #[test]
    fn chapters_by_their_time() {
        for (second, name) in [
            (0, "keeps up"),
            (40, "slowed"),
            (119, "recovers"),
            (500, "resumed"),
        ] {
            assert_eq!(chapter_at(Duration::from_secs(second)).name, name);
        }
    }
}
