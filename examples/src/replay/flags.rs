//! The flags of `lag_replay`: what may be asked for, and what is refused.
//!
//! It prints nothing, and reads nothing.

use std::ops::RangeInclusive;
use std::time::Duration;

use crate::command_line::{Command, CommandLine, FlagError};

/// What `--help` prints.
pub const HELP: &str = "\
Replays a recorded replication through the monitor, at the recorded times, and
writes what it said at each row.

Usage: lag_replay [FLAGS] < trace.csv > report.csv

  --horizon LIST      how far ahead to forecast: plain seconds, or 500ms, 2s,
                      1m, with commas between [default: 10,30,60; at most 16]
  --threshold DUR     the critical limit, whose breach is predicted; the warning
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
  forecast_N          lag after the horizon N, as it was written; lo_N and hi_N:
                      where it lies of 90 %
  breach_in_secs      when the lag reaches the threshold; 0 if it has; empty if
                      it will not, or that is not known
  catch_up_in_secs    when it will have caught up, likewise
  alerts              what was said since the row before: kind:event, joined by
                      `|`, such as lag:firing

What time alone changes between two rows shows at the later one: its alerts, and
no_data. It is stalled only where the row itself shows that it did not get on.

Ends with 0; with 1 if something is wrong with the input or output, with 2 if
it is with the flags.

Example:
  lag_replay --horizon 10,30,60 \\
      < crates/health-lag/tests/data/pg_replication_lag.csv
";

const MOST_HORIZONS: usize = 16;
/// Up to ten years, as for every limit of a monitor.
const TIMES: RangeInclusive<Duration> =
    Duration::from_millis(1)..=Duration::from_hours(24 * 365 * 10);

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

/// Reads the command line.
pub fn parse(mut line: CommandLine) -> Result<Command<Flags>, FlagError> {
    let mut flags = Flags::default();
    while let Some(flag) = line.flag()? {
        match flag.as_str() {
            "help" => return Ok(Command::Help),
            "horizon" => flags.horizons = horizons(&mut line)?,
            "threshold" => flags.threshold = time(&line.text()?, &line)?,
            "skip-bad" => flags.skip_bad = true,
            _ => return Err(line.unknown()),
        }
    }
    Ok(Command::Run(flags))
}

fn horizons(line: &mut CommandLine) -> Result<Vec<Horizon>, FlagError> {
    let list = line.text()?;
    let mut horizons: Vec<Horizon> = Vec::new();
    for text in list.split(',').map(str::trim) {
        let time = time(text, line)?;
        if horizons.iter().any(|it| it.text == text) {
            return Err(line.refuse(format_args!(
                "{text:?} stands twice; its columns would have one name"
            )));
        }
        horizons.push(Horizon {
            text: text.to_owned(),
            time,
        });
    }
    match horizons.len() {
        many if many > MOST_HORIZONS => Err(line.refuse(format_args!(
            "{many} are too many; {MOST_HORIZONS} is the most"
        ))),
        _ => Ok(horizons),
    }
}

/// One of the times in a value.
fn time(text: &str, line: &CommandLine) -> Result<Duration, FlagError> {
    line.duration_of(text, TIMES)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &'static str) -> Result<Command<Flags>, FlagError> {
        parse(CommandLine::new(line.split_whitespace()))
    }

    #[test]
    fn good_ones() {
        assert_eq!(parsed("").unwrap(), Command::Run(Flags::default()));
        assert_eq!(parsed("--skip-bad --help").unwrap(), Command::Help);
        let line = "--horizon 5,0.5,2h,7200 --threshold=12500ms --skip-bad";
        let Command::Run(flags) = parsed(line).unwrap() else {
            panic!("not run")
        };
        let horizons: Vec<_> = flags.horizons.iter().map(|it| it.text.as_str()).collect();
        assert_eq!(horizons, ["5", "0.5", "2h", "7200"]);
        assert_eq!(flags.threshold, Duration::from_millis(12_500));
        assert!(flags.skip_bad);
    }

    #[test]
    fn bad_ones_are_named() {
        for (line, word) in [
            ("--horizon", "horizon"),
            ("--horizon 10,,30", "--horizon: \"\""),
            ("--horizon 10,x", "\"x\""),
            ("--horizon 0", "\"0\" is out of range; give 1ms to 87600h"),
            ("--horizon 1e9", "\"1e9\" is no duration"),
            ("--horizon 9999999999", "out of range"),
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
