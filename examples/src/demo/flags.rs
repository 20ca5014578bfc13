//! The flags of `lag_demo`: how fast, and where the plot goes.
//!
//! It prints nothing, and writes nothing.

use std::ffi::OsString;
use std::path::PathBuf;

use lexopt::{Arg, Parser, ValueExt};
use thiserror::Error;

/// What `--help` prints.
pub const HELP: &str = "\
Two logs in one process: a leader that writes, and a follower that is slowed,
stopped and resumed. Prints how the follower is as time passes, and then draws a
plot of its lag, of what was forecast, and of the alerts.

Usage: lag_demo [FLAGS]

  --speed N           so many times as fast as real; the story takes 220 s
                      [default: 10]
  --fast              as fast as it goes
  --svg PATH          where the plot goes [default: lag_demo.svg]
  --help              this text
";

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Flags {
    /// How many times as fast as real; `None`: as fast as it goes.
    pub speed: Option<f64>,
    /// Where the plot goes.
    pub svg: PathBuf,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            speed: Some(10.0),
            svg: PathBuf::from("lag_demo.svg"),
        }
    }
}

/// What the command line says.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Print the help.
    Help,
    /// Tell the story.
    Run(Flags),
}

/// Why the command line is refused.
#[derive(Debug, Error)]
pub enum FlagError {
    /// An unknown flag, a missing value, or text that is not Unicode.
    #[error("{0}")]
    Arguments(#[from] lexopt::Error),
    /// Not a speed.
    #[error("--speed: {0:?} is no number from 0.1 to 10000; for no waiting at all, say --fast")]
    Speed(String),
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
            Arg::Long("speed") => {
                let text = parser.value()?.string()?;
                let speed = text.parse().ok();
                let speed = speed.filter(|it| (0.1..=10_000.0).contains(it));
                flags.speed = Some(speed.ok_or(FlagError::Speed(text))?);
            }
            Arg::Long("fast") => flags.speed = None,
            Arg::Long("svg") => flags.svg = parser.value()?.into(),
            Arg::Long("help") | Arg::Short('h') => return Ok(Command::Help),
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Command::Run(flags))
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
        assert_eq!(parsed("--help").unwrap(), Command::Help);
        let expected = Flags {
            speed: None,
            svg: PathBuf::from("/tmp/a b.svg".replace(' ', "_")),
        };
        assert_eq!(
            parsed("--speed 2.5 --fast --svg /tmp/a_b.svg").unwrap(),
            Command::Run(expected)
        );
    }

    #[test]
    fn bad_ones_are_named() {
        for (line, word) in [
            ("--speed 0", "\"0\""),
            ("--speed nan", "\"nan\""),
            ("--speed", "speed"),
            ("--svg", "svg"),
            ("--slow", "--slow"),
        ] {
            let error = parsed(line).unwrap_err().to_string();
            assert!(error.contains(word), "{line}: {error}");
        }
        assert!(HELP.lines().all(|line| line.chars().count() <= 80));
    }
}
