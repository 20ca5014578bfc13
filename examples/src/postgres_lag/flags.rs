//! The flags of `postgres_lag`: which servers to watch, how often, and by which limits.
//!
//! It prints nothing, and connects to nothing. URLs are judged by the sources that use them.

use std::time::Duration;

use crate::command_line::{Command, CommandLine, FlagError, SOME_TIME};

/// What `--help` prints.
pub const HELP: &str = "\
Watches the replication of a PostgreSQL primary: a line for each change, and a
table now and then.

Usage: postgres_lag --primary URL [FLAGS]

  --primary URL        postgres://USER:PASSWORD@HOST:PORT/DATABASE, of a user
                       with pg_monitor
  --slots              its replication slots too
  --standby NAME=URL   a standby by its own view too; may be repeated
  --expect NAME        a standby that must be there, by its application_name
                       (walreceiver if nobody gave it one); may be repeated
  --interval DUR       how often to ask: 200ms, 2s, 1m or plain seconds
                       [default: 1s]
  --table DUR          how often to print a table [default: 10s]
  --warning DUR        from which lag on it is a warning [default: 5s]
  --critical DUR       from which lag on it is critical [default: 30s]
  --rounds N           end after so many tables; without it, on Ctrl-C
  --help               this text

Exit code: 0; 1 if it cannot start; 2 for bad flags; after --rounds also 1 if
not all was well in the last table.

Example:
  postgres_lag --primary postgres://watcher:secret@127.0.0.1/postgres --slots
";

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flags {
    /// The primary's URL.
    pub primary: String,
    /// Whether its slots are watched too.
    pub slots: bool,
    /// Standbys that are asked themselves: name and URL.
    pub standbys: Vec<(String, String)>,
    /// Standbys that must be there.
    pub expected: Vec<String>,
    /// How often to ask.
    pub interval: Duration,
    /// How often to print a table.
    pub table: Duration,
    /// The limits.
    pub warning: Duration,
    /// The limits.
    pub critical: Duration,
    /// After how many tables to end.
    pub rounds: Option<u32>,
}

/// Reads the command line.
pub fn parse(mut line: CommandLine) -> Result<Command<Flags>, FlagError> {
    let mut primary = None;
    let mut flags = Flags {
        primary: String::new(),
        slots: false,
        standbys: Vec::new(),
        expected: Vec::new(),
        interval: Duration::from_secs(1),
        table: Duration::from_secs(10),
        warning: Duration::from_secs(5),
        critical: Duration::from_secs(30),
        rounds: None,
    };
    while let Some(flag) = line.flag()? {
        match flag.as_str() {
            "help" => return Ok(Command::Help),
            "primary" => primary = Some(line.text()?),
            "slots" => flags.slots = true,
            "standby" => {
                let text = line.text()?;
                let standby = text.split_once('=');
                // The text is not said again: a URL may hold a password.
                let (name, url) =
                    standby.ok_or_else(|| line.refuse("give a name, =, and a URL"))?;
                flags.standbys.push((name.to_owned(), url.to_owned()));
            }
            "expect" => flags.expected.push(line.text()?),
            "interval" => flags.interval = line.duration(SOME_TIME)?,
            "table" => flags.table = line.duration(SOME_TIME)?,
            "warning" => flags.warning = line.duration(SOME_TIME)?,
            "critical" => flags.critical = line.duration(SOME_TIME)?,
            "rounds" => flags.rounds = Some(line.number(1..=u32::MAX)?),
            _ => return Err(line.unknown()),
        }
    }
    flags.primary =
        primary.ok_or_else(|| FlagError::new("no server to watch; give --primary URL"))?;
    Ok(Command::Run(flags))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &'static str) -> Result<Command<Flags>, FlagError> {
        parse(CommandLine::new(line.split_whitespace()))
    }

    #[test]
    fn good_ones() {
        let line = "--primary a --slots --standby s=postgres://b?x=y --expect s1 --expect s2 \
                    --interval 200ms --table 1m --warning 1 --critical 2s --rounds 3";
        let Command::Run(flags) = parse_line(line).unwrap() else {
            panic!("no help was asked for")
        };
        let expected = Flags {
            primary: "a".to_owned(),
            slots: true,
            standbys: vec![("s".to_owned(), "postgres://b?x=y".to_owned())],
            expected: vec!["s1".to_owned(), "s2".to_owned()],
            interval: Duration::from_millis(200),
            table: Duration::from_mins(1),
            warning: Duration::from_secs(1),
            critical: Duration::from_secs(2),
            rounds: Some(3),
        };
        assert_eq!(flags, expected);
        assert_eq!(parse_line("-h").unwrap(), Command::Help);
    }

    #[test]
    fn bad_ones_are_refused_in_one_line_without_the_url() {
        for (line, word) in [
            ("", "give --primary"),
            ("--primary", "--primary: a value"),
            ("--primary a --nope", "\"--nope\""),
            ("--primary a --standby hunter2", "a name, =, and a URL"),
            (
                "--primary a --interval 0",
                "--interval: \"0\" is out of range; give 1ms",
            ),
            ("--primary a --table soon", "--table: \"soon\""),
            ("--primary a --rounds 0", "\"0\""),
            ("--primary postgres://:hunter2@a --nope", "\"--nope\""),
        ] {
            let error = parse_line(line).unwrap_err().to_string();
            assert!(error.contains(word), "{line}: {error}");
            assert_eq!(error.lines().count(), 1, "{line}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_help_fits_a_terminal() {
        assert!(HELP.lines().all(|line| line.chars().count() <= 80));
    }
}
