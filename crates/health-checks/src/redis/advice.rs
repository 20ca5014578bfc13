//! What a stranger may read of a failure, and a person can act on. Nothing of the
//! error itself: it may name users, keys and hosts.

use health_core::Outcome;
use redis::{ErrorKind, RedisError};

/// A failed run.
pub(super) fn failed(error: RedisError) -> Outcome {
    let advice = advice(&error);
    let outcome = if error.is_timeout() {
        Outcome::timeout(advice)
    } else {
        Outcome::unhealthy(advice)
    };
    outcome.with_error(error)
}

/// A run that got no answer before its deadline.
pub(super) fn late() -> Outcome {
    Outcome::timeout(LATE)
}

const LATE: &str = "redis did not answer in time; see whether it is busy or suspended";

pub(super) fn advice(error: &RedisError) -> &'static str {
    if error.is_timeout() {
        return LATE;
    }
    if error.is_connection_refusal() {
        return "redis accepts no connection; start it, or correct its address";
    }
    match error.kind() {
        ErrorKind::AuthenticationFailed => REJECTED,
        ErrorKind::Io if error.is_connection_dropped() => {
            "redis closed the connection; see whether it is running"
        }
        ErrorKind::Io => "redis cannot be reached; see to its address and the network",
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => {
            "what answers does not speak as redis does; correct its address"
        }
        _ => answered(error.code().unwrap_or_default(), error.detail()),
    }
}

const REJECTED: &str = "redis rejects the credentials; correct user and password";

/// By the code that an error answer starts with.
fn answered(code: &str, detail: Option<&str>) -> &'static str {
    match code {
        "NOAUTH" => "redis asks for a password; give one",
        "WRONGPASS" => REJECTED,
        "NOPERM" => "redis does not let this user do so; widen its rules with ACL SETUSER",
        "LOADING" => "redis is loading its data; wait until it is done",
        "READONLY" => "redis is a read-only replica; write to its primary",
        "OOM" => "redis has used all of maxmemory; raise it, or let keys be evicted",
        "MISCONF" => "redis cannot save to its disk and refuses writes; free or mend the disk",
        "MASTERDOWN" => "redis has lost its primary and serves no stale data; mend the primary",
        "CLUSTERDOWN" => "redis cluster is down; see to its nodes",
        "BUSY" => "redis is busy with a script; wait, or end it with SCRIPT KILL",
        "DENIED" => "redis is in protected mode; set a password, or bind its addresses",
        "ERR" if detail.is_some_and(|detail| detail.contains("max number of clients")) => {
            "redis has all the clients it may have; raise maxclients, or find who keeps them"
        }
        _ => "redis answers with an error; see the log",
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use health_core::{Cause, Status};

    use super::*;

    fn answer(code: &str, detail: &str) -> RedisError {
        redis::make_extension_error(code.to_owned(), Some(detail.to_owned()))
    }

    #[test]
    fn each_failure_says_what_to_do() {
        let io = |kind: io::ErrorKind| RedisError::from(io::Error::from(kind));
        for (error, cause, words) in [
            (io(io::ErrorKind::TimedOut), Cause::Timeout, "in time"),
            (
                io(io::ErrorKind::ConnectionRefused),
                Cause::Reported,
                "start it",
            ),
            (
                io(io::ErrorKind::BrokenPipe),
                Cause::Reported,
                "closed the connection",
            ),
            (
                io(io::ErrorKind::HostUnreachable),
                Cause::Reported,
                "cannot be reached",
            ),
            (
                (ErrorKind::AuthenticationFailed, "no").into(),
                Cause::Reported,
                "rejects the credentials",
            ),
            (
                (ErrorKind::UnexpectedReturnType, "no").into(),
                Cause::Reported,
                "correct its address",
            ),
            (
                answer("NOAUTH", "x"),
                Cause::Reported,
                "asks for a password",
            ),
            (
                answer("WRONGPASS", "x"),
                Cause::Reported,
                "rejects the credentials",
            ),
            (answer("NOPERM", "x"), Cause::Reported, "ACL SETUSER"),
            (answer("LOADING", "x"), Cause::Reported, "loading its data"),
            (
                answer("READONLY", "x"),
                Cause::Reported,
                "read-only replica",
            ),
            (answer("OOM", "x"), Cause::Reported, "maxmemory"),
            (answer("MISCONF", "x"), Cause::Reported, "its disk"),
            (
                answer("MASTERDOWN", "x"),
                Cause::Reported,
                "lost its primary",
            ),
            (
                answer("CLUSTERDOWN", "x"),
                Cause::Reported,
                "cluster is down",
            ),
            (answer("BUSY", "x"), Cause::Reported, "SCRIPT KILL"),
            (answer("DENIED", "x"), Cause::Reported, "protected mode"),
            (
                answer("ERR", "max number of clients reached"),
                Cause::Reported,
                "maxclients",
            ),
            (answer("ERR", "x"), Cause::Reported, "see the log"),
            (answer("", ""), Cause::Reported, "see the log"),
        ] {
            let outcome = failed(error.clone());
            assert_eq!(outcome.status(), Status::Unhealthy, "{error}");
            assert_eq!(outcome.cause(), cause, "{error}");
            assert!(outcome.message().contains(words), "{error}: {outcome:?}");
            assert!(outcome.error().is_some());
        }
    }

    #[test]
    fn nothing_of_the_error_is_told() {
        for code in ["NOAUTH", "NOPERM", "ERR", "swordfish"] {
            let outcome = failed(answer(code, "user alice has swordfish at db01"));
            for private in ["alice", "swordfish", "db01"] {
                assert!(!outcome.message().contains(private), "{outcome:?}");
            }
            assert!(outcome.details().is_empty());
        }
    }
}
