//! The flags that the compared servers share, and the line by which each says where it listens.
//!
//! It starts no runtime and binds nothing.

use std::net::SocketAddr;
use std::time::Duration;

/// Where a server's connections are driven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuntimeKind {
    /// A current-thread runtime on the main thread.
    Current,
    /// The application's multi-thread runtime, with two workers.
    Multi,
    /// A thread and current-thread runtime of the server's own (`ours` only).
    OwnThread,
}

impl RuntimeKind {
    /// The word used on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Multi => "multi",
            Self::OwnThread => "own-thread",
        }
    }
}

/// What a server was asked to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerFlags {
    /// Where connections are driven.
    pub runtime: RuntimeKind,
    /// Length of the static body of `bare` and `guarded`.
    pub body_bytes: usize,
    /// Number of checks of `ours`.
    pub checks: usize,
    /// Interval of these checks.
    pub every: Duration,
    /// Most connections that `ours` holds at once; its own default when absent.
    pub connections: Option<usize>,
    /// How long a component of `ours` is degraded, and then healthy; none when absent.
    pub flip: Option<Duration>,
}

impl Default for ServerFlags {
    fn default() -> Self {
        Self {
            runtime: RuntimeKind::Current,
            body_bytes: 60,
            checks: 4,
            every: Duration::from_hours(1),
            connections: None,
            flip: None,
        }
    }
}

impl ServerFlags {
    /// Reads the flags of this process.
    ///
    /// # Errors
    /// An unknown flag, or a value that is not one of the words or numbers it takes.
    pub fn from_env() -> Result<Self, lexopt::Error> {
        Self::parse(lexopt::Parser::from_env())
    }

    fn parse(mut args: lexopt::Parser) -> Result<Self, lexopt::Error> {
        use lexopt::prelude::{Long, ValueExt as _};
        let mut flags = Self::default();
        while let Some(arg) = args.next()? {
            match arg {
                Long("runtime") => {
                    flags.runtime = args.value()?.parse_with(|word| match word {
                        "current" => Ok(RuntimeKind::Current),
                        "multi" => Ok(RuntimeKind::Multi),
                        "own-thread" => Ok(RuntimeKind::OwnThread),
                        _ => Err("use current, multi or own-thread"),
                    })?;
                }
                Long("body-bytes") => flags.body_bytes = args.value()?.parse()?,
                Long("connections") => flags.connections = Some(args.value()?.parse()?),
                Long("checks") => flags.checks = args.value()?.parse()?,
                Long("every-ms") => {
                    flags.every = Duration::from_millis(args.value()?.parse()?);
                }
                Long("flip-ms") => {
                    flags.flip = Some(Duration::from_millis(args.value()?.parse()?));
                }
                other => return Err(other.unexpected()),
            }
        }
        Ok(flags)
    }

    /// The runtime that the flags ask for; a thread of its own is current-thread too.
    ///
    /// # Errors
    /// The runtime's own, when the system refuses its descriptors or threads.
    pub fn build_runtime(&self) -> std::io::Result<tokio::runtime::Runtime> {
        let mut builder = match self.runtime {
            RuntimeKind::Multi => {
                let mut builder = tokio::runtime::Builder::new_multi_thread();
                builder.worker_threads(2);
                builder
            }
            RuntimeKind::Current | RuntimeKind::OwnThread => {
                tokio::runtime::Builder::new_current_thread()
            }
        };
        builder.enable_all().build()
    }
}

/// The line that a server prints once it accepts connections.
pub fn listening_line(addr: SocketAddr) -> String {
    format!("listening on http://{addr}")
}

/// The address in a line that [`listening_line`] made.
pub(crate) fn parse_listening_line(line: &str) -> Option<SocketAddr> {
    line.trim()
        .strip_prefix("listening on http://")?
        .trim_end_matches('/')
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(args: &[&str]) -> Result<ServerFlags, lexopt::Error> {
        ServerFlags::parse(lexopt::Parser::from_args(args))
    }

    #[test]
    fn flags_are_read_and_refused() {
        assert_eq!(parse(&[]).unwrap(), ServerFlags::default());
        let flags = parse(&["--runtime", "multi", "--body-bytes=9", "--checks", "7"]).unwrap();
        assert_eq!(
            (flags.runtime, flags.body_bytes, flags.checks),
            (RuntimeKind::Multi, 9, 7)
        );
        assert!(parse(&["--runtime", "green"]).is_err());
        assert!(parse(&["--what"]).is_err());
    }

    #[test]
    fn the_listening_line_is_read_back() {
        let addr: SocketAddr = "127.0.0.1:4711".parse().unwrap();
        assert_eq!(parse_listening_line(&listening_line(addr)), Some(addr));
        assert_eq!(parse_listening_line("starting"), None);
        assert_eq!(parse_listening_line("listening on http://somewhere"), None);
    }
}
