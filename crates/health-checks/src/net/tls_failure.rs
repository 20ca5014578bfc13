//! Why a TLS handshake failed, in words that name the reason and the remedy. Pure.

use std::fmt;
use std::io;
use std::time::{Duration, SystemTime};

use health_core::Outcome;
use thiserror::Error;
use tokio_rustls::rustls;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{AlertDescription as Alert, CertificateError as Bad, Error as TlsError};

use super::certificate::days_between;
use super::tls_verifier::SelfSigned;

/// Why there is no TLS session. Each message follows the endpoint's name.
#[derive(Debug, Error)]
pub(super) enum TlsFailure {
    #[error(
        "accepts the connection, but does not shake hands for TLS in time; does the port speak TLS?"
    )]
    Overdue,
    #[error(
        "no root certificates are found on this machine; install `ca-certificates`, or give roots by `Tls::with_roots_pem`"
    )]
    NoRoots(#[source] NoRoots),
    #[error("TLS cannot ask for this name; correct it")]
    Name,
    #[error("{}", words(.0))]
    Tls(#[source] TlsError),
    #[error("the connection breaks during the TLS handshake; does the port speak TLS?")]
    Broken(#[source] io::Error),
}

/// What was found instead of root certificates.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct NoRoots(pub(super) String);

impl From<io::Error> for TlsFailure {
    fn from(error: io::Error) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
        match inner {
            Some(inner) => Self::Tls(TlsError::clone(inner)),
            None => Self::Broken(error),
        }
    }
}

impl TlsFailure {
    /// What a run comes to that began with `what`.
    pub(super) fn outcome(self, what: &str) -> Outcome {
        let message = format!("{what}: {self}");
        let outcome = match &self {
            Self::Overdue => Outcome::timeout(message),
            _ => Outcome::unhealthy(message),
        };
        let outcome = match self.days_left() {
            Some(days) => outcome.detail("days_left", days),
            None => outcome,
        };
        outcome.with_error(self)
    }

    /// Of a certificate that is refused because it has expired; negative.
    fn days_left(&self) -> Option<f64> {
        match self {
            Self::Tls(TlsError::InvalidCertificate(Bad::ExpiredContext { time, not_after })) => {
                Some(days(*time, *not_after))
            }
            _ => None,
        }
    }
}

fn days(now: UnixTime, then: UnixTime) -> f64 {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_secs());
    days_between(now, Duration::from_secs(then.as_secs()))
}

fn words(error: &TlsError) -> String {
    match error {
        TlsError::InvalidCertificate(bad) => bad_certificate(bad),
        TlsError::InvalidMessage(_) | TlsError::InappropriateMessage { .. } => {
            "answers what is not TLS; is the port right?".into()
        }
        TlsError::AlertReceived(Alert::CertificateRequired) => {
            "wants a certificate of the client; give one by `Tls::with_config`".into()
        }
        TlsError::AlertReceived(Alert::UnrecognisedName) => {
            "the server does not know this name; correct it, or the server's names".into()
        }
        TlsError::AlertReceived(Alert::NoApplicationProtocol) => {
            "does not speak HTTP/1.1 at this port; let it, or correct the port".into()
        }
        TlsError::AlertReceived(Alert::ProtocolVersion | Alert::HandshakeFailure)
        | TlsError::PeerIncompatible(_) => {
            "has no TLS version or cipher in common with this check; let it speak TLS 1.2 or 1.3"
                .into()
        }
        TlsError::AlertReceived(alert) => {
            format!("refuses the TLS handshake ({alert:?}); look at the server's log")
        }
        _ => "the TLS handshake fails; look at the server's log".into(),
    }
}

fn bad_certificate(bad: &Bad) -> String {
    match bad {
        Bad::ExpiredContext { time, not_after } => {
            let days = -days(*time, *not_after);
            format!("its certificate expired {days} days ago; renew it")
        }
        Bad::Expired => "its certificate has expired; renew it".into(),
        Bad::NotValidYet | Bad::NotValidYetContext { .. } => {
            "its certificate is not valid yet; look at the clocks of both machines".into()
        }
        Bad::NotValidForNameContext { expected, presented } => format!(
            "its certificate is not for {}, but for {}; correct the name, or the certificate",
            Plain(expected),
            Names(presented)
        ),
        Bad::NotValidForName => {
            "its certificate is for another name; correct the name, or the certificate".into()
        }
        Bad::UnknownIssuer => "its certificate is from an authority that is not trusted here, or the server leaves out those between; give its root by `Tls::with_roots_pem`, or complete the server's chain".into(),
        Bad::BadSignature => "its certificate is not signed by the trusted root of that name; give the root that signed it by `Tls::with_roots_pem`".into(),
        Bad::Revoked => "its certificate is revoked; replace it".into(),
        Bad::Other(other) => match other.0.downcast_ref() {
            Some(SelfSigned::Server) => "its certificate is self-signed; give it as a root by `Tls::with_roots_pem`, or use one from an authority".into(),
            Some(SelfSigned::Authority) => "its certificate is self-signed, and an authority's (CA:TRUE), which no server may use; make one with CA:FALSE, or use one from an authority".into(),
            None => "its certificate is not accepted; look at the log for the reason".into(),
        },
        _ => "its certificate is not accepted; look at the log for the reason".into(),
    }
}

struct Plain<'a>(&'a ServerName<'static>);

impl fmt::Display for Plain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ServerName::IpAddress(ip) => std::net::IpAddr::from(*ip).fmt(f),
            name => f.write_str(&name.to_str()),
        }
    }
}

/// Three of the names that a certificate is for; webpki gives each as `DnsName("x")`.
struct Names<'a>(&'a [String]);

impl fmt::Display for Names<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("no name at all");
        }
        for (at, name) in self.0.iter().take(3).enumerate() {
            let bare = name
                .split_once('(')
                .and_then(|(_, name)| name.strip_suffix(')'));
            let bare = bare.unwrap_or(name).trim_matches('"');
            write!(f, "{}{bare}", if at == 0 { "" } else { ", " })?;
        }
        f.write_str(if self.0.len() > 3 { " and more" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use health_core::{Cause, Status};
    use rustls::OtherError;

    use super::*;

    fn bad(bad: Bad) -> TlsFailure {
        TlsFailure::Tls(TlsError::InvalidCertificate(bad))
    }

    fn at(days: u64) -> UnixTime {
        UnixTime::since_unix_epoch(Duration::from_secs(days * 86_400))
    }

    #[test]
    fn the_reason_and_the_remedy() {
        let wrong_name = |presented: &[&str]| Bad::NotValidForNameContext {
            expected: ServerName::try_from("a.example").unwrap(),
            presented: presented.iter().map(ToString::to_string).collect(),
        };
        let expired = Bad::ExpiredContext {
            time: at(103),
            not_after: at(100),
        };
        let own = |kind| Bad::Other(OtherError(Arc::new(kind)));
        for (failure, words) in [
            (TlsFailure::Overdue, "in time; does the port speak TLS?"),
            (
                TlsFailure::NoRoots(NoRoots("x".into())),
                "install `ca-certificates`",
            ),
            (
                bad(expired),
                "tls x: its certificate expired 3 days ago; renew it",
            ),
            (bad(Bad::NotValidYet), "not valid yet; look at the clocks"),
            (
                bad(wrong_name(&[
                    "DnsName(\"b.example\")",
                    "IpAddress(10.0.0.1)",
                ])),
                "not for a.example, but for b.example, 10.0.0.1; correct",
            ),
            (bad(wrong_name(&[])), "but for no name at all; correct"),
            (bad(Bad::UnknownIssuer), "not trusted here"),
            (
                bad(own(SelfSigned::Server)),
                "is self-signed; give it as a root",
            ),
            (bad(own(SelfSigned::Authority)), "make one with CA:FALSE"),
            (bad(Bad::BadSignature), "give the root that signed it"),
            (bad(Bad::Revoked), "is revoked; replace it"),
            (bad(Bad::BadEncoding), "not accepted; look at the log"),
            (
                TlsFailure::Tls(TlsError::AlertReceived(Alert::CertificateRequired)),
                "wants a certificate of the client",
            ),
            (TlsFailure::Tls(TlsError::DecryptError), "handshake fails"),
            (
                io::Error::new(io::ErrorKind::InvalidData, TlsError::DecryptError).into(),
                "handshake fails",
            ),
            (
                io::Error::from(io::ErrorKind::UnexpectedEof).into(),
                "breaks during",
            ),
        ] {
            let overdue = matches!(failure, TlsFailure::Overdue);
            let outcome = failure.outcome("tls x");
            assert_eq!(outcome.status(), Status::Unhealthy);
            assert_eq!(outcome.cause() == Cause::Timeout, overdue);
            assert!(outcome.message().contains(words), "{}", outcome.message());
            assert!(outcome.error().is_some());
        }
    }

    #[test]
    fn the_days_since_a_certificate_expired_are_a_detail() {
        let expired = Bad::ExpiredContext {
            time: at(103),
            not_after: at(100),
        };
        assert_eq!(bad(expired).outcome("x").details()["days_left"], -3.0);
        assert!(bad(Bad::Expired).outcome("x").details().is_empty());
    }
}
