//! Why a server could not be asked: what a stranger may read of it, and the error for the log.
//!
//! Which error of which client means what, the families say.

use std::borrow::Cow;
use std::error::Error;
use std::io;

use health_core::Outcome;

use super::stage::Stage;

/// What went wrong, as far as a person acts on it differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Nothing listens there.
    Refused,
    /// The host is not found, or no packet gets through.
    Unreachable,
    /// User or password is wrong, or the server does not let this host in.
    Credentials,
    /// It lets this host in no more.
    Blocked,
    NoDatabase,
    /// All connections are taken.
    Full,
    /// It starts, shuts down or recovers.
    NotReady,
    /// It has closed the connection.
    Ended,
    /// It ended the query by a limit of its own, or at the wish of somebody.
    Cancelled,
    /// The user lacks a privilege; what gives it.
    Permission(&'static str),
    Tls,
    /// What answers does not answer as such a server does.
    Foreign,
    /// The pool has an error of its own.
    Pool,
    TimedOut(Stage),
    /// Another error of the server, by its code.
    Answered(String),
    Other,
}

impl Trouble {
    /// By what the system says of a socket.
    pub(crate) fn of_io(error: &io::Error) -> Self {
        match error.kind() {
            // A Unix socket without its file is a server that does not run.
            io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => Self::Refused,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof => Self::Ended,
            io::ErrorKind::TimedOut => Self::TimedOut(Stage::Connect),
            io::ErrorKind::InvalidData => Self::Foreign,
            _ => Self::Unreachable,
        }
    }

    /// What is wrong with the server of this `name`, and what to do.
    fn advice(&self, name: &str) -> String {
        let advice: Cow<'static, str> = match self {
            Self::Pool => {
                return format!(
                    "the pool gives no connection to {name}; see the log, and whether it is exhausted or closed"
                );
            }
            Self::TimedOut(Stage::Pool) => {
                return format!(
                    "the pool gave no connection to {name} in time; see whether it is exhausted, or {name} hangs"
                );
            }
            Self::Refused => {
                "accepts no connection; start it, or correct its address".into()
            }
            Self::Unreachable => "cannot be reached; see to its address and the network".into(),
            Self::Credentials => {
                "refuses the login; correct user and password, and see whether it lets this host in"
                    .into()
            }
            Self::Blocked => {
                "blocks this host after too many broken connections; find what breaks them, and run FLUSH HOSTS"
                    .into()
            }
            Self::NoDatabase => {
                "has no such database for this user; create it, grant it, or correct its name".into()
            }
            Self::Full => {
                "has no connection left; find who holds them, or raise max_connections".into()
            }
            Self::NotReady => {
                "is starting, shutting down or recovering; wait, or see its log".into()
            }
            Self::Ended => "closed the connection; see whether it is running, and its log".into(),
            Self::Cancelled => {
                "cancelled the query; see to its limits on time, such as statement_timeout".into()
            }
            Self::Permission(remedy) => {
                format!("does not let this user ask for that; {remedy}").into()
            }
            Self::Tls => {
                "and this service find no TLS that suits both; see to the certificates and the TLS mode"
                    .into()
            }
            Self::Foreign => "does not answer as it should; correct its address".into(),
            Self::TimedOut(Stage::Connect) => {
                "gave no connection in time; see to the network, and whether it hangs".into()
            }
            Self::TimedOut(Stage::Query) => {
                "did not answer the query in time; see whether it hangs or is overloaded".into()
            }
            Self::Answered(code) => format!("answers with {code}; see the log").into(),
            Self::Other => "cannot be asked; see the log".into(),
        };
        format!("{name} {advice}")
    }
}

/// A run without an answer.
#[derive(Debug)]
pub(crate) struct Failure {
    trouble: Trouble,
    /// Private.
    error: Option<Box<dyn Error + Send + Sync>>,
    /// Of an answer that came before it failed.
    latency_ms: Option<f64>,
}

impl Failure {
    pub(crate) fn new(trouble: Trouble) -> Self {
        Self {
            trouble,
            error: None,
            latency_ms: None,
        }
    }

    pub(crate) fn with_error(
        trouble: Trouble,
        error: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self {
            trouble,
            error: Some(error.into()),
            latency_ms: None,
        }
    }

    /// The same after an answer that took so long, if there was one.
    pub(crate) fn after(self, latency_ms: Option<f64>) -> Self {
        Self { latency_ms, ..self }
    }

    /// What it says of the server of this `name`.
    pub(crate) fn outcome(self, name: &str) -> Outcome {
        let advice = self.trouble.advice(name);
        let outcome = match self.trouble {
            Trouble::TimedOut(_) => Outcome::timeout(advice),
            _ => Outcome::unhealthy(advice),
        };
        let outcome = match self.latency_ms {
            Some(latency_ms) => outcome.detail("latency_ms", latency_ms),
            None => outcome,
        };
        match self.error {
            Some(error) => outcome.with_error(error),
            None => outcome,
        }
    }
}

#[cfg(test)]
mod tests {
    use health_core::{Cause, Status};

    use super::*;

    #[test]
    fn each_trouble_says_what_to_do() {
        use Trouble::{
            Answered, Blocked, Cancelled, Credentials, Ended, Foreign, Full, NoDatabase, NotReady,
            Other, Permission, Pool, Refused, TimedOut, Tls, Unreachable,
        };
        for (trouble, words) in [
            (Refused, "postgres accepts no connection; start it"),
            (Unreachable, "postgres cannot be reached"),
            (Credentials, "correct user and password"),
            (Blocked, "FLUSH HOSTS"),
            (NoDatabase, "no such database"),
            (Full, "raise max_connections"),
            (NotReady, "starting, shutting down or recovering"),
            (Ended, "closed the connection"),
            (Cancelled, "cancelled the query"),
            (Permission("grant it all"), "for that; grant it all"),
            (Tls, "TLS mode"),
            (Foreign, "correct its address"),
            (Pool, "the pool gives no connection to postgres"),
            (
                TimedOut(Stage::Pool),
                "the pool gave no connection to postgres in time",
            ),
            (
                TimedOut(Stage::Connect),
                "postgres gave no connection in time",
            ),
            (
                TimedOut(Stage::Query),
                "postgres did not answer the query in time",
            ),
            (
                Answered("SQLSTATE XX000".into()),
                "answers with SQLSTATE XX000",
            ),
            (Other, "see the log"),
        ] {
            let timed_out = matches!(trouble, TimedOut(_));
            let outcome = Failure::new(trouble).outcome("postgres");
            assert_eq!(outcome.status(), Status::Unhealthy);
            assert_eq!(outcome.cause() == Cause::Timeout, timed_out, "{outcome:?}");
            assert!(outcome.message().contains(words), "{}", outcome.message());
        }
    }

    #[test]
    fn the_error_is_for_the_log_alone() {
        let outcome = Failure::with_error(Trouble::Other, "alice at db01").outcome("mysql");
        assert_eq!(outcome.message(), "mysql cannot be asked; see the log");
        assert_eq!(outcome.error().unwrap().to_string(), "alice at db01");
        assert!(outcome.details().is_empty());
    }

    #[test]
    fn what_was_measured_before_is_told() {
        for measured in [None, Some(0.5)] {
            let outcome = Failure::new(Trouble::Ended)
                .after(measured)
                .outcome("mysql");
            let told = outcome.details().get("latency_ms");
            assert_eq!(told.and_then(serde_json::Value::as_f64), measured);
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
            (Kind::TimedOut, Trouble::TimedOut(Stage::Connect)),
            (Kind::InvalidData, Trouble::Foreign),
            (Kind::HostUnreachable, Trouble::Unreachable),
            (Kind::Other, Trouble::Unreachable),
        ] {
            assert_eq!(Trouble::of_io(&kind.into()), trouble, "{kind}");
        }
    }
}
