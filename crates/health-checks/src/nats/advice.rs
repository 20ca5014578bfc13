//! What a stranger may read of a failure, and a person can act on. Nothing of the
//! error itself: it may name users, subjects and hosts.

use async_nats::{ConnectError, ConnectErrorKind, PublishError, SubscribeError};
use health_core::Outcome;
use thiserror::Error;

/// Why a message did not go there and back.
#[derive(Debug, Error)]
pub(super) enum Failure {
    #[error("cannot connect")]
    Connect(#[from] ConnectError),
    #[error("the service's client is not connected")]
    Disconnected,
    #[error("cannot subscribe to an inbox")]
    Subscribe(#[from] SubscribeError),
    #[error("cannot publish to an inbox")]
    Publish(#[from] PublishError),
    #[error("the connection ended before the message came back")]
    Lost,
}

/// A failed run.
pub(super) fn failed(failure: Failure) -> Outcome {
    let advice = advice(&failure);
    let outcome = match &failure {
        Failure::Connect(error) if error.kind() == ConnectErrorKind::TimedOut => {
            Outcome::timeout(advice)
        }
        _ => Outcome::unhealthy(advice),
    };
    outcome.with_error(failure)
}

/// A run that got no answer before its deadline.
pub(super) fn late() -> Outcome {
    Outcome::timeout(
        "nats did not answer in time; see whether it is suspended, or the user lacks the right to its inboxes",
    )
}

fn advice(failure: &Failure) -> &'static str {
    match failure {
        Failure::Connect(error) => match error.kind() {
            ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => {
                "nats rejects the credentials; correct user, password or token"
            }
            ConnectErrorKind::TimedOut => {
                "nats did not answer in time; see whether it is suspended"
            }
            ConnectErrorKind::Dns => "nats cannot be found by name; correct its address, or DNS",
            ConnectErrorKind::Tls => "nats speaks no TLS that is trusted; see to its certificate",
            _ => "nats cannot be reached; start it, or correct its address",
        },
        Failure::Disconnected => {
            "the service is not connected to nats; see to the server and the network"
        }
        Failure::Lost => "nats closed the connection; see whether it is running",
        Failure::Subscribe(_) | Failure::Publish(_) => {
            "the client of nats takes no more; see whether it was drained"
        }
    }
}

#[cfg(test)]
mod tests {
    use health_core::{Cause, Status};

    use super::*;

    #[test]
    fn each_failure_says_what_to_do() {
        use ConnectErrorKind as Kind;
        let connect = |kind| Failure::Connect(ConnectError::with_source(kind, "swordfish at db01"));
        for (failure, cause, words) in [
            (
                connect(Kind::Authentication),
                Cause::Reported,
                "credentials",
            ),
            (
                connect(Kind::AuthorizationViolation),
                Cause::Reported,
                "credentials",
            ),
            (connect(Kind::TimedOut), Cause::Timeout, "in time"),
            (connect(Kind::Dns), Cause::Reported, "DNS"),
            (connect(Kind::Tls), Cause::Reported, "certificate"),
            (connect(Kind::Io), Cause::Reported, "start it"),
            (connect(Kind::MaxReconnects), Cause::Reported, "start it"),
            (Failure::Disconnected, Cause::Reported, "not connected"),
            (Failure::Lost, Cause::Reported, "closed the connection"),
        ] {
            let outcome = failed(failure);
            assert_eq!(outcome.status(), Status::Unhealthy, "{outcome:?}");
            assert_eq!(outcome.cause(), cause, "{outcome:?}");
            assert!(outcome.message().contains(words), "{outcome:?}");
            assert!(!outcome.message().contains("swordfish"));
            assert!(outcome.error().is_some());
        }
    }
}
