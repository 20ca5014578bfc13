//! Why a server could not be asked: what a stranger may read of it, and the error for the log.
//!
//! Which error of which client means what, the sources say.

use std::error::Error;
use std::io;

use crate::source_error::SourceError;

/// What went wrong, as far as a person acts on it differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// Nothing listens there.
    Refused,
    /// The host is not found, or no packet gets through.
    Unreachable,
    /// User or password is wrong, or the server does not let this host in.
    Credentials,
    NoDatabase,
    /// All connections are taken.
    Full,
    /// It starts, shuts down or recovers.
    NotReady,
    /// It has closed the connection.
    Ended,
    /// The user lacks a privilege; what gives it.
    Permission(&'static str),
    Tls,
    /// What answers does not answer as such a server does.
    Foreign,
    /// Another error of the server, by its code.
    Answered(String),
    Other,
}

impl Trouble {
    /// By what the system says of a socket.
    pub(super) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            // A Unix socket without its file is a server that does not run.
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => Self::Refused,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Self::Ended,
            io::ErrorKind::InvalidData => Self::Foreign,
            _ => Self::Unreachable,
        }
    }

    /// What is wrong with `server`, and what to do.
    pub(super) fn of(self, server: &str) -> SourceError {
        let advice = match &self {
            Self::Refused => "accepts no connection; start it, or correct its address",
            Self::Unreachable => "cannot be reached; see to its address and the network",
            Self::Credentials => {
                "refuses the login; correct user and password, and see whether it lets this host in"
            }
            Self::NoDatabase => {
                "has no such database for this user; create it, grant it, or correct its name"
            }
            Self::Full => "has no connection left; find who holds them, or raise its limit",
            Self::NotReady => "is starting, shutting down or recovering; wait, or see its log",
            Self::Ended => "closed the connection; see whether it is running, and its log",
            Self::Permission(remedy) => {
                return SourceError::new(format!(
                    "{server} does not let this user ask for that; {remedy}"
                ));
            }
            Self::Tls => "and this service find no TLS that suits both; see to the certificates",
            Self::Foreign => "does not answer as it should; correct its address",
            Self::Answered(code) => {
                return SourceError::new(format!("{server} answers with {code}; see the log"));
            }
            Self::Other => "cannot be asked; see the log",
        };
        SourceError::new(format!("{server} {advice}"))
    }

    /// The same with what it came from, for the log.
    pub(super) fn with(
        self,
        server: &str,
        error: impl Error + Send + Sync + 'static,
    ) -> SourceError {
        self.of(server).with_error(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_trouble_says_what_to_do() {
        use Trouble::{
            Answered, Credentials, Ended, Foreign, Full, NoDatabase, NotReady, Other, Permission,
            Refused, Tls, Unreachable,
        };
        for (trouble, words) in [
            (Refused, "postgres accepts no connection; start it"),
            (Unreachable, "postgres cannot be reached"),
            (Credentials, "correct user and password"),
            (NoDatabase, "no such database"),
            (Full, "raise its limit"),
            (NotReady, "starting, shutting down or recovering"),
            (Ended, "closed the connection"),
            (Permission("grant it all"), "for that; grant it all"),
            (Tls, "no TLS"),
            (Foreign, "correct its address"),
            (
                Answered("SQLSTATE XX000".into()),
                "answers with SQLSTATE XX000; see",
            ),
            (Other, "see the log"),
        ] {
            let error = trouble.with("postgres", io::Error::other("alice at db01"));
            assert!(error.message().contains(words), "{error}");
            assert!(!format!("{error} {error:?}").contains("alice"));
            assert_eq!(error.error().unwrap().to_string(), "alice at db01");
        }
    }

    #[test]
    fn what_the_system_says_of_a_socket() {
        use io::ErrorKind as Kind;
        for (kind, trouble) in [
            (Kind::ConnectionRefused, Trouble::Refused),
            (Kind::NotFound, Trouble::Refused),
            (Kind::ConnectionReset, Trouble::Ended),
            (Kind::UnexpectedEof, Trouble::Ended),
            (Kind::InvalidData, Trouble::Foreign),
            (Kind::HostUnreachable, Trouble::Unreachable),
            (Kind::Other, Trouble::Unreachable),
        ] {
            assert_eq!(Trouble::of_io(&kind.into()), trouble, "{kind}");
        }
    }
}
