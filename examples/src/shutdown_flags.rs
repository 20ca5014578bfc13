//! The flags on shutting down that `node` and `graceful` share, and what they come to.
//!
//! It reads no other flag, and begins nothing.

use std::time::Duration;

use health_core::Health;
use health_shutdown::{CriticalPolicy, Mode, Shutdown, ShutdownBuilder, Signals};
use thiserror::Error;

use crate::duration::{self, DurationError};

/// The part of `--help` on these flags, with the defaults of `--critical-sustained` and
/// `--critical-grace`.
macro_rules! help {
    ($sustained:literal, $grace:literal) => {
        concat!(
            "\
  --drain-delay DUR   how long all is still served once readiness fails; none
                      after Ctrl-C [default: 5s, or a fifth of the deadline
                      if that is shorter]
  --deadline DUR      how long the whole shutdown may take [default: 25s]
  --critical-mode off|dry-run|enforce
                      what a critical check that goes on failing leads to: no
                      more than its status, a line in the log, or a shutdown
                      with exit code 70 [default: off]
  --critical-after N  after so many runs in a row [default: 3],
  --critical-sustained DUR
                      and for so long [default: ",
            $sustained,
            "],
  --critical-grace DUR
                      and not so soon after the start [default: ",
            $grace,
            "]
"
        )
    };
}
pub(crate) use help;

/// How to shut down, and what for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShutdownFlags {
    /// How long everything is still served once readiness fails, if it was said.
    pub drain_delay: Option<Duration>,
    /// How long the whole may take.
    pub deadline: Duration,
    /// What critical failures lead to.
    pub mode: Mode,
    /// After how many runs.
    pub after: u32,
    /// After how long.
    pub sustained: Duration,
    /// How long not, at the start.
    pub grace: Duration,
}

impl Default for ShutdownFlags {
    fn default() -> Self {
        Self {
            drain_delay: None,
            deadline: Duration::from_secs(25),
            mode: Mode::Off,
            after: 3,
            sustained: Duration::from_secs(30),
            grace: Duration::from_mins(1),
        }
    }
}

/// Why one of these flags is refused.
#[derive(Debug, Error)]
pub enum ShutdownFlagError {
    /// Not a duration.
    #[error("--{flag}: {source}")]
    Duration {
        /// The flag.
        flag: &'static str,
        /// Why not.
        source: DurationError,
    },
    /// Longer than a service lives.
    #[error("--{flag}: more than a day; shorten it")]
    TooLong {
        /// The flag.
        flag: &'static str,
    },
    /// No time at all.
    #[error("--deadline: a shutdown takes some time; give more than 0")]
    NoTime,
    /// The delay would use all of it up.
    #[error("--drain-delay: {delay:?} leaves nothing of the deadline of {deadline:?}")]
    NoTimeLeft {
        /// What was asked for.
        delay: Duration,
        /// The whole.
        deadline: Duration,
    },
    /// None of the modes.
    #[error("--critical-mode: {0:?} is no mode; write off, dry-run or enforce")]
    Mode(String),
    /// Not a number of runs.
    #[error("--critical-after: {0:?} is no number of runs from 1 up")]
    After(String),
}

/// One of these flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShutdownFlag {
    /// `--drain-delay`.
    DrainDelay,
    /// `--deadline`.
    Deadline,
    /// `--critical-mode`.
    Mode,
    /// `--critical-after`.
    After,
    /// `--critical-sustained`.
    Sustained,
    /// `--critical-grace`.
    Grace,
}

impl ShutdownFlag {
    /// The flag of this name; `--mode` is short for `--critical-mode`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "drain-delay" => Self::DrainDelay,
            "deadline" => Self::Deadline,
            "critical-mode" | "mode" => Self::Mode,
            "critical-after" => Self::After,
            "critical-sustained" => Self::Sustained,
            "critical-grace" => Self::Grace,
            _ => return None,
        })
    }
}

impl ShutdownFlags {
    /// Sets one of them to what was written after it.
    pub fn set(&mut self, flag: ShutdownFlag, text: String) -> Result<(), ShutdownFlagError> {
        match flag {
            ShutdownFlag::DrainDelay => self.drain_delay = Some(time("drain-delay", &text)?),
            ShutdownFlag::Deadline => self.deadline = time("deadline", &text)?,
            ShutdownFlag::Sustained => self.sustained = time("critical-sustained", &text)?,
            ShutdownFlag::Grace => self.grace = time("critical-grace", &text)?,
            ShutdownFlag::Mode => {
                self.mode = match text.as_str() {
                    "off" => Mode::Off,
                    "dry-run" => Mode::DryRun,
                    "enforce" => Mode::Enforce,
                    _ => return Err(ShutdownFlagError::Mode(text)),
                }
            }
            ShutdownFlag::After => {
                let runs = text.parse().ok().filter(|runs| *runs > 0);
                self.after = runs.ok_or(ShutdownFlagError::After(text))?;
            }
        }
        Ok(())
    }

    /// Checks that the flags agree with each other.
    pub fn check(&self) -> Result<(), ShutdownFlagError> {
        if self.deadline.is_zero() {
            return Err(ShutdownFlagError::NoTime);
        }
        match self.drain_delay {
            Some(delay) if delay >= self.deadline => Err(ShutdownFlagError::NoTimeLeft {
                delay,
                deadline: self.deadline,
            }),
            _ => Ok(()),
        }
    }

    /// How long everything is still served once readiness fails.
    pub fn drain_delay(&self) -> Duration {
        self.drain_delay
            .unwrap_or_else(|| Duration::from_secs(5).min(self.deadline / 5))
    }

    /// The shutdown that they describe, with signals, watchdog, section and systemd.
    pub fn shutdown(&self, health: &Health) -> ShutdownBuilder {
        Shutdown::of(health)
            .deadline(self.deadline)
            .drain_delay(self.drain_delay())
            .signals(Signals::default())
            .watchdog()
            .section()
            .systemd()
    }

    /// What critical failures lead to.
    pub fn policy(&self) -> CriticalPolicy {
        CriticalPolicy::new(self.mode)
            .after(self.after)
            .sustained(self.sustained)
            .grace(self.grace)
            // Replicas fail together where a node alone need not wait.
            .jitter(self.sustained / 10)
    }
}

fn time(flag: &'static str, text: &str) -> Result<Duration, ShutdownFlagError> {
    match duration::parse(text) {
        Ok(time) if time > Duration::from_hours(24) => Err(ShutdownFlagError::TooLong { flag }),
        Ok(time) => Ok(time),
        Err(source) => Err(ShutdownFlagError::Duration { flag, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(name: &str, value: &str) -> Result<ShutdownFlags, ShutdownFlagError> {
        let mut flags = ShutdownFlags::default();
        flags.set(ShutdownFlag::named(name).unwrap(), value.to_owned())?;
        flags.check()?;
        Ok(flags)
    }

    #[test]
    fn good_ones() {
        let with = |change: fn(&mut ShutdownFlags)| {
            let mut flags = ShutdownFlags::default();
            change(&mut flags);
            flags
        };
        for (name, value, expected) in [
            (
                "drain-delay",
                "0",
                with(|f| f.drain_delay = Some(Duration::ZERO)),
            ),
            (
                "deadline",
                "1s",
                with(|f| f.deadline = Duration::from_secs(1)),
            ),
            ("critical-mode", "off", with(|_| ())),
            ("critical-mode", "dry-run", with(|f| f.mode = Mode::DryRun)),
            ("mode", "enforce", with(|f| f.mode = Mode::Enforce)),
            ("critical-after", "7", with(|f| f.after = 7)),
            (
                "critical-sustained",
                "0",
                with(|f| f.sustained = Duration::ZERO),
            ),
            (
                "critical-grace",
                "1m",
                with(|f| f.grace = Duration::from_mins(1)),
            ),
        ] {
            assert_eq!(taken(name, value).unwrap(), expected, "{name} {value}");
        }
        assert_eq!(ShutdownFlag::named("listen"), None);
    }

    #[test]
    fn a_short_deadline_has_a_short_drain_delay_unless_it_is_said() {
        for (name, value, expected) in [
            ("deadline", "25s", Duration::from_secs(5)),
            ("deadline", "1h", Duration::from_secs(5)),
            ("deadline", "2s", Duration::from_millis(400)),
            ("drain-delay", "24s", Duration::from_secs(24)),
            ("drain-delay", "0", Duration::ZERO),
        ] {
            let flags = taken(name, value).unwrap();
            assert_eq!(flags.drain_delay(), expected, "{name} {value}");
        }
    }

    #[test]
    fn bad_ones_are_refused_in_one_line_that_names_the_flag() {
        for (name, value, word) in [
            ("drain-delay", "soon", "--drain-delay: \"soon\""),
            ("drain-delay", "25s", "--drain-delay: 25s leaves nothing"),
            ("deadline", "0", "--deadline: "),
            ("critical-grace", "25h", "--critical-grace: more than a day"),
            ("critical-mode", "maybe", "--critical-mode: \"maybe\""),
            ("critical-after", "0", "--critical-after: \"0\""),
            ("critical-after", "-1", "--critical-after: \"-1\""),
        ] {
            let error = taken(name, value).unwrap_err().to_string();
            assert!(error.contains(word), "{name} {value}: {error}");
            assert_eq!(error.lines().count(), 1);
        }
    }
}
