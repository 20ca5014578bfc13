//! How a command line is read: one flag after another, its value, and why that is refused.
//!
//! Which flags there are, and what they mean, each program says itself. It prints nothing.

use std::ffi::OsString;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use thiserror::Error;

use crate::duration;

/// How long something may take that takes some time.
pub const SOME_TIME: RangeInclusive<Duration> = Duration::from_millis(1)..=Duration::from_hours(24);
/// How long something may take, or not.
pub const ANY_TIME: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(24);

/// What a command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<F> {
    /// `--help` or `-h`.
    Help,
    /// To run by these flags.
    Run(F),
}

/// Why a command line is refused: one line that names the flag and what may be written.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct FlagError(String);

impl FlagError {
    /// One on the command line as a whole.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// The arguments that follow a program's name.
pub struct CommandLine {
    parser: Parser,
    /// The flag whose value is next, with its dashes.
    flag: String,
}

impl CommandLine {
    /// One of these arguments.
    pub fn new<I>(arguments: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<OsString>,
        I::IntoIter: 'static,
    {
        Self {
            parser: Parser::from_args(arguments),
            flag: String::new(),
        }
    }

    /// The name of the next flag without its dashes; `-h` is short for `help`, and the one short
    /// flag that there is.
    pub fn flag(&mut self) -> Result<Option<String>, FlagError> {
        let name = match self.parser.next().map_err(|error| said(&error))? {
            None => return Ok(None),
            Some(Arg::Long(name)) => name.to_owned(),
            Some(Arg::Short('h')) => "help".to_owned(),
            Some(Arg::Short(letter)) => return Err(unknown(&format!("-{letter}"))),
            Some(Arg::Value(text)) => {
                let text = text.to_string_lossy();
                // A URL may hold a password.
                let shown = if text.contains("://") { "a URL" } else { &text };
                return Err(FlagError(format!(
                    "{shown:?} belongs to no flag; each value follows its flag"
                )));
            }
        };
        self.flag = format!("--{name}");
        Ok(Some(name))
    }

    /// That the flag in hand is none of the program's.
    pub fn unknown(&self) -> FlagError {
        unknown(&self.flag)
    }

    /// That the value of the flag in hand is none, for this reason.
    pub fn refuse(&self, reason: impl Display) -> FlagError {
        FlagError(format!("{}: {reason}", self.flag))
    }

    /// The value of the flag in hand.
    pub fn text(&mut self) -> Result<String, FlagError> {
        let value = self
            .parser
            .value()
            .map_err(|_| self.refuse("a value must follow"))?;
        value
            .string()
            .map_err(|_| self.refuse("its value is no Unicode text"))
    }

    /// A duration of this range as the value, written as [`duration::parse`] takes it.
    pub fn duration(&mut self, range: RangeInclusive<Duration>) -> Result<Duration, FlagError> {
        let text = self.text()?;
        self.duration_of(&text, range)
    }

    /// The same of a part of the value.
    pub fn duration_of(
        &self,
        text: &str,
        range: RangeInclusive<Duration>,
    ) -> Result<Duration, FlagError> {
        let time = duration::parse(text).map_err(|error| self.refuse(error))?;
        if range.contains(&time) {
            return Ok(time);
        }
        let [least, most] = [range.start(), range.end()].map(|it| duration::text(*it));
        Err(self.refuse(format_args!(
            "{text:?} is out of range; give {least} to {most}"
        )))
    }

    /// A whole number of this range as the value.
    pub fn number(&mut self, range: RangeInclusive<u32>) -> Result<u32, FlagError> {
        let text = self.text()?;
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or_else(|| match range.into_inner() {
            (least, u32::MAX) => self.refuse(format_args!("{text:?} is no number from {least} up")),
            (least, most) => {
                self.refuse(format_args!("{text:?} is no number from {least} to {most}"))
            }
        })
    }

    /// The meaning of one of these words as the value.
    pub fn one_of<T: Copy>(&mut self, words: &[(&str, T)]) -> Result<T, FlagError> {
        let text = self.text()?;
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| *meaning).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| *word).collect();
            let words = words.join(", ");
            self.refuse(format_args!("{text:?} is none of {words}"))
        })
    }
}

/// Reads the command line of a program that has no flags but `--help`.
pub fn no_flags(mut line: CommandLine) -> Result<Command<()>, FlagError> {
    match line.flag()?.as_deref() {
        None => Ok(Command::Run(())),
        Some("help") => Ok(Command::Help),
        Some(_) => Err(line.unknown()),
    }
}

fn unknown(flag: &str) -> FlagError {
    FlagError(format!("there is no flag {flag:?}"))
}

/// What is wrong with the arguments themselves: a flag that takes no value has one.
fn said(error: &lexopt::Error) -> FlagError {
    match error {
        lexopt::Error::UnexpectedValue { option, .. } => {
            FlagError(format!("{option}: it takes no value"))
        }
        other => FlagError(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first flag of a line, and that line to read on.
    fn first(line: &'static str) -> (String, CommandLine) {
        let mut line = CommandLine::new(line.split(' '));
        (line.flag().unwrap().unwrap(), line)
    }

    #[test]
    fn values_follow_their_flags() {
        let (name, mut line) = first("--a x --b=y -h --");
        assert_eq!((name.as_str(), line.text().unwrap().as_str()), ("a", "x"));
        assert_eq!(line.flag().unwrap().as_deref(), Some("b"));
        assert_eq!(line.text().unwrap(), "y");
        assert_eq!(line.flag().unwrap().as_deref(), Some("help"));
        assert_eq!(line.flag(), Ok(None));
    }

    #[test]
    fn typed_values_are_taken_within_their_range() {
        let second = Duration::from_secs(1);
        assert_eq!(first("--a 1").1.duration(second..=second), Ok(second));
        assert_eq!(first("--a 7").1.number(7..=7), Ok(7));
        assert_eq!(first("--a y").1.one_of(&[("x", 1), ("y", 2)]), Ok(2));
    }

    #[test]
    fn a_bad_value_is_named_with_its_flag_and_what_may_be_written() {
        let range = Duration::from_millis(1)..=Duration::from_hours(24);
        let duration = |text| first(text).1.duration(range.clone()).unwrap_err();
        let number = |text, range| first(text).1.number(range).unwrap_err();
        let word = first("--a z").1.one_of(&[("x", 1), ("y", 2)]).unwrap_err();
        for (error, expected) in [
            (
                duration("--a 0"),
                "--a: \"0\" is out of range; give 1ms to 24h",
            ),
            (
                duration("--a soon"),
                "--a: \"soon\" is no duration; write 200ms, 2s, 1m, 1h or plain seconds",
            ),
            (duration("--a"), "--a: a value must follow"),
            (
                number("--a -1", 0..=9),
                "--a: \"-1\" is no number from 0 to 9",
            ),
            (
                number("--a 10", 0..=9),
                "--a: \"10\" is no number from 0 to 9",
            ),
            (
                number("--a 0", 1..=u32::MAX),
                "--a: \"0\" is no number from 1 up",
            ),
            (word, "--a: \"z\" is none of x, y"),
            (first("--a").1.unknown(), "there is no flag \"--a\""),
        ] {
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn what_is_no_flag_is_refused_and_no_url_is_said_again() {
        for (line, expected) in [
            ("-x", "there is no flag \"-x\""),
            ("x", "\"x\" belongs to no flag; each value follows its flag"),
            (
                "redis://:hunter2@a",
                "\"a URL\" belongs to no flag; each value follows its flag",
            ),
        ] {
            let error = CommandLine::new([line]).flag().unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
        let (_, mut line) = first("--a=redis://:hunter2@a");
        let error = line.flag().unwrap_err();
        assert_eq!(error.to_string(), "--a: it takes no value");
    }

    #[cfg(unix)]
    #[test]
    fn text_that_is_not_unicode_is_refused() {
        use std::os::unix::ffi::OsStringExt;

        let mut line = CommandLine::new([OsString::from("--a"), OsString::from_vec(vec![0xff])]);
        line.flag().unwrap();
        let error = line.text().unwrap_err();
        assert_eq!(error.to_string(), "--a: its value is no Unicode text");
    }
}
