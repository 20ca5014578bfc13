//! The flags on shutting down that `node` and `graceful` share, and what they come to.
//!
//! It reads no other flag, and begins nothing.

use std::time::Duration;

use health_core::Health;
use health_shutdown::{CriticalPolicy, Mode, Shutdown, ShutdownBuilder, Signals};

use crate::command_line::{ANY_TIME, CommandLine, FlagError};

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

const MODES: [(&str, Mode); 3] = [
    ("off", Mode::Off),
    ("dry-run", Mode::DryRun),
    ("enforce", Mode::Enforce),
];

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

impl ShutdownFlags {
    /// Takes the flag in hand with its value, if it is one of these; `mode` is short for
    /// `critical-mode`.
    pub fn take(&mut self, flag: &str, line: &mut CommandLine) -> Result<bool, FlagError> {
        match flag {
            "drain-delay" => self.drain_delay = Some(line.duration(ANY_TIME)?),
            "deadline" => self.deadline = line.duration(ANY_TIME)?,
            "critical-mode" | "mode" => self.mode = line.one_of(&MODES)?,
            "critical-after" => self.after = line.number(1..=u32::MAX)?,
            "critical-sustained" => self.sustained = line.duration(ANY_TIME)?,
            "critical-grace" => self.grace = line.duration(ANY_TIME)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Checks that the flags agree with each other.
    pub fn check(&self) -> Result<(), FlagError> {
        if self.deadline.is_zero() {
            return Err(FlagError::new(
                "--deadline: a shutdown takes some time; give more than 0",
            ));
        }
        match self.drain_delay {
            Some(delay) if delay >= self.deadline => Err(FlagError::new(format!(
                "--drain-delay: {delay:?} leaves nothing of the deadline of {:?}; shorten it",
                self.deadline
            ))),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(name: &str, value: &str) -> Result<ShutdownFlags, FlagError> {
        let mut line = CommandLine::new([format!("--{name}"), value.to_owned()]);
        let mut flags = ShutdownFlags::default();
        let name = line.flag()?.unwrap();
        assert!(flags.take(&name, &mut line)?, "{name}");
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
        let mut line = CommandLine::new(["--listen", "x"]);
        line.flag().unwrap();
        assert_eq!(
            ShutdownFlags::default().take("listen", &mut line),
            Ok(false)
        );
        assert_eq!(line.text().as_deref(), Ok("x"), "the value is left alone");
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
            (
                "critical-grace",
                "25h",
                "--critical-grace: \"25h\" is out of range; give 0 to 24h",
            ),
            (
                "critical-mode",
                "maybe",
                "--critical-mode: \"maybe\" is none of off, dry-run, enforce",
            ),
            ("critical-after", "0", "--critical-after: \"0\""),
            ("critical-after", "-1", "--critical-after: \"-1\""),
        ] {
            let error = taken(name, value).unwrap_err().to_string();
            assert!(error.contains(word), "{name} {value}: {error}");
            assert_eq!(error.lines().count(), 1);
        }
    }
}
