//! The flags of `databases`: which servers to check, and how often.
//!
//! It prints nothing, and connects to nothing. URLs are judged by the checks that use them.

use std::time::Duration;

use crate::command_line::{Command, CommandLine, FlagError, SOME_TIME};

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
    /// In the order of the help.
    const ALL: [Self; 5] = [
        Self::Postgres,
        Self::Mysql,
        Self::Redis,
        Self::Etcd,
        Self::Nats,
    ];

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

/// Reads the command line.
pub fn parse(mut line: CommandLine) -> Result<Command<Flags>, FlagError> {
    let mut flags = Flags {
        stores: Vec::new(),
        interval: Duration::from_secs(2),
        rounds: None,
    };
    while let Some(flag) = line.flag()? {
        match flag.as_str() {
            "help" => return Ok(Command::Help),
            "interval" => flags.interval = line.duration(SOME_TIME)?,
            "rounds" => flags.rounds = Some(line.number(1..=u32::MAX)?.into()),
            other => {
                let store = Store::ALL.into_iter().find(|store| store.name() == other);
                let store = store.ok_or_else(|| line.unknown())?;
                flags.stores.push((store, line.text()?));
            }
        }
    }
    if flags.stores.is_empty() {
        return Err(FlagError::new(
            "no server to check; give --postgres, --mysql, --redis, --etcd or --nats",
        ));
    }
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
            ("--redis", "--redis: a value"),
            ("--mongo x", "\"--mongo\""),
            ("--redis x --interval 0", "give 1ms to 24h"),
            ("--redis x --interval soon", "\"soon\""),
            ("--redis x --rounds 0", "\"0\""),
            ("--redis x --rounds many", "\"many\""),
            ("--redis redis://:hunter2@a --nope", "\"--nope\""),
        ] {
            let error = parse_line(line).unwrap_err().to_string();
            assert!(error.contains(word), "{line}: {error}");
            assert_eq!(error.lines().count(), 1, "{line}: {error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn the_help_names_every_flag_and_fits_a_terminal() {
        for store in Store::ALL {
            assert!(HELP.contains(&format!("--{}", store.name())));
        }
        assert!(HELP.lines().all(|line| line.chars().count() <= 80));
    }
}
