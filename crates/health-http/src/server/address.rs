//! Where a server listens: how it is written, and what it became.
//!
//! It does not bind.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::listener::BindError;

/// An address to bind: `HOST:PORT`, `[IPV6]:PORT`, or `unix:PATH`.
///
/// ```
/// use health_http::server::Address;
///
/// let tcp: Address = "127.0.0.1:8080".parse()?;
/// let unix: Address = "unix:/run/node/health.sock".parse()?;
/// assert_eq!(tcp.to_string(), "127.0.0.1:8080");
/// assert_eq!(unix.to_string(), "unix:/run/node/health.sock");
/// # Ok::<(), health_http::server::BindError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address(Place);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    Tcp(SocketAddr),
    /// A host name and port, looked up when it is bound.
    Named(String),
    Unix(PathBuf),
}

impl Address {
    /// A Unix socket at a path.
    pub fn unix(path: impl Into<PathBuf>) -> Self {
        Self(Place::Unix(path.into()))
    }

    pub(crate) fn place(&self) -> &Place {
        &self.0
    }
}

impl From<SocketAddr> for Address {
    fn from(address: SocketAddr) -> Self {
        Self(Place::Tcp(address))
    }
}

impl FromStr for Address {
    type Err = BindError;

    fn from_str(text: &str) -> Result<Self, BindError> {
        let invalid = || BindError::Invalid {
            address: text.to_owned(),
        };
        if let Some(path) = text.strip_prefix("unix:") {
            return if path.is_empty() {
                Err(invalid())
            } else {
                Ok(Self::unix(path))
            };
        }
        if let Ok(address) = text.parse() {
            return Ok(Self(Place::Tcp(address)));
        }
        match text.rsplit_once(':') {
            Some((host, port))
                if !host.is_empty() && !host.contains(':') && port.parse::<u16>().is_ok() =>
            {
                Ok(Self(Place::Named(text.to_owned())))
            }
            _ => Err(invalid()),
        }
    }
}

impl TryFrom<&str> for Address {
    type Error = BindError;

    fn try_from(text: &str) -> Result<Self, BindError> {
        text.parse()
    }
}

impl TryFrom<String> for Address {
    type Error = BindError;

    fn try_from(text: String) -> Result<Self, BindError> {
        text.parse()
    }
}

impl TryFrom<&String> for Address {
    type Error = BindError;

    fn try_from(text: &String) -> Result<Self, BindError> {
        text.parse()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Tcp(address) => address.fmt(f),
            Place::Named(name) => name.fmt(f),
            Place::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// The addresses that a name stands for.
pub(crate) fn resolve(name: &str) -> Result<Vec<SocketAddr>, BindError> {
    match name.to_socket_addrs().map(Vec::from_iter) {
        Ok(addresses) if !addresses.is_empty() => Ok(addresses),
        Ok(_) => Err(BindError::Unresolved {
            address: name.to_owned(),
            source: std::io::ErrorKind::NotFound.into(),
        }),
        Err(source) => Err(BindError::Unresolved {
            address: name.to_owned(),
            source,
        }),
    }
}

/// The address that a server is bound to: with its real port, if 0 was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LocalAddr {
    /// A TCP address.
    Tcp(SocketAddr),
    /// The path of a Unix socket; none for an adopted socket without a name.
    Unix(Option<PathBuf>),
}

impl LocalAddr {
    /// The TCP address, if it is one.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// The path of the Unix socket, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Tcp(_) => None,
            Self::Unix(path) => path.as_deref(),
        }
    }
}

impl fmt::Display for LocalAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(Some(path)) => write!(f, "unix:{}", path.display()),
            Self::Unix(None) => f.write_str("unix:(unnamed)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let good = [
            ("127.0.0.1:8080", Place::Tcp(([127, 0, 0, 1], 8080).into())),
            ("0.0.0.0:0", Place::Tcp(([0, 0, 0, 0], 0).into())),
            ("[::1]:80", Place::Tcp("[::1]:80".parse().unwrap())),
            ("localhost:80", Place::Named("localhost:80".to_owned())),
            ("unix:/run/x", Place::Unix("/run/x".into())),
            ("unix:x", Place::Unix("x".into())),
        ];
        for (text, place) in good {
            let address: Address = text.parse().unwrap();
            assert_eq!(address.place(), &place, "{text}");
            assert_eq!(address.to_string(), text);
        }
        for text in [
            "",
            "8080",
            ":8080",
            "localhost",
            "::1:80:x",
            "a:99999",
            "a:http",
            "unix:",
            "http://a:80",
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert!(error.to_string().contains("HOST:PORT"), "{text}: {error}");
        }
    }
}
