//! The flags of `graceful`: what is to go wrong while it shuts down.
//!
//! It opens, hangs and prints nothing.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use thiserror::Error;

use crate::duration::{self, DurationError};
use crate::shutdown_flags::{ShutdownFlag, ShutdownFlagError, ShutdownFlags, help};

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

/// What the command line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Print the help.
    Help,
    /// Run the service.
    Run(Flags),
}

/// Why the command line is refused.
#[derive(Debug, Error)]
pub enum FlagError {
    /// An unknown flag, a missing value, or text that is not Unicode.
    #[error("{0}")]
    Arguments(#[from] lexopt::Error),
    /// Not a duration.
    #[error("--{flag}: {source}")]
    Duration {
        /// The flag.
        flag: &'static str,
        /// Why not.
        source: DurationError,
    },
    /// None of the parts.
    #[error("--{flag}: {part:?} is no part; write {parts}")]
    Part {
        /// The flag.
        flag: &'static str,
        /// What was written.
        part: String,
        /// What may be.
        parts: &'static str,
    },
    /// A flag on shutting down.
    #[error(transparent)]
    Shutdown(#[from] ShutdownFlagError),
}

/// Reads the arguments that follow the program's name.
pub fn parse<I>(arguments: I) -> Result<Command, FlagError>
where
    I: IntoIterator,
    I::Item: Into<OsString>,
    I::IntoIter: 'static,
{
    let mut parser = Parser::from_args(arguments);
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
    while let Some(argument) = parser.next()? {
        if let Arg::Long(name) = argument
            && let Some(flag) = ShutdownFlag::named(name)
        {
            flags.shutdown.set(flag, text(&mut parser)?)?;
            continue;
        }
        match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Long("listen") => flags.listen = text(&mut parser)?,
            Arg::Long("health") => flags.health = text(&mut parser)?,
            Arg::Long("hang") => flags.hang = Some(part("hang", text(&mut parser)?)?),
            Arg::Long("panic") => flags.panic = Some(part("panic", text(&mut parser)?)?),
            Arg::Long("block-runtime") => flags.block_runtime = true,
            Arg::Long("slow-start") => flags.slow_start = time("slow-start", &mut parser)?,
            Arg::Long("fail-critical-after") => {
                flags.fail_critical_after = Some(time("fail-critical-after", &mut parser)?);
            }
            Arg::Long("fail-live-after") => {
                flags.fail_live_after = Some(time("fail-live-after", &mut parser)?);
            }
            Arg::Long("reload-on-hangup") => flags.reload_on_hangup = true,
            Arg::Long("quit-at-once") => flags.quit_at_once = true,
            Arg::Long("panic-after") => {
                flags.panic_after = Some(time("panic-after", &mut parser)?);
            }
            other => return Err(other.unexpected().into()),
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

fn text(parser: &mut Parser) -> Result<String, lexopt::Error> {
    parser.value()?.string()
}

fn time(flag: &'static str, parser: &mut Parser) -> Result<Duration, FlagError> {
    duration::parse(&text(parser)?).map_err(|source| FlagError::Duration { flag, source })
}

fn part(flag: &'static str, part: String) -> Result<Part, FlagError> {
    Ok(match part.as_str() {
        "queue" => Part::Queue,
        "workers" => Part::Workers,
        "pool" => Part::Pool,
        // A hook that hangs is no more than a component that does.
        "hook" if flag == "panic" => Part::Hook,
        _ => {
            let parts = if flag == "panic" {
                "queue, workers, pool or hook"
            } else {
                "queue, workers or pool"
            };
            return Err(FlagError::Part { flag, part, parts });
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Command, FlagError> {
        let arguments: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        parse(arguments)
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
            ("--hang hook", "--hang: \"hook\" is no part"),
            ("--panic all", "--panic: \"all\" is no part"),
            ("--slow-start x", "--slow-start: \"x\""),
            ("--fail-critical-after x", "--fail-critical-after: \"x\""),
            ("--fail-live-after x", "--fail-live-after: \"x\""),
            ("--panic-after", "missing argument"),
            ("--reload-on-hangup=1", "unexpected argument"),
            ("--mode maybe", "--critical-mode: \"maybe\" is no mode"),
            (
                "--critical-after 0",
                "--critical-after: \"0\" is no number of runs",
            ),
            (
                "--drain-delay 1s --deadline 1s",
                "--drain-delay: 1s leaves nothing",
            ),
            ("--nope", "'--nope'"),
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
