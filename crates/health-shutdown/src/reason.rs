//! Why a shutdown began. Who may begin one is decided elsewhere.

use std::fmt;

use serde::{Serialize, Serializer};

/// Why a shutdown began. The first reason counts; later ones are only logged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// A signal came: `SIGTERM`.
    Signal(&'static str),
    /// The service itself asked for it, and says why.
    Requested(String),
    /// A critical check failed for as long as its policy says.
    Critical(String),
    /// A task of the service panicked.
    Panic(String),
}

impl Reason {
    /// Its name on the wire: `signal`, `requested`, `critical`, `panic`.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Signal(_) => "signal",
            Self::Requested(_) => "requested",
            Self::Critical(_) => "critical",
            Self::Panic(_) => "panic",
        }
    }

    /// The signal, the request, the check, or what the panic said.
    pub fn detail(&self) -> &str {
        match self {
            Self::Signal(name) => name,
            Self::Requested(text) | Self::Critical(text) | Self::Panic(text) => text,
        }
    }

    /// Whether somebody sits at the terminal, who is no load balancer and waits for none.
    pub(crate) fn is_interactive(&self) -> bool {
        matches!(self, Self::Signal("SIGINT"))
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Signal(name) => f.write_str(name),
            _ => write!(f, "{}: {}", self.kind(), self.detail()),
        }
    }
}

/// As `{"kind":"signal","detail":"SIGTERM"}`.
impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([("kind", self.kind()), ("detail", self.detail())])
    }
}
