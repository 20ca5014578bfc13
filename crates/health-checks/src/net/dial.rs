//! Connects to the first of an endpoint's addresses that accepts. It sends nothing.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use health_core::Outcome;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout_at;

use super::endpoint::Endpoint;
use super::moments::share;
use crate::clock;
use crate::lookup::Lookup;

/// Why there is no connection. Each message follows the endpoint's name.
#[derive(Debug, Error)]
pub(super) enum DialError {
    #[error("its name is not resolved in time; look at the DNS servers of this machine")]
    NameOverdue,
    #[error("its name cannot be resolved; correct it, or look at the DNS servers of this machine")]
    Name(#[source] io::Error),
    #[error("its name has no address; correct it, or its DNS entry")]
    NoAddress,
    #[error(
        "its address is link-local or a metadata service's, which is not asked; allow it if it is meant"
    )]
    Guarded,
    #[error("no answer from {0} in time; is the machine up, and does no firewall drop packets?")]
    Overdue(SocketAddr),
    #[error("{address} {}", words(source))]
    Failed {
        address: SocketAddr,
        source: io::Error,
    },
}

impl DialError {
    pub(super) fn is_overdue(&self) -> bool {
        matches!(self, Self::NameOverdue | Self::Overdue(_))
    }

    /// What a run comes to that began with `what`.
    pub(super) fn outcome(self, what: &str) -> Outcome {
        let message = format!("{what}: {self}");
        if self.is_overdue() {
            Outcome::timeout(message).with_error(self)
        } else {
            Outcome::unhealthy(message).with_error(self)
        }
    }
}

/// Connects to `endpoint` before `limit`, at one of its addresses that are not `refused`.
/// Each address gets an equal share of the time, so that one that drops packets does not
/// hide the next. Cancel safe.
pub(super) async fn dial(
    lookup: &Lookup,
    endpoint: &Endpoint,
    refused: fn(IpAddr) -> bool,
    limit: Instant,
) -> Result<TcpStream, DialError> {
    let addresses = timeout_at(
        limit.into(),
        lookup.addresses(endpoint.host(), endpoint.port()),
    )
    .await
    .map_err(|_| DialError::NameOverdue)?
    .map_err(DialError::Name)?;
    let mut problem = DialError::NoAddress;
    let allowed: Vec<_> = addresses
        .iter()
        .filter(|address| !refused(address.ip()))
        .collect();
    if allowed.len() < addresses.len() {
        problem = DialError::Guarded;
    }
    for (tried, &&address) in allowed.iter().enumerate() {
        let share = share(clock::instant(), limit, allowed.len() - tried);
        problem = match timeout_at(share.into(), TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(source)) => DialError::Failed { address, source },
            Err(_) => DialError::Overdue(address),
        };
    }
    Err(problem)
}

fn words(error: &io::Error) -> &'static str {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused => "refuses connections; start the server, or correct the port",
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown => {
            "is not reachable; look at the routes and the network of this machine"
        }
        Kind::TimedOut => "does not answer; is the machine up, and does no firewall drop packets?",
        Kind::ConnectionReset | Kind::ConnectionAborted => {
            "closes connections at once; look at the server's limits"
        }
        Kind::PermissionDenied => "may not be connected to; look at the firewall of this machine",
        Kind::AddrNotAvailable => "cannot be connected to; this machine is out of local ports",
        _ => "cannot be connected to",
    }
}

#[cfg(test)]
mod tests {
    use health_core::{Cause, Status};

    use super::*;

    #[test]
    fn what_a_person_reads() {
        let address: SocketAddr = "10.0.0.1:80".parse().unwrap();
        let failed = |kind: io::ErrorKind| DialError::Failed {
            address,
            source: kind.into(),
        };
        for (error, cause, words) in [
            (
                DialError::NameOverdue,
                Cause::Timeout,
                "not resolved in time",
            ),
            (
                DialError::Name(io::Error::other("x")),
                Cause::Reported,
                "cannot be resolved",
            ),
            (DialError::NoAddress, Cause::Reported, "no address"),
            (DialError::Guarded, Cause::Reported, "link-local"),
            (
                DialError::Overdue(address),
                Cause::Timeout,
                "no answer from 10.0.0.1:80",
            ),
            (
                failed(io::ErrorKind::ConnectionRefused),
                Cause::Reported,
                "10.0.0.1:80 refuses connections",
            ),
            (
                failed(io::ErrorKind::HostUnreachable),
                Cause::Reported,
                "not reachable",
            ),
            (
                failed(io::ErrorKind::Other),
                Cause::Reported,
                "cannot be connected",
            ),
        ] {
            let outcome = error.outcome("tcp db:80");
            assert_eq!(outcome.status(), Status::Unhealthy);
            assert_eq!(outcome.cause(), cause, "{words}");
            assert!(outcome.message().starts_with("tcp db:80: "));
            assert!(outcome.message().contains(words), "{}", outcome.message());
            assert!(outcome.error().is_some());
        }
    }
}
