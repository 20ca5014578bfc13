//! What a stranger may read of a failure, and a person can act on. Nothing of the
//! error itself: it may name users, keys and hosts.

use std::error::Error as _;

use etcd_client::Error;
use health_core::Outcome;

use super::member::NO_LEADER;

// The codes of gRPC: https://grpc.io/docs/guides/status-codes/
const CANCELLED: i32 = 1;
const INVALID_ARGUMENT: i32 = 3;
const DEADLINE_EXCEEDED: i32 = 4;
#[cfg(feature = "distributed")]
const NOT_FOUND: i32 = 5;
const PERMISSION_DENIED: i32 = 7;
const RESOURCE_EXHAUSTED: i32 = 8;
const FAILED_PRECONDITION: i32 = 9;
const UNAVAILABLE: i32 = 14;
const UNAUTHENTICATED: i32 = 16;

/// A failed run.
pub(super) fn failed(error: Error) -> Outcome {
    let advice = advice(&error);
    let outcome = if advice == TIMEOUT {
        Outcome::timeout(advice)
    } else {
        Outcome::unhealthy(advice)
    };
    outcome.with_error(error)
}

/// A run that got no answer before its deadline.
pub(super) fn late() -> Outcome {
    Outcome::timeout(TIMEOUT)
}

pub(super) fn advice(error: &Error) -> &'static str {
    match error {
        Error::GRpcStatus(_) if is_broken(error) => UNREACHABLE,
        Error::GRpcStatus(status) => answered(status.code().into(), status.message()),
        Error::InvalidArgs(_) | Error::InvalidUri(_) => {
            "etcd cannot be reached in this way; correct the endpoints (https:// needs TLS enabled in the crate `etcd-client`)"
        }
        Error::IoError(_) | Error::TransportError(_) => UNREACHABLE,
        _ => "etcd answers with an error; see the log",
    }
}

/// Whether the server is there, and only the rights to do it are missing.
pub(super) fn is_denied(error: &Error) -> bool {
    code(error) == Some(PERMISSION_DENIED)
}

/// Whether a lease that is to be granted has been granted before.
#[cfg(feature = "distributed")]
pub(super) fn is_there_already(error: &Error) -> bool {
    code(error) == Some(FAILED_PRECONDITION) && error.to_string().contains("lease already exists")
}

/// Whether a lease that is to be ended is none, or none any more.
#[cfg(feature = "distributed")]
pub(super) fn is_unknown(error: &Error) -> bool {
    code(error) == Some(NOT_FOUND)
}

/// Whether the connection or the token is at fault, so that a new client may do.
pub(super) fn worth_another_client(error: &Error) -> bool {
    is_broken(error) || code(error) == Some(UNAUTHENTICATED)
}

/// Whether the connection failed, rather than the server answered. A status that a server
/// sent has no source; one that stands for a failure here has.
fn is_broken(error: &Error) -> bool {
    match error {
        Error::IoError(_) | Error::TransportError(_) => true,
        Error::GRpcStatus(status) => {
            status.source().is_some() && answered(status.code().into(), status.message()) != TIMEOUT
        }
        _ => false,
    }
}

fn code(error: &Error) -> Option<i32> {
    match error {
        Error::GRpcStatus(status) => Some(status.code().into()),
        _ => None,
    }
}

const TIMEOUT: &str =
    "etcd did not answer in time; see whether it is suspended, or has lost its quorum";
const UNREACHABLE: &str = "etcd cannot be reached; start it, or correct its address";

fn answered(code: i32, message: &str) -> &'static str {
    let says = |words: &str| message.contains(words);
    match code {
        DEADLINE_EXCEEDED => TIMEOUT,
        // The timeout of a client is told so.
        CANCELLED if says("imeout") => TIMEOUT,
        UNAVAILABLE if says("no leader") => NO_LEADER,
        UNAVAILABLE if says("timed out") => TIMEOUT,
        UNAVAILABLE if says("learner") => {
            "etcd member is a learner and serves no reads; promote it, or ask another"
        }
        UNAVAILABLE => UNREACHABLE,
        INVALID_ARGUMENT if says("authentication failed") => {
            "etcd rejects the credentials; correct user and password"
        }
        INVALID_ARGUMENT if says("user name is empty") => {
            "etcd asks for a user and a password; give them"
        }
        FAILED_PRECONDITION if says("authentication is not enabled") => {
            "etcd knows no users; give none, or enable its authentication"
        }
        UNAUTHENTICATED => "etcd rejects the credentials; correct user and password",
        PERMISSION_DENIED => "etcd does not let this user do so; grant its role the key",
        RESOURCE_EXHAUSTED if says("space exceeded") => {
            "etcd has used its space quota and refuses writes; compact and defragment it, then disarm the alarm"
        }
        RESOURCE_EXHAUSTED => "etcd has too many requests; look at its load",
        _ => "etcd answers with an error; see the log",
    }
}

#[cfg(test)]
mod tests {
    use health_core::{Cause, Status};

    use super::*;

    #[test]
    fn each_answer_says_what_to_do() {
        for (code, message, words) in [
            (DEADLINE_EXCEEDED, "", "in time"),
            (CANCELLED, "Timeout expired", "in time"),
            (UNAVAILABLE, "etcdserver: request timed out", "in time"),
            (UNAVAILABLE, "etcdserver: no leader", "no leader"),
            (
                UNAVAILABLE,
                "etcdserver: rpc not supported for learner",
                "promote it",
            ),
            (UNAVAILABLE, "tcp connect error", "cannot be reached"),
            (
                INVALID_ARGUMENT,
                "etcdserver: authentication failed, invalid user ID or password",
                "rejects the credentials",
            ),
            (
                INVALID_ARGUMENT,
                "etcdserver: user name is empty",
                "asks for a user",
            ),
            (
                FAILED_PRECONDITION,
                "etcdserver: authentication is not enabled",
                "give none",
            ),
            (
                UNAUTHENTICATED,
                "etcdserver: invalid auth token",
                "rejects the credentials",
            ),
            (PERMISSION_DENIED, "", "grant its role"),
            (
                RESOURCE_EXHAUSTED,
                "etcdserver: mvcc: database space exceeded",
                "space quota",
            ),
            (
                RESOURCE_EXHAUSTED,
                "etcdserver: too many requests",
                "its load",
            ),
            (INVALID_ARGUMENT, "?", "see the log"),
            (2, "user alice has swordfish", "see the log"),
        ] {
            let advice = answered(code, message);
            assert!(advice.contains(words), "{code} {message}: {advice}");
        }
    }

    #[test]
    fn nothing_of_the_error_is_told() {
        let outcome = failed(Error::InvalidArgs("swordfish".to_owned()));
        assert_eq!(outcome.status(), Status::Unhealthy);
        assert_eq!(outcome.cause(), Cause::Reported);
        assert!(!outcome.message().contains("swordfish"));
        assert!(outcome.error().is_some());
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        assert_eq!(failed(Error::IoError(refused)).message(), UNREACHABLE);
    }
}
