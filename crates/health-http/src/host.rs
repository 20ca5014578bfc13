//! Whether a request names its host as its HTTP version asks.
//!
//! It does not compare the host with anything: a health endpoint answers under every name.

use hyper::header::{HOST, HeaderMap};
use hyper::{Version, http::HeaderValue};

/// Why a request must be answered with 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostError {
    /// An HTTP/1.1 request without a `Host`.
    #[error("an HTTP/1.1 request needs a host header; send one")]
    Missing,
    /// More than one `Host`.
    #[error("a request has one host header at most; send one")]
    Repeated,
    /// A `Host` that is no host and port.
    #[error("the host header is not HOST or HOST:PORT; correct it")]
    Malformed,
}

/// Checks the `Host` header, which hyper leaves to its user (RFC 9112, section 3.2).
///
/// HTTP/1.0 may go without one: that is what plain HAProxy checks send. HTTP/2 and later have
/// `:authority` instead, which a router above this crate has seen to.
pub fn check_host(version: Version, headers: &HeaderMap) -> Result<(), HostError> {
    let mut hosts = headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) if version != Version::HTTP_11 => Ok(()),
        (None, _) => Err(HostError::Missing),
        (Some(_), Some(_)) => Err(HostError::Repeated),
        (Some(host), None) if plausible(host) => Ok(()),
        (Some(_), None) => Err(HostError::Malformed),
    }
}

/// An empty value is allowed by the standard: it stands for a target without an authority.
fn plausible(host: &HeaderValue) -> bool {
    host.as_bytes().iter().all(|&byte| {
        byte.is_ascii_graphic()
            && !matches!(
                byte,
                b'/' | b'\\'
                    | b'?'
                    | b'#'
                    | b'@'
                    | b','
                    | b'"'
                    | b'<'
                    | b'>'
                    | b'^'
                    | b'`'
                    | b'{'
                    | b'|'
                    | b'}'
            )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let cases: &[(Version, &[&str], Result<(), HostError>)] = &[
            (Version::HTTP_11, &["localhost"], Ok(())),
            (Version::HTTP_11, &["127.0.0.1:8080"], Ok(())),
            (Version::HTTP_11, &["[::1]:8080"], Ok(())),
            (Version::HTTP_11, &[""], Ok(())),
            (Version::HTTP_11, &[], Err(HostError::Missing)),
            (Version::HTTP_11, &["a", "a"], Err(HostError::Repeated)),
            (Version::HTTP_11, &["a, b"], Err(HostError::Malformed)),
            (Version::HTTP_11, &["a/b"], Err(HostError::Malformed)),
            (Version::HTTP_11, &["user@a"], Err(HostError::Malformed)),
            (Version::HTTP_2, &[], Ok(())),
            (Version::HTTP_3, &[], Ok(())),
            (Version::HTTP_10, &[], Ok(())),
            (Version::HTTP_10, &["a"], Ok(())),
            (Version::HTTP_10, &["a", "b"], Err(HostError::Repeated)),
        ];
        for (version, hosts, expected) in cases {
            let mut headers = HeaderMap::new();
            for host in *hosts {
                headers.append(HOST, HeaderValue::from_static(host));
            }
            assert_eq!(
                check_host(*version, &headers),
                *expected,
                "{version:?} {hosts:?}"
            );
        }
    }
}
