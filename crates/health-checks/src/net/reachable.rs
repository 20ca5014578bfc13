//! Judges how many of several endpoints accept connections. It weighs them alike.

use std::time::Duration;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration, Status};

use super::dial::{DialError, dial};
use super::endpoint::Endpoint;
use super::moments::limit;
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::lookup::Lookup;
use crate::together::together;

const NAME: &str = "reachable";
const MAX_ENDPOINTS: usize = 64;
/// How many of those that do not answer the message names.
const NAMED: usize = 3;

/// Connects to several TCP endpoints at once, and wants a quorum of them to accept.
///
/// Without ICMP, and so without privileges: any of several well-known endpoints shows that
/// the network works, a majority of peers that this node is not cut off.
///
/// Unhealthy if fewer than the quorum accept; the quorum is 1 (any of them) by default.
/// Degraded if fewer accept than [`degraded_below`](Self::degraded_below) says, by default
/// never. All endpoints are tried each time, each for as long as the run may take.
///
/// Registered as `reachable`, every 30 s, with a timeout of 5 s, as a shared dependency
/// unless all of them are on loopback. Its details are `reachable`, `quorum`, `endpoints`
/// (counts), `unreachable` (names) and `latency_ms` (of the slowest that accepts).
///
/// ```
/// use health_checks::net::ReachableCheck;
///
/// let any = ReachableCheck::new(["1.1.1.1:443", "8.8.8.8:443"])?;
/// let peers = ReachableCheck::new(["n1:7000", "n2:7000", "n3:7000"])?
///     .quorum(2)?
///     .degraded_below(3)?;
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct ReachableCheck {
    targets: Vec<(Endpoint, Lookup)>,
    quorum: usize,
    degraded_below: usize,
}

impl ReachableCheck {
    /// Connects to each of `endpoints` (`host:port`): at least one, at most 64, none twice.
    pub fn new<E: AsRef<str>>(
        endpoints: impl IntoIterator<Item = E>,
    ) -> Result<Self, InvalidCheck> {
        let mut targets: Vec<(Endpoint, Lookup)> = Vec::new();
        for text in endpoints {
            let endpoint = Endpoint::parse(NAME, text.as_ref())?;
            if targets.iter().any(|(other, _)| *other == endpoint) {
                let problem = format!("`{endpoint}` is given twice; count it once");
                return Err(InvalidCheck::new(NAME, problem));
            }
            if targets.len() == MAX_ENDPOINTS {
                let problem = format!("more than {MAX_ENDPOINTS} endpoints; give fewer");
                return Err(InvalidCheck::new(NAME, problem));
            }
            targets.push((endpoint, Lookup::default()));
        }
        if targets.is_empty() {
            return Err(InvalidCheck::new(NAME, "no endpoint; give at least one"));
        }
        Ok(Self {
            targets,
            quorum: 1,
            degraded_below: 0,
        })
    }

    /// Unhealthy if fewer than `quorum` accept, in place of 1.
    pub fn quorum(mut self, quorum: usize) -> Result<Self, InvalidCheck> {
        self.quorum = self.count(quorum)?;
        Ok(self)
    }

    /// Degraded if fewer than `count` accept, in place of never.
    pub fn degraded_below(mut self, count: usize) -> Result<Self, InvalidCheck> {
        self.degraded_below = self.count(count)?;
        Ok(self)
    }

    fn count(&self, count: usize) -> Result<usize, InvalidCheck> {
        let all = self.targets.len();
        if (1..=all).contains(&count) {
            Ok(count)
        } else {
            let problem = format!("cannot want {count} of {all} endpoints; give from 1 to {all}");
            Err(InvalidCheck::new(NAME, problem))
        }
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let local = self.targets.iter().all(|(target, _)| target.is_loopback());
        let registration = Registration::new(NAME, self)
            .description("endpoints of which a quorum must accept connections")
            .every(Duration::from_secs(30))
            .timeout(Duration::from_secs(5));
        if local {
            registration
        } else {
            registration.shared_dependency()
        }
    }

    fn judge(&self, reachable: usize) -> Status {
        if reachable < self.quorum {
            Status::Unhealthy
        } else if reachable < self.degraded_below {
            Status::Degraded
        } else {
            Status::Healthy
        }
    }

    /// `slowest`: of those that accepted, in milliseconds.
    fn outcome(&self, slowest: Option<f64>, mut failed: Vec<(&Endpoint, DialError)>) -> Outcome {
        let all = self.targets.len();
        let reachable = all - failed.len();
        let status = self.judge(reachable);
        let wanted = self.quorum.max(match status {
            Status::Unhealthy => 0,
            _ => self.degraded_below,
        });
        let mut message =
            format!("{reachable} of {all} endpoints reachable, at least {wanted} wanted");
        let names: Vec<_> = failed.iter().map(|(name, _)| name.to_string()).collect();
        if !names.is_empty() {
            let some: Vec<_> = names.iter().map(String::as_str).take(NAMED).collect();
            let more = if names.len() > NAMED { " and more" } else { "" };
            message = format!("{message}; not {}{more}", some.join(", "));
        }
        // Nobody had an answer: it is time that ran out, not a server that said no.
        let overdue = reachable == 0 && failed.iter().all(|(_, error)| error.is_overdue());
        let outcome = if overdue {
            Outcome::timeout(message)
        } else {
            Outcome::new(status, message)
        };
        let outcome = outcome
            .detail("reachable", reachable)
            .detail("quorum", self.quorum)
            .detail("endpoints", all)
            .detail("unreachable", names)
            .detail_if_known("latency_ms", slowest);
        match failed.pop() {
            Some((_, error)) => outcome.with_error(error),
            None => outcome,
        }
    }
}

#[async_trait]
impl Check for ReachableCheck {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let begin = clock::instant();
        let limit = limit(cx);
        let dialled = together(self.targets.iter().map(|(endpoint, lookup)| async move {
            let dialled = dial(lookup, endpoint, |_| false, limit).await;
            match dialled {
                Ok(_stream) => Ok(clock::since_ms(begin)),
                Err(error) => Err((endpoint, error)),
            }
        }));
        let (mut slowest, mut failed) = (None, Vec::new());
        for dialled in dialled.await {
            match dialled {
                Ok(ms) => slowest = Some(slowest.map_or(ms, |slowest: f64| slowest.max(ms))),
                Err(error) => failed.push(error),
            }
        }
        self.outcome(slowest, failed)
    }
}

impl From<ReachableCheck> for Registration {
    fn from(check: ReachableCheck) -> Self {
        check.registration()
    }
}

#[cfg(test)]
mod tests {
    use health_core::Cause;

    use super::*;

    fn three() -> ReachableCheck {
        ReachableCheck::new(["a:1", "b:1", "c:1"]).unwrap()
    }

    #[test]
    fn thresholds() {
        use Status::{Degraded, Healthy, Unhealthy};
        let (any, most) = (
            three(),
            three().quorum(2).unwrap().degraded_below(3).unwrap(),
        );
        let all = three().quorum(3).unwrap();
        for (check, reachable, status) in [
            (&any, 0, Unhealthy),
            (&any, 1, Healthy),
            (&any, 3, Healthy),
            (&most, 1, Unhealthy),
            (&most, 2, Degraded),
            (&most, 3, Healthy),
            (&all, 2, Unhealthy),
            (&all, 3, Healthy),
        ] {
            assert_eq!(check.judge(reachable), status, "{reachable} by {check:?}");
        }
    }

    #[test]
    fn what_a_person_reads() {
        let check = three().quorum(2).unwrap().degraded_below(3).unwrap();
        let failed = |count: usize, error: fn() -> DialError| {
            let targets = check.targets.iter().take(count);
            targets
                .map(|(endpoint, _)| (endpoint, error()))
                .collect::<Vec<_>>()
        };
        for (failed, cause, message) in [
            (
                failed(0, || DialError::NoAddress),
                Cause::Reported,
                "3 of 3 endpoints reachable, at least 3 wanted",
            ),
            (
                failed(1, || DialError::NameOverdue),
                Cause::Reported,
                "2 of 3 endpoints reachable, at least 3 wanted; not a:1",
            ),
            (
                failed(2, || DialError::NoAddress),
                Cause::Reported,
                "1 of 3 endpoints reachable, at least 2 wanted; not a:1, b:1",
            ),
            (
                failed(3, || DialError::NameOverdue),
                Cause::Timeout,
                "0 of 3 endpoints reachable, at least 2 wanted; not a:1, b:1, c:1",
            ),
        ] {
            let slowest = (failed.len() < 3).then_some(7.5);
            let outcome = check.outcome(slowest, failed);
            assert_eq!((outcome.cause(), outcome.message()), (cause, message));
            let latency = outcome.details().get("latency_ms").cloned();
            assert_eq!(latency, slowest.map(Into::into));
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        assert!(ReachableCheck::new([""; 0]).is_err());
        assert!(ReachableCheck::new(["a:1", "a:1"]).is_err());
        assert!(ReachableCheck::new(["a:1", "user:hunter2@b:1"]).is_err());
        assert!(ReachableCheck::new((1..=65).map(|port| format!("a:{port}"))).is_err());
        for bad in [0, 4, usize::MAX] {
            assert!(three().quorum(bad).is_err() && three().degraded_below(bad).is_err());
        }
    }
}
