//! The flags of `node`: what may be asked for, and what is refused.
//!
//! It prints nothing, and opens nothing. Addresses and names are judged by those who use them.

use std::path::PathBuf;
use std::time::Duration;

use crate::command_line::{ANY_TIME, Command, CommandLine, FlagError, SOME_TIME};
use crate::file_check::{self, FileCheck};
use crate::shutdown_flags::{ShutdownFlags, help};

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
    help!("30s", "60s"),
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

/// The most checks that do nothing.
pub const MAX_CHECKS: u32 = 100_000;
/// The longest node id or version tag, in bytes; they are shown with every report.
pub const MAX_TAG: usize = 128;
const LOGS: [(&str, Log); 2] = [("json", Log::Json), ("text", Log::Text)];

/// Reads the command line.
pub fn parse(mut line: CommandLine) -> Result<Command<Flags>, FlagError> {
    let mut flags = Flags::default();
    while let Some(flag) = line.flag()? {
        match flag.as_str() {
            "help" => return Ok(Command::Help),
            "listen" => flags.listen = line.text()?,
            "admin" => flags.admin = Some(line.text()?),
            "status-only" => flags.status_only = true,
            "token-file" => flags.token_files.push(line.text()?.into()),
            "file-check" => {
                let check = file_check(&flags.file_checks, &mut line)?;
                flags.file_checks.push(check);
            }
            "checks" => flags.checks = line.number(0..=MAX_CHECKS)?,
            "interval" => flags.interval = line.duration(SOME_TIME)?,
            "apply-time" => flags.apply_time = line.duration(ANY_TIME)?,
            "without-own-checks" => flags.own_checks = false,
            "own-thread" => flags.own_thread = true,
            "node-id" => flags.node_id = tag(&mut line)?,
            "version-tag" => flags.version_tag = tag(&mut line)?,
            "log" => flags.log = line.one_of(&LOGS)?,
            other if flags.shutdown.take(other, &mut line)? => {}
            _ => return Err(line.unknown()),
        }
    }
    flags.shutdown.check()?;
    Ok(Command::Run(flags))
}

fn file_check(others: &[FileCheck], line: &mut CommandLine) -> Result<FileCheck, FlagError> {
    let text = line.text()?;
    let check = file_check::parse(&text).map_err(|error| line.refuse(error))?;
    if others.iter().any(|other| other.name == check.name) {
        return Err(line.refuse(format_args!(
            "the name {:?} is used twice; give each its own",
            check.name
        )));
    }
    Ok(check)
}

fn tag(line: &mut CommandLine) -> Result<String, FlagError> {
    let text = line.text()?;
    match text.len() {
        length if length > MAX_TAG => Err(line.refuse(format_args!(
            "{length} bytes are too many; {MAX_TAG} is the most"
        ))),
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_line(line: &str) -> Result<Command<Flags>, FlagError> {
        let arguments: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        parse(CommandLine::new(arguments))
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
            ("--nonsense", "\"--nonsense\""),
            ("-x", "\"-x\""),
            ("stray", "stray"),
            ("--", ""),
            ("--listen", "--listen: a value must follow"),
            ("--own-thread=yes", "--own-thread: it takes no value"),
            ("--checks", "--checks: a value"),
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
