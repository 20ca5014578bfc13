//! Judges whether a Unix socket accepts connections. What is behind it, it does not ask.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};
use tokio::net::UnixStream;
use tokio::time::timeout_at;

use super::moments::limit;
use crate::clock;
use crate::invalid::InvalidCheck;

const NAME: &str = "unix-socket";

/// Connects to the Unix stream socket at a path, and closes the connection.
///
/// Healthy if it accepts, else unhealthy. That the kernel accepts does not prove that the
/// program behind it answers.
///
/// Registered as `unix-socket`, every 30 s, with a timeout of 5 s. Its detail is `latency_ms`.
///
/// ```
/// use health_checks::net::UnixSocketCheck;
///
/// let check = UnixSocketCheck::new("/run/postgresql/.s.PGSQL.5432")?;
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct UnixSocketCheck {
    path: PathBuf,
}

impl UnixSocketCheck {
    /// Connects to the socket at `path`, which need not exist yet. The kernel takes about a
    /// hundred bytes at most.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, InvalidCheck> {
        let path = path.into();
        if path.as_os_str().is_empty()
            || path.as_os_str().as_bytes().contains(&0)
            || SocketAddr::from_pathname(&path).is_err()
        {
            return Err(InvalidCheck::new(
                NAME,
                "its path is empty, too long for a socket, or has a zero byte; give a shorter path",
            ));
        }
        Ok(Self { path })
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        Registration::new(NAME, self)
            .description("a Unix socket that must accept connections")
            .every(Duration::from_secs(30))
            .timeout(Duration::from_secs(5))
    }

    fn outcome(&self, begin: Instant, connected: Option<io::Result<()>>) -> Outcome {
        let socket = self.path.display();
        match connected {
            Some(Ok(())) => Outcome::healthy()
                .with_message(format!("socket {socket} accepts connections"))
                .detail("latency_ms", clock::since_ms(begin)),
            Some(Err(error)) => {
                Outcome::unhealthy(format!("socket {socket} {}", words(&error))).with_error(error)
            }
            None => Outcome::timeout(format!("socket {socket} does not accept in time")),
        }
    }
}

#[async_trait]
impl Check for UnixSocketCheck {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let begin = clock::instant();
        let connected = timeout_at(limit(cx).into(), UnixStream::connect(&self.path)).await;
        self.outcome(begin, connected.ok().map(|stream| stream.map(drop)))
    }
}

impl From<UnixSocketCheck> for Registration {
    fn from(check: UnixSocketCheck) -> Self {
        check.registration()
    }
}

fn words(error: &io::Error) -> &'static str {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::NotFound => "is not there; start its server, or correct the path",
        Kind::ConnectionRefused => "has nobody behind it; start its server",
        Kind::PermissionDenied => "may not be connected to; give the service the permission",
        Kind::WouldBlock => "has a full queue of connections; its server does not accept them",
        Kind::NotADirectory => "is not there; correct the path",
        _ => "cannot be connected to; is it a stream socket?",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_reads() {
        use io::ErrorKind as Kind;
        let check = UnixSocketCheck::new("/run/x.sock").unwrap();
        let begin = clock::instant();
        for (kind, words) in [
            (Kind::NotFound, "socket /run/x.sock is not there"),
            (
                Kind::ConnectionRefused,
                "socket /run/x.sock has nobody behind it",
            ),
            (Kind::PermissionDenied, "may not be connected to"),
            (Kind::WouldBlock, "full queue"),
            (Kind::Other, "cannot be connected to"),
        ] {
            let outcome = check.outcome(begin, Some(Err(kind.into())));
            assert!(outcome.message().contains(words), "{}", outcome.message());
            assert!(outcome.error().is_some());
        }
        let outcome = check.outcome(begin, None);
        assert_eq!(outcome.cause(), health_core::Cause::Timeout);
        assert_eq!(
            outcome.message(),
            "socket /run/x.sock does not accept in time"
        );
    }

    #[test]
    fn paths_that_no_socket_can_have_are_refused() {
        for bad in ["", &"x".repeat(200), "/run/\0x"] {
            assert!(UnixSocketCheck::new(bad).is_err(), "{bad}");
        }
    }
}
