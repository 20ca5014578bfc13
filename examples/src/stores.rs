//! The flags of `databases`: which servers to check, and how often.
//!
//! It prints nothing, and connects to nothing. URLs are judged by the checks that use them.

use std::ffi::OsString;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use thiserror::Error;

use crate::duration::{self, DurationError};

/// What `--help` prints.
pub const HELP: &str = "\
Checks real servers, again and again, and prints a line for each result.

Usage: databases [FLAGS]

  --postgres URL   postgres://USER:PASSWORD@HOST:PORT/DATABASE
  --mysql URL      mysql://USER:PASSWORD@HOST:PORT/DATABASE, MariaDB too
  --redis URL      redis://:PASSWORD@HOST:PORT/DATABASE
  --etcd URL       http://USER:PASSWORD@HOST:PORT
  --nats URL       nats://USER:PASSWORD@HOST:PORT, or nats://TOKEN@HOST:PORT
                   each may be repeated; one is needed
  --interval DUR   how often: 200ms, 2s, 1m, 1h or plain seconds [default: 2s]
  --rounds N       end after every check has run N times; without it, on Ctrl-C
  --help           this text

Exit code: 0; 1 if it cannot start; 2 for bad flags; after --rounds also 1 if a
check was not healthy in its last run.

Examples:
  databases --postgres postgres://app@127.0.0.1/app --redis redis://127.0.0.1
  databases --etcd http://127.0.0.1:2379 --interval 500ms --rounds 10
";

/// What kind of server a URL is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// `--postgres`.
    Postgres,
    /// `--mysql`.
    Mysql,
    /// `--redis`.
    Redis,
    /// `--etcd`.
    Etcd,
    /// `--nats`.
    Nats,
}

impl Store {
    /// The name of its flag, and of its first check.
    pub fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
            Self::Redis => "redis",
            Self::Etcd => "etcd",
            Self::Nats => "nats",
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flags {
    /// The servers, in the order given.
    pub stores: Vec<(Store, String)>,
    /// How often each is checked.
    pub interval: Duration,
    /// After how many runs of every check to end.
    pub rounds: Option<u64>,
}

/// What the command line says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Print the help.
    Help,
    /// Check the servers.
    Run(Flags),
}

/// Why the command line is refused.
#[derive(Debug, Error)]
pub enum FlagError {
    /// An unknown flag, a missing value, or text that is not Unicode.
    #[error("{0}")]
    Arguments(#[from] lexopt::Error),
    /// No server.
    #[error("no server to check; give --postgres, --mysql, --redis, --etcd or --nats")]
    NoStore,
    /// Not a duration.
    #[error("--interval: {0}")]
    Interval(#[from] DurationError),
    /// No time between two runs.
    #[error("--interval: give at least 1ms")]
    NoInterval,
    /// Not a number of rounds.
    #[error("--rounds: {0:?} is no number from 1 up")]
    Rounds(String),
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
        stores: Vec::new(),
        interval: Duration::from_secs(2),
        rounds: None,
    };
    while let Some(argument) = parser.next()? {
        let store = match argument {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Long("postgres") => Store::Postgres,
            Arg::Long("mysql") => Store::Mysql,
            Arg::Long("redis") => Store::Redis,
            Arg::Long("etcd") => Store::Etcd,
            Arg::Long("nats") => Store::Nats,
            Arg::Long("interval") => {
                flags.interval = duration::parse(&parser.value()?.string()?)?;
                continue;
            }
            Arg::Long("rounds") => {
                let text = parser.value()?.string()?;
                let rounds = text.parse().ok().filter(|rounds| *rounds > 0);
                flags.rounds = Some(rounds.ok_or(FlagError::Rounds(text))?);
                continue;
            }
            other => return Err(other.unexpected().into()),
        };
        flags.stores.push((store, parser.value()?.string()?));
    }
    if flags.stores.is_empty() {
        return Err(FlagError::NoStore);
    }
    if flags.interval < Duration::from_millis(1) {
        return Err(FlagError::NoInterval);
    }
    Ok(Command::Run(flags))
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
        let Command::Run(flags) =
            parse_line("--redis redis://a --postgres x --redis b --interval 1m --rounds 3")
                .unwrap()
        else {
            panic!("no help was asked for")
        };
        let stores = [
            (Store::Redis, "redis://a"),
            (Store::Postgres, "x"),
            (Store::Redis, "b"),
        ];
        assert_eq!(
            flags.stores,
            stores.map(|(store, url)| (store, url.to_owned()))
        );
        assert_eq!(flags.interval, Duration::from_mins(1));
        assert_eq!(flags.rounds, Some(3));
        assert_eq!(parse_line("-h").unwrap(), Command::Help);
    }

    #[test]
    fn bad_ones_are_refused_in_one_line_without_the_url() {
        for (line, word) in [
            ("", "no server"),
            ("--redis", "'--redis'"),
            ("--mongo x", "'--mongo'"),
            ("--redis x --interval 0", "at least 1ms"),
            ("--redis x --interval soon", "\"soon\""),
            ("--redis x --rounds 0", "\"0\""),
            ("--redis x --rounds many", "\"many\""),
            ("--redis redis://:hunter2@a --nope", "'--nope'"),
        ] {
            let error = parse_line(line).unwrap_err().to_string();
            assert!(error.contains(word), "{line}: {error}");
            assert_eq!(error.lines().count(), 1, "{line}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_help_names_every_flag_and_fits_a_terminal() {
        for store in [
            Store::Postgres,
            Store::Mysql,
            Store::Redis,
            Store::Etcd,
            Store::Nats,
        ] {
            assert!(HELP.contains(&format!("--{}", store.name())));
        }
        assert!(HELP.lines().all(|line| line.chars().count() <= 80));
    }
}
