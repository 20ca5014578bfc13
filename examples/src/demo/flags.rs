//! The flags of `lag_demo`: how fast, and where the plot goes.
//!
//! It prints nothing, and writes nothing.

use std::path::PathBuf;

use crate::command_line::{Command, CommandLine, FlagError};

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

/// Reads the command line.
pub fn parse(mut line: CommandLine) -> Result<Command<Flags>, FlagError> {
    let mut flags = Flags::default();
    while let Some(flag) = line.flag()? {
        match flag.as_str() {
            "help" => return Ok(Command::Help),
            "speed" => flags.speed = Some(speed(&mut line)?),
            "fast" => flags.speed = None,
            "svg" => flags.svg = line.text()?.into(),
            _ => return Err(line.unknown()),
        }
    }
    Ok(Command::Run(flags))
}

fn speed(line: &mut CommandLine) -> Result<f64, FlagError> {
    let text = line.text()?;
    let speed = text.parse().ok();
    let speed = speed.filter(|it| (0.1..=10_000.0).contains(it));
    speed.ok_or_else(|| {
        line.refuse(format_args!(
            "{text:?} is no number from 0.1 to 10000; for no waiting at all, say --fast"
        ))
    })
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
