//! A host and a port, as an author writes them. It resolves and connects nothing.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use crate::host::{self, MAX_NAME, is_ipv6, is_name};
use crate::invalid::InvalidCheck;

/// A host (a name, or an address without brackets) and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Endpoint {
    host: String,
    port: u16,
}

impl Endpoint {
    /// Reads `host:port`, `1.2.3.4:port`, `[::1]:port`.
    pub(super) fn parse(check: &'static str, text: &str) -> Result<Self, InvalidCheck> {
        let refused = || {
            InvalidCheck::new(
                check,
                format!(
                    "{} is no endpoint; give `host:port`, with an IPv6 address in brackets",
                    Quoted(text)
                ),
            )
        };
        let (host, port) = text.rsplit_once(':').ok_or_else(refused)?;
        let port = host::port(port).ok_or_else(refused)?;
        Self::new(host, port).ok_or_else(refused)
    }

    /// `host` as it stands in a URL, with an IPv6 address in brackets.
    pub(super) fn new(host: &str, port: u16) -> Option<Self> {
        let host = match host.strip_prefix('[') {
            Some(rest) => rest.strip_suffix(']').filter(|host| is_ipv6(host))?,
            None => Some(host).filter(|host| is_name(host))?,
        };
        (port != 0).then(|| Self {
            host: host.to_owned(),
            port,
        })
    }

    /// The name or the address, without brackets.
    pub(super) fn host(&self) -> &str {
        &self.host
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// The address, if there is nothing to resolve.
    pub(super) fn literal(&self) -> Option<SocketAddr> {
        let ip: IpAddr = self.host.parse().ok()?;
        Some(SocketAddr::new(ip, self.port))
    }

    /// Whether it is this machine by any reading.
    pub(super) fn is_loopback(&self) -> bool {
        let name = self.host.trim_end_matches('.').to_ascii_lowercase();
        name == "localhost"
            || name.ends_with(".localhost")
            || self
                .literal()
                .is_some_and(|address| address.ip().to_canonical().is_loopback())
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Text from an author in an error: only if it cannot hold a credential.
pub(super) struct Quoted<'a>(pub(super) &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '-' | '[' | ']');
        if self.0.len() <= MAX_NAME && !self.0.is_empty() && self.0.chars().all(plain) {
            write!(f, "`{}`", self.0)
        } else {
            f.write_str("what was given")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_and_shown() {
        for (text, host, port, loopback) in [
            ("db:5432", "db", 5432, false),
            ("db.example.com.:1", "db.example.com.", 1, false),
            ("_x._tcp.example.com:1", "_x._tcp.example.com", 1, false),
            ("10.0.0.1:65535", "10.0.0.1", 65535, false),
            ("127.9.9.9:80", "127.9.9.9", 80, true),
            ("LocalHost:80", "LocalHost", 80, true),
            ("localhost.:80", "localhost.", 80, true),
            ("[::1]:80", "::1", 80, true),
            ("[::ffff:127.0.0.1]:80", "::ffff:127.0.0.1", 80, true),
            ("[fe80::1%eth0]:80", "fe80::1%eth0", 80, false),
        ] {
            let endpoint = Endpoint::parse("tcp", text).unwrap();
            assert_eq!((endpoint.host(), endpoint.port()), (host, port), "{text}");
            assert_eq!(endpoint.is_loopback(), loopback, "{text}");
            assert_eq!(endpoint.to_string(), text);
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_without_its_secrets() {
        let long_label = format!("{}:1", "a".repeat(64));
        let long_name = format!("{}a:1", "a.".repeat(127));
        for text in [
            "",
            ":",
            ":80",
            "db",
            "db:",
            "db:0",
            "db:65536",
            "db:+1",
            "db:-1",
            "db: 1",
            "d b:1",
            "::1:80",
            "[::1]",
            "[::1",
            "[]:80",
            "[db]:80",
            "[::1%]:80",
            "a..b:1",
            ".:1",
            "http://db:80",
            "user:hunter2@db:80",
            "hunter2/@db:80",
            "dä:1",
            "db\n:1",
            "db\0:1",
            &long_label,
            &long_name,
        ] {
            let error = Endpoint::parse("tcp", text).unwrap_err().to_string();
            assert!(error.ends_with("give `host:port`, with an IPv6 address in brackets"));
            assert!(!error.contains("hunter2"), "{error}");
        }
        let error = Endpoint::parse("tcp", "db").unwrap_err();
        assert_eq!(
            error.to_string(),
            "tcp: `db` is no endpoint; give `host:port`, with an IPv6 address in brackets"
        );
    }
}
