//! Judges whether a TCP port accepts connections. What is behind it, it does not ask.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};
use tokio::net::TcpStream;

use super::dial::{DialError, dial};
use super::endpoint::Endpoint;
use super::moments::limit;
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::lookup::Lookup;

const NAME: &str = "tcp";

/// Connects to a TCP port, and closes the connection.
///
/// All addresses of the name are tried, each for an equal share of the time, until one
/// accepts: that is healthy, anything else unhealthy. That the kernel accepts does not prove
/// that the program behind it answers; for that, ask it ([`HttpCheck`](super::HttpCheck)).
///
/// Registered as `tcp`, every 30 s, with a timeout of 5 s (a lost packet is sent again
/// after 1 and 3 s), as a shared dependency unless it is on loopback. Its details are
/// `latency_ms` (name and connection) and `remote_address`.
///
/// ```
/// use health_checks::net::TcpCheck;
///
/// let registration = TcpCheck::new("smtp.example.com:25")?.registration().named("mail");
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct TcpCheck {
    endpoint: Endpoint,
    lookup: Lookup,
}

impl TcpCheck {
    /// Connects to `endpoint`, as in `db.example.com:5432`, `10.0.0.1:80`, `[::1]:80`.
    pub fn new(endpoint: &str) -> Result<Self, InvalidCheck> {
        Ok(Self {
            endpoint: Endpoint::parse(NAME, endpoint)?,
            lookup: Lookup::default(),
        })
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let local = self.endpoint.is_loopback();
        let registration = Registration::new(NAME, self)
            .description("a TCP port that must accept connections")
            .every(Duration::from_secs(30))
            .timeout(Duration::from_secs(5));
        if local {
            registration
        } else {
            registration.shared_dependency()
        }
    }

    fn outcome(&self, begin: Instant, dialled: Result<TcpStream, DialError>) -> Outcome {
        let what = format!("tcp {}", self.endpoint);
        match dialled {
            Ok(stream) => Outcome::healthy()
                .with_message(format!("{what} accepts connections"))
                .detail("latency_ms", clock::since_ms(begin))
                .detail_if_known(
                    "remote_address",
                    stream.peer_addr().ok().map(|a| a.to_string()),
                ),
            Err(error) => error.outcome(&what),
        }
    }
}

#[async_trait]
impl Check for TcpCheck {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let begin = clock::instant();
        let dialled = dial(&self.lookup, &self.endpoint, |_| false, limit(cx)).await;
        self.outcome(begin, dialled)
    }
}

impl From<TcpCheck> for Registration {
    fn from(check: TcpCheck) -> Self {
        check.registration()
    }
}
