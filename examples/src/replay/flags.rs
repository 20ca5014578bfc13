//! The flags of `lag_replay`: what may be asked for, and what is refused.
//!
//! It prints nothing, and reads nothing.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use thiserror::Error;

/// What `--help` prints.
pub const HELP: &str = "\
Replays a recorded replication through the monitor, at the recorded times, and
writes what it said at each row.

Usage: lag_replay [FLAGS] < trace.csv > report.csv

  --horizon LIST      how far ahead to forecast, in seconds
                      [default: 10,30,60; at most 16]
  --threshold SECS    the critical limit, whose breach is predicted; the warning
                      limit is 5 s, or half of it if that is less [default: 30]
  --skip-bad          leave bad rows out, and count them on stderr; without it
                      the first one ends the replay
  --help              this text

In: CSV with a header. The columns `t_secs` (seconds, growing), `leader_pos` and
`applied_pos` (positions; a fraction is cut off) are found by their names, and
further ones are ignored.

Out: CSV, a row for each:

  t_secs              as it was read
  lag_secs            age of the oldest entry not applied; the least that it can
                      be, where the trace does not reach back far enough
  level               normal, warning, critical
  conditions          stalled, no_data, follower_ahead, reset, joined by `|`
  forecast_N          lag in N seconds; lo_N and hi_N: where it lies of 90 %
  breach_in_secs      when the lag reaches the threshold; 0 if it has; empty if
                      it will not, or that is not known
  catch_up_in_secs    when it will have caught up, likewise
  alerts              what was said since the row before: kind:event, joined by
                      `|`, such as lag:firing

What time alone changes between two rows shows at the later one.

Ends with 0; with 1 if something is wrong with the input or output, with 2 if
it is with the flags.

Example:
  lag_replay --horizon 10,30,60 \\
      < crates/health-lag/tests/data/pg_replication_lag.csv
";

const MOST_HORIZONS: usize = 16;
/// Ten years, as for every limit of a monitor.
const MOST_SECONDS: f64 = 315_360_000.0;

/// How far ahead to forecast.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Horizon {
    /// As it was written, for the names of the columns.
    pub text: String,
    /// The time.
    pub time: Duration,
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flags {
    /// How far ahead to forecast, in the order given.
    pub horizons: Vec<Horizon>,
    /// The critical limit.
    pub threshold: Duration,
    /// Whether bad rows are left out.
    pub skip_bad: bool,
}

impl Default for Flags {
    fn default() -> Self {
        let horizon = |seconds: u64| Horizon {
            text: seconds.to_string(),
            time: Duration::from_secs(seconds),
        };
        Self {
            horizons: [10, 30, 60].map(horizon).to_vec(),
            threshold: Duration::from_secs(30),
            skip_bad: false,
        }
    }
}

/// What the command line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Print the help.
    Help,
    /// Replay.
    Run(Flags),
}

/// Why the command line is refused.
#[derive(Debug, Error)]
pub enum FlagError {
    /// An unknown flag, a missing value, or text that is not Unicode.
    #[error("{0}")]
    Arguments(#[from] lexopt::Error),
    /// Not a list of times.
    #[error("--horizon: {0:?} is no number of seconds over 0, or is too large; write 10,30,60")]
    Horizon(String),
    /// The same twice.
    #[error("--horizon: {0:?} stands twice; its columns would have one name")]
    Repeated(String),
    /// Too many.
    #[error("--horizon: {0} are too many; {MOST_HORIZONS} is the most")]
    Horizons(usize),
    /// Not a time.
    #[error("--threshold: {0:?} is no number of seconds over 0, or is too large; write 30")]
    Threshold(String),
}

/// Reads the arguments that follow the program's name.
pub fn parse<I>(arguments: I) -> Result<Command, FlagError>
where
    I: IntoIterator,
    I::Item: Into<OsString>,
    I::IntoIter: 'static,
{
    let mut parser = Parser::from_args(arguments);
    let mut flags = Flags::default();
    while let Some(argument) = parser.next()? {
        match argument {
            Arg::Long("horizon") => flags.horizons = horizons(&parser.value()?.string()?)?,
            Arg::Long("threshold") => {
                let text = parser.value()?.string()?;
                flags.threshold = seconds(&text).ok_or(FlagError::Threshold(text))?;
            }
            Arg::Long("skip-bad") => flags.skip_bad = true,
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Run(flags))
}

fn horizons(list: &str) -> Result<Vec<Horizon>, FlagError> {
    let mut horizons: Vec<Horizon> = Vec::new();
    for text in list.split(',').map(str::trim) {
        let time = seconds(text).ok_or_else(|| FlagError::Horizon(text.to_owned()))?;
        if horizons.iter().any(|it| it.text == text) {
            return Err(FlagError::Repeated(text.to_owned()));
        }
        horizons.push(Horizon {
            text: text.to_owned(),
            time,
        });
    }
    if horizons.len() > MOST_HORIZONS {
        return Err(FlagError::Horizons(horizons.len()));
    }
    Ok(horizons)
}

fn seconds(text: &str) -> Option<Duration> {
    let plain = text.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    let seconds: f64 = text.parse().ok().filter(|_| plain)?;
    let time = Duration::try_from_secs_f64(seconds).ok()?;
    (!time.is_zero() && seconds <= MOST_SECONDS).then_some(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Command, FlagError> {
        parse(
            line.split_whitespace()
                .map(str::to_owned)
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn good_ones() {
        assert_eq!(parsed("").unwrap(), Command::Run(Flags::default()));
        assert_eq!(parsed("--skip-bad --help").unwrap(), Command::Help);
        let line = "--horizon 5,0.5,7200 --threshold=12.5 --skip-bad";
        let Command::Run(flags) = parsed(line).unwrap() else {
            panic!("not run")
        };
        let horizons: Vec<_> = flags.horizons.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(horizons, ["5", "0.5", "7200"]);
        assert_eq!(flags.threshold, Duration::from_millis(12_500));
        assert!(flags.skip_bad);
    }

    #[test]
    fn bad_ones_are_named() {
        for (line, word) in [
            ("--horizon", "horizon"),
            ("--horizon 10,,30", "--horizon: \"\""),
            ("--horizon 10,x", "\"x\""),
            ("--horizon 0", "\"0\""),
            ("--horizon -5", "\"-5\""),
            ("--horizon inf", "\"inf\""),
            ("--horizon 1e3", "\"1e3\""),
            ("--horizon 10,10", "twice"),
            (
                "--horizon 1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
                "too many",
            ),
            ("--threshold nan", "--threshold"),
            ("--threshold 99999999999", "--threshold"),
            ("--nope", "--nope"),
            ("trace.csv", "trace.csv"),
        ] {
            let error = parsed(line).unwrap_err().to_string();
            assert!(error.contains(word), "{line}: {error}");
            assert_eq!(error.lines().count(), 1, "{line}: {error}");
        }
    }

    #[test]
    fn the_help_names_every_flag_and_fits_a_terminal() {
        for flag in ["--horizon", "--threshold", "--skip-bad", "--help"] {
            assert!(HELP.contains(flag), "{flag}");
        }
        assert!(HELP.lines().all(|line| line.chars().count() <= 80));
    }
}
