//! Judges whether this machine resolves a name. Which server answers, the system decides;
//! one server is asked by `dns_server`.

use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};
use tokio::time::timeout_at;

use super::dns_answers::Wanted;
use super::endpoint::{Endpoint, Quoted};
use super::moments::limit;
use crate::clock;
use crate::host::is_name;
use crate::invalid::InvalidCheck;
use crate::lookup::Lookup;

const NAME: &str = "dns";
/// The resolver wants one; it plays no part.
const ANY_PORT: u16 = 1;

/// Resolves a name as every program on this machine does: by the system's resolver, with
/// its hosts file, its servers, its caches.
///
/// Healthy if there is at least one address, or as many as
/// [`at_least`](Self::at_least) says, and each that is [expected](Self::expects).
///
/// Registered as `dns`, every 60 s, with a timeout of 5 s (what the usual resolver grants
/// one server), as a shared dependency. Its details are `answers` (ten of them),
/// `answer_count` and `latency_ms`.
///
/// ```
/// use health_checks::net::DnsCheck;
///
/// let check = DnsCheck::new("db.internal")?.at_least(2)?;
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct DnsCheck {
    name: Endpoint,
    wanted: Wanted,
    lookup: Lookup,
}

impl DnsCheck {
    /// Resolves `name`. An international name is given in its ASCII form (`xn--…`).
    pub fn new(name: &str) -> Result<Self, InvalidCheck> {
        let endpoint = checked_name(NAME, name).map(|name| Endpoint::new(name, ANY_PORT))?;
        let refused = || InvalidCheck::new(NAME, "no name; give a host name");
        let endpoint = endpoint.ok_or_else(refused)?;
        if endpoint.literal().is_some() {
            let problem = format!("{} is an address; give a name to resolve", Quoted(name));
            return Err(InvalidCheck::new(NAME, problem));
        }
        Ok(Self {
            name: endpoint,
            wanted: Wanted::default(),
            lookup: Lookup::default(),
        })
    }

    /// Unhealthy with fewer than `count` addresses, in place of 1.
    pub fn at_least(mut self, count: usize) -> Result<Self, InvalidCheck> {
        self.wanted.at_least = checked_count(NAME, count)?;
        Ok(self)
    }

    /// Unhealthy if `address` is not among the answers. May be called several times.
    pub fn expects(mut self, address: impl Into<IpAddr>) -> Self {
        self.wanted.among_them.push(address.into().to_string());
        self
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        Registration::new(NAME, self)
            .description("a name that this machine must resolve")
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(5))
            .shared_dependency()
    }

    fn outcome(&self, begin: Instant, answers: Option<io::Result<Vec<String>>>) -> Outcome {
        let what = format!("dns {}", self.name.host());
        match answers {
            Some(Ok(answers)) => self
                .wanted
                .outcome(&what, &answers)
                .detail("latency_ms", clock::since_ms(begin)),
            Some(Err(error)) => Outcome::unhealthy(format!(
                "{what}: cannot be resolved; correct the name, or look at the DNS servers of this machine"
            ))
            .with_error(error),
            None => Outcome::timeout(format!(
                "{what}: not resolved in time; look at the DNS servers of this machine"
            )),
        }
    }
}

/// A name that DNS can hold.
pub(super) fn checked_name<'a>(
    check: &'static str,
    name: &'a str,
) -> Result<&'a str, InvalidCheck> {
    if is_name(name) {
        Ok(name)
    } else {
        let problem = format!(
            "{} is no name; give labels of at most 63 ASCII letters, digits, `-` and `_`, with dots between",
            Quoted(name)
        );
        Err(InvalidCheck::new(check, problem))
    }
}

pub(super) fn checked_count(check: &'static str, count: usize) -> Result<usize, InvalidCheck> {
    // More than a message of 64 KiB can hold is never answered.
    if (1..=4096).contains(&count) {
        Ok(count)
    } else {
        let problem = format!("cannot want {count} answers; give from 1 to 4096");
        Err(InvalidCheck::new(check, problem))
    }
}

#[async_trait]
impl Check for DnsCheck {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let begin = clock::instant();
        let found = self.lookup.addresses(self.name.host(), self.name.port());
        let resolved = timeout_at(limit(cx).into(), found).await;
        let answers = resolved.ok().map(|addresses| {
            let shown = |addresses: Vec<std::net::SocketAddr>| {
                addresses.iter().map(|a| a.ip().to_string()).collect()
            };
            addresses.map(shown)
        });
        self.outcome(begin, answers)
    }
}

impl From<DnsCheck> for Registration {
    fn from(check: DnsCheck) -> Self {
        check.registration()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use health_core::{Cause, Status};

    #[test]
    fn names_and_counts_that_mean_nothing_are_refused() {
        for good in ["localhost", "a.b.", "_srv._tcp.x"] {
            assert!(DnsCheck::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            ".",
            "a..b",
            "10.0.0.1",
            "::1",
            "ä.example",
            "user:hunter2@x",
            "a b",
        ] {
            let error = DnsCheck::new(bad).unwrap_err().to_string();
            assert!(
                error.starts_with("dns: ") && !error.contains("hunter2"),
                "{error}"
            );
        }
        for bad in [0, 4097, usize::MAX] {
            assert!(DnsCheck::new("x").unwrap().at_least(bad).is_err());
        }
    }

    #[test]
    fn what_a_person_reads() {
        let check = DnsCheck::new("db").unwrap().expects([10, 0, 0, 1]);
        let begin = clock::instant();
        for (answers, status, cause, words) in [
            (
                Some(Ok(vec!["10.0.0.1".into()])),
                Status::Healthy,
                Cause::Reported,
                "dns db: 1 answer",
            ),
            (
                Some(Ok(vec!["10.0.0.2".into()])),
                Status::Unhealthy,
                Cause::Reported,
                "not among",
            ),
            (
                Some(Ok(vec![])),
                Status::Unhealthy,
                Cause::Reported,
                "0 answers",
            ),
            (
                Some(Err(io::Error::other("x"))),
                Status::Unhealthy,
                Cause::Reported,
                "cannot be resolved",
            ),
            (
                None,
                Status::Unhealthy,
                Cause::Timeout,
                "not resolved in time",
            ),
        ] {
            let outcome = check.outcome(begin, answers);
            assert_eq!((outcome.status(), outcome.cause()), (status, cause));
            assert!(outcome.message().contains(words), "{}", outcome.message());
        }
    }
}
