//! What a stranger may read of a failure, and a person can act on. Nothing of the error itself: it
//! may name users, keys and hosts.

use redis::{ErrorKind, RedisError};

use super::NAME;
use crate::source_error::SourceError;
use crate::sources::trouble::Trouble;

/// A poll without an answer.
pub(super) fn failure(error: RedisError) -> SourceError {
    let advice = match of(&error) {
        Ok(trouble) => trouble.of(NAME),
        Err(advice) => SourceError::new(advice),
    };
    advice.with_error(error)
}

/// What answers is no Redis.
pub(super) fn foreign() -> SourceError {
    Trouble::Foreign.of(NAME)
}

fn of(error: &RedisError) -> Result<Trouble, &'static str> {
    if error.is_timeout() {
        return Err("redis did not answer in time; see whether it is busy or suspended");
    }
    if error.is_connection_refusal() {
        return Ok(Trouble::Refused);
    }
    Ok(match error.kind() {
        ErrorKind::AuthenticationFailed => Trouble::Credentials,
        ErrorKind::Io if error.is_connection_dropped() => Trouble::Ended,
        ErrorKind::Io => Trouble::Unreachable,
        ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Trouble::Foreign,
        _ => return answered(error),
    })
}

/// By the code that an error answer starts with.
fn answered(error: &RedisError) -> Result<Trouble, &'static str> {
    Ok(match error.code().unwrap_or_default() {
        "NOAUTH" | "WRONGPASS" => Trouble::Credentials,
        "NOPERM" => Trouble::Permission("allow it INFO with ACL SETUSER"),
        "LOADING" => return Err("redis is loading its data; wait until it is done"),
        "BUSY" => return Err("redis is busy with a script; wait, or end it with SCRIPT KILL"),
        "DENIED" => {
            return Err("redis is in protected mode; set a password, or bind its addresses");
        }
        "ERR"
            if error
                .detail()
                .is_some_and(|detail| detail.contains("max number of clients")) =>
        {
            Trouble::Full
        }
        _ => Trouble::Other,
    })
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn each_failure_says_what_to_do_and_nothing_private() {
        let answer = |code: &str, detail: &str| {
            redis::make_extension_error(code.to_owned(), Some(format!("alice {detail}")))
        };
        let io = |kind: io::ErrorKind| RedisError::from(io::Error::from(kind));
        for (error, words) in [
            (io(io::ErrorKind::TimedOut), "in time"),
            (io(io::ErrorKind::ConnectionRefused), "start it"),
            (io(io::ErrorKind::BrokenPipe), "closed the connection"),
            (io(io::ErrorKind::HostUnreachable), "cannot be reached"),
            (
                (ErrorKind::UnexpectedReturnType, "no").into(),
                "correct its address",
            ),
            (answer("NOAUTH", ""), "correct user and password"),
            (answer("WRONGPASS", ""), "correct user and password"),
            (answer("NOPERM", ""), "ACL SETUSER"),
            (answer("LOADING", ""), "loading its data"),
            (answer("BUSY", ""), "SCRIPT KILL"),
            (answer("DENIED", ""), "protected mode"),
            (
                answer("ERR", "max number of clients reached"),
                "no connection left",
            ),
            (answer("ERR", "x"), "see the log"),
        ] {
            let failure = failure(error.clone());
            assert!(failure.message().contains(words), "{error}: {failure}");
            assert!(!failure.message().contains("alice"), "{failure}");
            assert!(failure.error().is_some());
        }
    }
}
