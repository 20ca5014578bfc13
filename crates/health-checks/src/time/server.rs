//! The name of an NTP server, as a person writes it.
//!
//! It resolves nothing; see `exchange`.

use std::fmt;
use std::net::Ipv6Addr;

use crate::host::{self, is_name};

const PORT: u16 = 123;

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    /// A name or an address, in lower case.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Server {
    /// Reads `host`, `host:port`, `[v6]`, `[v6]:port` or a bare IPv6 address.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (host, port) = if text.parse::<Ipv6Addr>().is_ok() {
            (text, None)
        } else if let Some(rest) = text.strip_prefix('[') {
            let (host, rest) = rest.split_once(']')?;
            host.parse::<Ipv6Addr>().ok()?;
            match rest {
                "" => (host, None),
                port => (host, Some(port.strip_prefix(':')?)),
            }
        } else {
            match text.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            }
        };
        let port = match port {
            Some(port) => host::port(port)?,
            None => PORT,
        };
        let host = host.to_ascii_lowercase();
        (is_name(&host) || host.parse::<Ipv6Addr>().is_ok()).then_some(Self { host, port })
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.port, self.host.contains(':')) {
            (PORT, _) => f.write_str(&self.host),
            (port, true) => write!(f, "[{}]:{port}", self.host),
            (port, false) => write!(f, "{}:{port}", self.host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_they_are_written() {
        for (text, shown) in [
            ("time.example.org", "time.example.org"),
            ("Time.Example.ORG.", "time.example.org."),
            ("time.example.org:1123", "time.example.org:1123"),
            ("time.example.org:123", "time.example.org"),
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1:65535", "192.0.2.1:65535"),
            ("2001:db8::1", "2001:db8::1"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("[::1]:1123", "[::1]:1123"),
            ("localhost", "localhost"),
        ] {
            let server = Server::parse(text).unwrap();
            assert_eq!(server.to_string(), shown);
            assert_eq!(Server::parse(shown), Some(server));
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(64);
        for text in [
            "",
            ".",
            "..",
            "a..b",
            ":123",
            "a:",
            "a:0",
            "a:65536",
            "a:+1",
            "a:b",
            "a:1:2",
            "[::1",
            "[a]:1",
            "[::1]1",
            "a b",
            "a/b",
            "user:pass@host",
            "ntp://host",
            "zeit.köln",
            &long,
        ] {
            assert_eq!(Server::parse(text), None, "{text:?}");
        }
    }
}
