//! Judges whether one DNS server answers for a name. How the system resolves, it does not
//! ask; that is `dns`.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};

use super::dns::{checked_count, checked_name};
use super::dns_answers::Wanted;
use super::dns_query::{Query, Reply, words};
use super::dns_record::DnsRecord;
use super::dns_transport::{DnsError, ask};
use super::endpoint::Quoted;
use super::moments::limit;
use crate::clock;
use crate::invalid::InvalidCheck;

const NAME: &str = "dns-server";
const PORT: u16 = 53;

/// Asks one DNS server for the records of a name, without the system's resolver, its hosts
/// file and its caches.
///
/// By UDP, again each second until the deadline, as a datagram may be lost; by TCP if the
/// answer is truncated. Healthy if there is at least one record of the type, or as many as
/// [`at_least`](Self::at_least) says, and each that is [expected](Self::expects). Answers
/// are not validated (DNSSEC).
///
/// Registered as `dns-server`, every 60 s, with a timeout of 5 s, as a shared dependency
/// unless the server is on loopback. Its details are `answers` (ten of them),
/// `answer_count`, `server` and `latency_ms`.
///
/// ```
/// use health_checks::net::{DnsRecord, DnsServerCheck};
///
/// let check = DnsServerCheck::new("10.0.0.2", "example.com")?
///     .record(DnsRecord::Mx)
///     .expects("10 mail.example.com")
///     .at_least(2)?;
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct DnsServerCheck {
    server: SocketAddr,
    name: String,
    record: DnsRecord,
    wanted: Wanted,
}

impl DnsServerCheck {
    /// Asks `server` (`10.0.0.2`, `10.0.0.2:5353`, `[::1]:53`; port 53 by default) for the
    /// IPv4 addresses of `name`.
    pub fn new(server: &str, name: &str) -> Result<Self, InvalidCheck> {
        let address = server.parse::<SocketAddr>().ok();
        let bare = || Some(SocketAddr::new(server.parse::<IpAddr>().ok()?, PORT));
        let address = address.or_else(bare).filter(|address| address.port() != 0);
        let server = address.ok_or_else(|| {
            let problem = format!(
                "{} is no server; give its IP address, with or without a port",
                Quoted(server)
            );
            InvalidCheck::new(NAME, problem)
        })?;
        let name = checked_name(NAME, name)?.to_owned();
        Ok(Self {
            server,
            name,
            record: DnsRecord::default(),
            wanted: Wanted::default(),
        })
    }

    /// Asks for `record`s, in place of IPv4 addresses.
    pub fn record(mut self, record: DnsRecord) -> Self {
        self.record = record;
        self
    }

    /// Unhealthy with fewer than `count` records, in place of 1.
    pub fn at_least(mut self, count: usize) -> Result<Self, InvalidCheck> {
        self.wanted.at_least = checked_count(NAME, count)?;
        Ok(self)
    }

    /// Unhealthy if `answer` is not among the answers: an address, or a record's data as in
    /// a zone file. May be called several times.
    pub fn expects(mut self, answer: impl Into<String>) -> Self {
        self.wanted.among_them.push(answer.into());
        self
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let local = self.server.ip().to_canonical().is_loopback();
        let registration = Registration::new(NAME, self)
            .description("a DNS server that must answer for a name")
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(5));
        if local {
            registration
        } else {
            registration.shared_dependency()
        }
    }

    fn outcome(&self, begin: Instant, reply: Result<Reply, DnsError>) -> Outcome {
        let (server, name, record) = (self.server, &self.name, self.record.rtype());
        let what = format!("dns {name} {record} at {server}");
        let outcome = match reply {
            Ok(Reply::Answers(answers)) => self
                .wanted
                .outcome(&what, &answers)
                .detail("latency_ms", clock::since_ms(begin)),
            Ok(Reply::Refusal(code)) => Outcome::unhealthy(format!("{what}: {}", words(code)))
                .detail("latency_ms", clock::since_ms(begin)),
            // The transport hands on neither.
            Ok(Reply::Truncated | Reply::NotOurs) => {
                Outcome::unhealthy(format!("{what}: the server {}", DnsError::Noise))
            }
            Err(error @ DnsError::Overdue) => {
                Outcome::timeout(format!("{what}: the server {error}")).with_error(error)
            }
            Err(error) => {
                Outcome::unhealthy(format!("{what}: the server {error}")).with_error(error)
            }
        };
        outcome.detail("server", server.to_string())
    }
}

#[async_trait]
impl Check for DnsServerCheck {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let begin = clock::instant();
        let Some(query) = Query::new(&self.name, self.record) else {
            return Outcome::unhealthy(format!("dns {}: no name that DNS can hold", self.name));
        };
        let reply = ask(self.server, query, limit(cx)).await;
        self.outcome(begin, reply)
    }
}

impl From<DnsServerCheck> for Registration {
    fn from(check: DnsServerCheck) -> Self {
        check.registration()
    }
}
