//! The flags of `graceful`: what is to go wrong while it shuts down.
//!
//! It opens, hangs and prints nothing.

use std::time::Duration;

use crate::command_line::{ANY_TIME, Command, CommandLine, FlagError};
use crate::shutdown_flags::{ShutdownFlags, help};

/// What `--help` prints.
pub const HELP: &str = concat!(
    "\
A service that shuts down in order: HTTP with requests of 50 ms, workers, a
queue that must be flushed, and its health. Stop it with Ctrl-C; a second Ctrl-C
ends it at once. At its end it prints a report: a table on stderr, one line of
JSON on stdout.

Usage: graceful [FLAGS]

  --listen ADDR       where the service listens [default: 127.0.0.1:8081]
  --health ADDR       where its health is asked for [default: 127.0.0.1:8080]
  --hang PART         PART never ends by itself: queue, workers, pool
  --panic PART        stopping PART panics: queue, workers, pool, hook
  --block-runtime     once the shutdown begins, every thread of the runtime is
                      blocked, so that only the watchdog ends it
  --slow-start DUR    initialisation takes so long [default: 0]
  --fail-critical-after DUR
                      the critical check `ledger` fails from then on
  --fail-live-after DUR
                      the check `loop`, on which liveness depends, fails from
                      then on: systemd's watchdog hears no more of the service
  --panic-after DUR   a task of the service panics, which begins a shutdown
  --reload-on-hangup  SIGHUP reloads, which is no more than a line in the log,
                      instead of beginning a shutdown
  --quit-at-once      SIGQUIT ends it at once

",
    help!("3s", "0"),
    "\
  --help              this text

`--mode` is short for `--critical-mode`.

Examples:
  graceful                                   # then Ctrl-C, or two of them
  graceful --hang queue --deadline 8s --drain-delay 1s
  graceful --fail-critical-after 5s --mode dry-run   # or enforce
"
);

/// A part that may hang or panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The queue that is flushed.
    Queue,
    /// The workers.
    Workers,
    /// What is closed at the end.
    Pool,
    /// The hook at the beginning.
    Hook,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flags {
    /// Where the service listens.
    pub listen: String,
    /// Where its health is asked for.
    pub health: String,
    /// What never ends by itself.
    pub hang: Option<Part>,
    /// What panics when it is stopped.
    pub panic: Option<Part>,
    /// Whether the runtime is blocked.
    pub block_runtime: bool,
    /// How long initialisation takes.
    pub slow_start: Duration,
    /// When the critical check begins to fail.
    pub fail_critical_after: Option<Duration>,
    /// When the check that liveness depends on begins to fail.
    pub fail_live_after: Option<Duration>,
    /// Whether SIGHUP reloads.
    pub reload_on_hangup: bool,
    /// Whether SIGQUIT ends it at once.
    pub quit_at_once: bool,
    /// When a task panics.
    pub panic_after: Option<Duration>,
    /// How to shut down.
    pub shutdown: ShutdownFlags,
}

/// What may hang.
const HANG: [(&str, Part); 3] = [
    ("queue", Part::Queue),
    ("workers", Part::Workers),
    ("pool", Part::Pool),
];
/// What may panic. A hook that hangs is no more than a component that does.
const PANIC: [(&str, Part); 4] = [HANG[0], HANG[1], HANG[2], ("hook", Part::Hook)];

/// Reads the command line.
pub fn parse(mut line: CommandLine) -> Result<Command<Flags>, FlagError> {
    let mut flags = Flags {
        listen: "127.0.0.1:8081".to_owned(),
        health: "127.0.0.1:8080".to_owned(),
        hang: None,
        panic: None,
        block_runtime: false,
        slow_start: Duration::ZERO,
        fail_critical_after: None,
        fail_live_after: None,
        reload_on_hangup: false,
        quit_at_once: false,
        panic_after: None,
        shutdown: defaults(),
    };
    while let Some(flag) = line.flag()? {
        match flag.as_str() {
            "help" => return Ok(Command::Help),
            "listen" => flags.listen = line.text()?,
            "health" => flags.health = line.text()?,
            "hang" => flags.hang = Some(line.one_of(&HANG)?),
            "panic" => flags.panic = Some(line.one_of(&PANIC)?),
            "block-runtime" => flags.block_runtime = true,
            "slow-start" => flags.slow_start = line.duration(ANY_TIME)?,
            "fail-critical-after" => flags.fail_critical_after = Some(line.duration(ANY_TIME)?),
            "fail-live-after" => flags.fail_live_after = Some(line.duration(ANY_TIME)?),
            "reload-on-hangup" => flags.reload_on_hangup = true,
            "quit-at-once" => flags.quit_at_once = true,
            "panic-after" => flags.panic_after = Some(line.duration(ANY_TIME)?),
            other if flags.shutdown.take(other, &mut line)? => {}
            _ => return Err(line.unknown()),
        }
    }
    flags.shutdown.check()?;
    Ok(Command::Run(flags))
}

/// Of a service to be tried out: it need not be watched for a minute and a half.
fn defaults() -> ShutdownFlags {
    ShutdownFlags {
        sustained: Duration::from_secs(3),
        grace: Duration::ZERO,
        ..ShutdownFlags::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &'static str) -> Result<Command<Flags>, FlagError> {
        parse(CommandLine::new(line.split_whitespace()))
    }

    #[test]
    fn good_ones() {
        let Ok(Command::Run(flags)) = parse_line(
            "--hang queue --panic hook --fail-critical-after 5s --mode enforce --deadline 9s",
        ) else {
            panic!("refused")
        };
        assert_eq!(
            (flags.hang, flags.panic),
            (Some(Part::Queue), Some(Part::Hook))
        );
        assert_eq!(flags.fail_critical_after, Some(Duration::from_secs(5)));
        assert_eq!(flags.shutdown.deadline, Duration::from_secs(9));
        assert_eq!(parse_line("--help").unwrap(), Command::Help);
    }

    #[test]
    fn bad_ones_are_refused_in_one_line() {
        for (line, word) in [
            (
                "--hang hook",
                "--hang: \"hook\" is none of queue, workers, pool",
            ),
            (
                "--panic all",
                "--panic: \"all\" is none of queue, workers, pool, hook",
            ),
            ("--slow-start x", "--slow-start: \"x\""),
            ("--fail-critical-after x", "--fail-critical-after: \"x\""),
            ("--fail-live-after x", "--fail-live-after: \"x\""),
            ("--panic-after", "--panic-after: a value"),
            ("--reload-on-hangup=1", "it takes no value"),
            ("--mode maybe", "--mode: \"maybe\" is none of"),
            (
                "--critical-after 0",
                "--critical-after: \"0\" is no number from 1 up",
            ),
            (
                "--drain-delay 1s --deadline 1s",
                "--drain-delay: 1s leaves nothing",
            ),
            ("--nope", "\"--nope\""),
        ] {
            let error = parse_line(line).unwrap_err().to_string();
            assert!(error.contains(word), "{line}: {error}");
            assert_eq!(error.lines().count(), 1);
        }
    }

    #[test]
    fn the_help_names_every_flag_and_fits_a_terminal() {
        for flag in [
            "--listen",
            "--health",
            "--hang",
            "--panic",
            "--block-runtime",
            "--slow-start",
            "--fail-critical-after",
            "--fail-live-after",
            "--panic-after",
            "--reload-on-hangup",
            "--quit-at-once",
            "--drain-delay",
            "--deadline",
            "--critical-mode",
        ] {
            assert!(HELP.contains(flag), "{flag}");
        }
        assert!(HELP.lines().all(|line| line.chars().count() <= 80));
    }
}
