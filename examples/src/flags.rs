//! The flags of `node`: what may be asked for, and what is refused.
//!
//! It prints nothing, and opens nothing. Addresses and names are judged by those who use them.

use std::collections::HashSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::{Arg, Parser, ValueExt};
use thiserror::Error;

use crate::duration::{self, DurationError};
use crate::file_check::{self, FileCheck, FileCheckError};
use crate::shutdown_flags::{ShutdownFlag, ShutdownFlagError, ShutdownFlags, help};

/// What `--help` prints.
pub const HELP: &str = concat!(
    "\
A node whose every state can be tried from outside.

Usage: node [FLAGS]

  --listen ADDR       HOST:PORT, [IPV6]:PORT or unix:PATH; port 0 finds a free
                      one [default: 127.0.0.1:8080]
  --file-check NAME=PATH[:critical][:live][:startup]
                      a check that is unhealthy while PATH is missing; may be
                      repeated. PATH may hold colons: only these words at its
                      end are options.
                        critical  its status passes through to the node's;
                                  without it, it degrades the node at most
                        live      fails /live too: an orchestrator restarts
                        startup   the node is starting until PATH was there once
  --checks N          N more checks that do nothing [default: 0]
  --apply-time DUR
                      how long the replica of this node takes to apply an entry,
                      of which its leader writes one in 2 s: above that it falls
                      behind [default: 0]
  --without-own-checks
                      none of this process and machine: what these say depends
                      on where the node runs
  --interval DUR      how often file checks and those N run: 200ms, 2s, 1m, 1h
                      or plain seconds [default: 1s]
  --admin ADDR        a second address, for everything; the first one then has
                      the probes alone
  --status-only       tell strangers the status alone: no names, no messages
  --token-file PATH   details need the bearer token in this file; may be
                      repeated, then each token is good
  --own-thread        serve on a thread of its own, which a stalled application
                      cannot silence
  --node-id ID        [default: node-1]
  --version-tag TAG   [default: this package's version]
  --log json|text     the form of the log on stderr [default: text]
  --help              this text

Shutting down, on SIGTERM, Ctrl-C or a critical failure:

",
    help!(),
    "

Examples:
  node --listen 127.0.0.1:0
  node --listen 127.0.0.1:8081 --node-id b --own-thread
  node --file-check db=/tmp/db:critical         # missing: /ready is 503
  node --file-check key=/tmp/key:live           # missing: /live is 503
  node --file-check warm=/tmp/warm:startup      # missing: so is /startup
  node --apply-time 3s                          # /health/ui: a lag that grows
  node --checks 1000 --interval 200ms --log json
  node --listen unix:/tmp/node.sock
      curl -i --unix-socket /tmp/node.sock http://localhost/health
  node --admin 127.0.0.1:9090 --status-only     # /health is on 9090 alone
  node --token-file /tmp/token
      curl -i -H \"Authorization: Bearer $(cat /tmp/token)\" localhost:8080/health
  node --file-check db=/tmp/db:critical --critical-mode enforce \\
      --critical-sustained 10s --critical-grace 0   # missing for 10 s: ends
"
);

/// The form of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Log {
    /// One JSON object a line.
    Json,
    /// One line for people.
    Text,
}

/// What the node is asked to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flags {
    /// Where to listen.
    pub listen: String,
    /// Where everything is served, if the probes have an address of their own.
    pub admin: Option<String>,
    /// Whether strangers are told the status alone.
    pub status_only: bool,
    /// The files of the tokens that details need.
    pub token_files: Vec<PathBuf>,
    /// Whether this process and machine are checked.
    pub own_checks: bool,
    /// The file checks, in the order given.
    pub file_checks: Vec<FileCheck>,
    /// How many checks do nothing.
    pub checks: u32,
    /// How often file checks and those run.
    pub interval: Duration,
    /// How long the replica takes for an entry.
    pub apply_time: Duration,
    /// Whether to serve on a thread of its own.
    pub own_thread: bool,
    /// The node's name in reports.
    pub node_id: String,
    /// The version in reports.
    pub version_tag: String,
    /// The form of the log.
    pub log: Log,
    /// How to shut down, and what for.
    pub shutdown: ShutdownFlags,
}

impl Default for Flags {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            admin: None,
            status_only: false,
            token_files: Vec::new(),
            file_checks: Vec::new(),
            checks: 0,
            own_checks: true,
            interval: Duration::from_secs(1),
            apply_time: Duration::ZERO,
            own_thread: false,
            node_id: "node-1".to_owned(),
            version_tag: env!("CARGO_PKG_VERSION").to_owned(),
            log: Log::Text,
            shutdown: ShutdownFlags::default(),
        }
    }
}

/// What the command line says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::large_enum_variant, reason = "a program has one of them")]
pub enum Command {
    /// Print the help.
    Help,
    /// Run the node.
    Run(Flags),
}

/// The most checks that do nothing.
pub const MAX_CHECKS: u32 = 100_000;
/// The longest node id or version tag, in bytes.
pub const MAX_TAG: usize = 128;
const MIN_INTERVAL: Duration = Duration::from_millis(1);
const MAX_INTERVAL: Duration = Duration::from_hours(24);

/// Why the command line is refused.
#[derive(Debug, Error)]
pub enum FlagError {
    /// An unknown flag, a missing value, or text that is not Unicode.
    #[error("{0}")]
    Arguments(#[from] lexopt::Error),
    /// Not a file check.
    #[error("--file-check: {0}")]
    FileCheck(#[from] FileCheckError),
    /// Two file checks of one name.
    #[error("--file-check: the name {0:?} is used twice; give each its own")]
    DuplicateName(String),
    /// Not a number of checks.
    #[error("--checks: {0:?} is no number from 0 to {MAX_CHECKS}")]
    Checks(String),
    /// Not a duration.
    #[error("--interval: {0}")]
    Interval(#[from] DurationError),
    /// A duration that no check can be run at.
    #[error("--interval: {0:?} is out of range; give 1ms to 24h")]
    IntervalRange(String),
    /// Not a time that an entry may take.
    #[error("--apply-time: {0}")]
    ApplyTime(DurationError),
    /// A time that nobody would wait for.
    #[error("--apply-time: {0:?} is out of range; give 0 to 24h")]
    ApplyTimeRange(String),
    /// A flag on shutting down.
    #[error(transparent)]
    Shutdown(#[from] ShutdownFlagError),
    /// Neither of the forms.
    #[error("--log: {0:?} is no form of log; write json or text")]
    Log(String),
    /// A text that is shown with every report.
    #[error("{flag}: {length} bytes are too many; {MAX_TAG} is the most")]
    TooLong {
        /// The flag.
        flag: &'static str,
        /// How long the text is.
        length: usize,
    },
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
    let mut names = HashSet::new();
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
            Arg::Long("admin") => flags.admin = Some(text(&mut parser)?),
            Arg::Long("status-only") => flags.status_only = true,
            Arg::Long("token-file") => flags.token_files.push(text(&mut parser)?.into()),
            Arg::Long("file-check") => {
                let check = file_check::parse(&text(&mut parser)?)?;
                if !names.insert(check.name.clone()) {
                    return Err(FlagError::DuplicateName(check.name));
                }
                flags.file_checks.push(check);
            }
            Arg::Long("checks") => flags.checks = checks(text(&mut parser)?)?,
            Arg::Long("interval") => flags.interval = interval(text(&mut parser)?)?,
            Arg::Long("apply-time") => flags.apply_time = apply_time(text(&mut parser)?)?,
            Arg::Long("without-own-checks") => flags.own_checks = false,
            Arg::Long("own-thread") => flags.own_thread = true,
            Arg::Long("node-id") => flags.node_id = tag("--node-id", text(&mut parser)?)?,
            Arg::Long("version-tag") => {
                flags.version_tag = tag("--version-tag", text(&mut parser)?)?;
            }
            Arg::Long("log") => {
                flags.log = match text(&mut parser)?.as_str() {
                    "json" => Log::Json,
                    "text" => Log::Text,
                    other => return Err(FlagError::Log(other.to_owned())),
                }
            }
            other => return Err(other.unexpected().into()),
        }
    }
    flags.shutdown.check()?;
    Ok(Command::Run(flags))
}

fn text(parser: &mut Parser) -> Result<String, lexopt::Error> {
    parser.value()?.string()
}

fn checks(text: String) -> Result<u32, FlagError> {
    match text.parse() {
        Ok(checks) if checks <= MAX_CHECKS => Ok(checks),
        _ => Err(FlagError::Checks(text)),
    }
}

fn interval(text: String) -> Result<Duration, FlagError> {
    let interval = duration::parse(&text)?;
    if (MIN_INTERVAL..=MAX_INTERVAL).contains(&interval) {
        Ok(interval)
    } else {
        Err(FlagError::IntervalRange(text))
    }
}

fn apply_time(text: String) -> Result<Duration, FlagError> {
    match duration::parse(&text).map_err(FlagError::ApplyTime)? {
        time if time <= MAX_INTERVAL => Ok(time),
        _ => Err(FlagError::ApplyTimeRange(text)),
    }
}

fn tag(flag: &'static str, text: String) -> Result<String, FlagError> {
    match text.len() {
        length if length > MAX_TAG => Err(FlagError::TooLong { flag, length }),
        _ => Ok(text),
    }
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
        let with = |change: fn(&mut Flags)| {
            let mut flags = Flags::default();
            change(&mut flags);
            Command::Run(flags)
        };
        for (line, expected) in [
            ("", with(|_| ())),
            ("--help", Command::Help),
            ("-h", Command::Help),
            ("--checks 3 --help", Command::Help),
            ("--listen [::1]:0", with(|f| f.listen = "[::1]:0".into())),
            ("--listen=unix:/x", with(|f| f.listen = "unix:/x".into())),
            ("--checks 100000", with(|f| f.checks = 100_000)),
            ("--without-own-checks", with(|f| f.own_checks = false)),
            ("--own-thread", with(|f| f.own_thread = true)),
            (
                "--admin [::1]:0",
                with(|f| f.admin = Some("[::1]:0".into())),
            ),
            ("--status-only", with(|f| f.status_only = true)),
            (
                "--token-file /a --token-file=/b",
                with(|f| f.token_files = vec!["/a".into(), "/b".into()]),
            ),
            ("--node-id a --node-id b", with(|f| f.node_id = "b".into())),
            ("--version-tag v1", with(|f| f.version_tag = "v1".into())),
            ("--log json", with(|f| f.log = Log::Json)),
            ("--log text", with(|f| f.log = Log::Text)),
            (
                "--interval 200ms",
                with(|f| f.interval = Duration::from_millis(200)),
            ),
            (
                "--apply-time 3s",
                with(|f| f.apply_time = Duration::from_secs(3)),
            ),
            (
                "--interval 24h",
                with(|f| f.interval = Duration::from_hours(24)),
            ),
            (
                "--file-check a=/x:live --file-check b=/x",
                with(|f| {
                    f.file_checks = ["a=/x:live", "b=/x"]
                        .map(|text| file_check::parse(text).unwrap())
                        .to_vec();
                }),
            ),
        ] {
            assert_eq!(parse_line(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn bad_ones_are_refused_in_one_line_that_names_the_flag() {
        let long = format!("--node-id {}", "x".repeat(129));
        for (line, word) in [
            ("--nonsense", "'--nonsense'"),
            ("-x", "'-x'"),
            ("stray", "stray"),
            ("--", ""),
            ("--listen", "'--listen'"),
            ("--own-thread=yes", "'--own-thread'"),
            ("--checks", "'--checks'"),
            ("--checks many", "--checks: \"many\""),
            ("--checks -1", "--checks: \"-1\""),
            ("--checks 1.5", "--checks: \"1.5\""),
            ("--checks 100001", "--checks: \"100001\""),
            ("--checks 99999999999999", "--checks: "),
            ("--interval 0", "--interval: \"0\" is out of range"),
            ("--interval 0.1ms", "--interval: \"0.1ms\" is out of range"),
            ("--interval 25h", "--interval: \"25h\" is out of range"),
            ("--interval fast", "--interval: \"fast\" is no duration"),
            ("--apply-time slow", "--apply-time: \"slow\" is no duration"),
            ("--apply-time 25h", "--apply-time: \"25h\" is out of range"),
            ("--log xml", "--log: \"xml\""),
            ("--file-check x", "--file-check: \"x\""),
            ("--file-check a=/x --file-check a=/y", "\"a\" is used twice"),
            (&long, "--node-id: 129 bytes"),
        ] {
            match parse_line(line) {
                Ok(Command::Run(flags)) if line == "--" => assert_eq!(flags, Flags::default()),
                Ok(command) => panic!("{line}: {command:?}"),
                Err(error) => {
                    let error = error.to_string();
                    assert!(error.contains(word), "{line}: {error}");
                    assert_eq!(error.lines().count(), 1, "{line}: {error}");
                }
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn text_that_is_not_unicode_is_refused() {
        use std::os::unix::ffi::OsStringExt;

        let path = OsString::from_vec(b"a=/\xff".to_vec());
        let error = parse(vec!["--file-check".into(), path]).unwrap_err();
        assert!(error.to_string().contains("Unicode") || error.to_string().contains("unicode"));
    }

    #[test]
    fn the_help_names_every_flag_and_fits_a_terminal() {
        for flag in [
            "--listen",
            "--file-check",
            "--checks",
            "--interval",
            "--apply-time",
            "--admin",
            "--status-only",
            "--token-file",
            "--own-thread",
            "--node-id",
            "--version-tag",
            "--log",
            "--help",
        ] {
            assert!(HELP.contains(flag), "{flag}");
        }
        assert!(HELP.lines().all(|line| line.chars().count() <= 80));
    }
}
