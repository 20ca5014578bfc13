//! The check on this machine's clock against NTP servers.
//!
//! Asking one is in `exchange`; what several say together is in `consensus`.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};

use super::consensus::{Reading, agree};
use super::drift;
use super::exchange::{AskError, ask};
use super::packet::Answer;
use super::rest::Rest;
use super::server::Server;
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use crate::lookup::Lookup;
use crate::margin;
use crate::pace::Pace;
use crate::together::together;

const NAME: &str = "ntp-drift";
/// RFC 4330, section 10: a client must not under any conditions ask more often.
const LEAST_INTERVAL: Duration = Duration::from_secs(15);
const MOST_SERVERS: usize = 16;
/// What is kept of a run's time for its answer: a tenth, and no more than this.
const FAREWELL: Duration = Duration::from_millis(100);

/// Watches the drift of this machine's clock against NTP servers.
///
/// Asks each server once a run, all at the same time, by SNTP (RFC 4330, RFC 5905), and
/// takes the median of their answers. The answer of a server that is not synchronised, may
/// be off by a second by its own word, or contradicts itself is refused. So is what does
/// not come from the server asked, or does not carry the random number that it was sent.
/// A server that lies is outvoted and named while most of the others agree: give at least
/// three, better four. With two that differ nobody can say which one is right, and the
/// check is unhealthy.
///
/// Degraded from 100 ms of drift, unhealthy from 500 ms. Unhealthy too while fewer than
/// more than half of the servers answer: what nobody confirms is not proven. An error of
/// up to `uncertainty_ms` remains, most of it half of the way to the server and back.
///
/// **Public servers** are to be treated well. None is asked more often than once in 15 s: a
/// shorter interval is raised to that, and who asks in between gets the last outcome again,
/// which counts for nothing, with its age in `cached_ms`. One that asks for rest by a kiss of death gets it, from 15 minutes to a day.
/// Ask servers of your own, or of your provider, where you can.
///
/// Registered as `ntp-drift`, every 5 min with a jitter of 30 s, with a timeout of 5 s, as a
/// shared dependency: servers that are down say nothing about this replica. Its details
/// are `drift_ms` (positive: this clock is ahead), `uncertainty_ms`, `servers`, `answers`,
/// `outvoted` (how many) and `failed`: who did not answer, and why.
///
/// ```
/// use health_checks::time::NtpDriftCheck;
///
/// let check = NtpDriftCheck::new(["ntp1.example.org", "ntp2.example.org", "192.0.2.7:1123"])?;
/// let registration = check.registration().critical();
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct NtpDriftCheck {
    servers: Vec<Server>,
    minimum: usize,
    limits: Limits,
}

impl NtpDriftCheck {
    /// Asks these servers, from 1 to 16: names or addresses, with a port if it is not 123.
    pub fn new<S: AsRef<str>>(servers: impl IntoIterator<Item = S>) -> Result<Self, InvalidCheck> {
        let mut known: Vec<Server> = Vec::new();
        for text in servers {
            let text = text.as_ref();
            let Some(server) = Server::parse(text) else {
                // Not shown, as it may be a URL with a password.
                return Err(invalid(format!(
                    "server {} is no host; give `host` or `host:port`",
                    known.len() + 1
                )));
            };
            if known.contains(&server) {
                return Err(invalid(format!(
                    "the server {server} is given twice; each has one vote"
                )));
            }
            known.push(server);
            if known.len() > MOST_SERVERS {
                break;
            }
        }
        if !(1..=MOST_SERVERS).contains(&known.len()) {
            return Err(invalid(format!(
                "cannot ask no servers, or more than {MOST_SERVERS}; give some"
            )));
        }
        Ok(Self {
            minimum: known.len() / 2 + 1,
            servers: known,
            limits: drift::LIMITS,
        })
    }

    /// Degraded and unhealthy from these drifts on, in place of 100 ms and 500 ms. Servers
    /// that are further apart than the first one do not agree.
    pub fn thresholds(
        mut self,
        degraded: Duration,
        unhealthy: Duration,
    ) -> Result<Self, InvalidCheck> {
        self.limits = drift::limits(NAME, degraded, unhealthy)?;
        Ok(self)
    }

    /// How many valid answers a verdict needs, in place of more than half of the servers.
    pub fn minimum_answers(mut self, minimum: usize) -> Result<Self, InvalidCheck> {
        if !(1..=self.servers.len()).contains(&minimum) {
            return Err(invalid(format!(
                "cannot have {minimum} answers of {} servers; give from 1 to their number",
                self.servers.len()
            )));
        }
        self.minimum = minimum;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let remembered = self.servers.iter().map(|_| Remembered::default()).collect();
        let run = NtpRun {
            check: self,
            remembered,
            pace: Pace::new(LEAST_INTERVAL),
        };
        Registration::new(NAME, run)
            .description("drift of the clock against NTP servers")
            .least_interval(LEAST_INTERVAL)
            .every(Duration::from_mins(5))
            .jitter(Duration::from_secs(30))
            .timeout(Duration::from_secs(5))
            .shared_dependency()
    }

    fn outcome(&self, answers: Vec<(&Server, Result<Answer, Failure>)>) -> Outcome {
        let mut readings = Vec::new();
        let mut failed: Vec<(String, Failure)> = Vec::new();
        for (server, answer) in answers {
            match answer {
                Ok(answer) => readings.push(Reading {
                    source: server.to_string(),
                    offset_ms: answer.offset_ms,
                    uncertainty_ms: answer.uncertainty_ms,
                }),
                Err(failure) => failed.push((server.to_string(), failure)),
            }
        }
        let count = readings.len();
        let mut outcome = match agree(readings, self.minimum, drift::tolerance_ms(self.limits)) {
            Ok(agreement) => drift::outcome(self.limits, &agreement, count, "servers"),
            Err(dissent) => drift::dissent(dissent, count, self.minimum, "servers' answers"),
        }
        .detail("servers", self.servers.len())
        .detail("answers", count);
        if !failed.is_empty() {
            let told: Vec<String> = failed
                .iter()
                .map(|(server, failure)| format!("{server}: {}", failure.public()))
                .collect();
            if count < self.minimum {
                let message = format!("{}; {}", outcome.message(), told.join(", "));
                outcome = outcome.with_message(message);
            }
            outcome = outcome.detail("failed", told);
            let errors: Vec<String> = failed
                .iter()
                .filter_map(|(server, failure)| failure.private(server))
                .collect();
            if !errors.is_empty() {
                outcome = outcome.with_error(errors.join("; "));
            }
        }
        outcome
    }
}

impl From<NtpDriftCheck> for Registration {
    fn from(check: NtpDriftCheck) -> Self {
        check.registration()
    }
}

/// Why a server has no vote in a run.
#[derive(Debug)]
enum Failure {
    /// It has asked to be left alone.
    Resting,
    Asked(AskError),
}

impl Failure {
    fn public(&self) -> String {
        match self {
            Self::Resting => "left alone, as it asked for".to_owned(),
            Self::Asked(AskError::Lookup(_)) => "name not resolved".to_owned(),
            Self::Asked(AskError::Unreachable(_)) => "not reachable".to_owned(),
            Self::Asked(AskError::Silent) => "no answer in time".to_owned(),
            Self::Asked(AskError::Random(_)) => "not asked, no random numbers here".to_owned(),
            Self::Asked(AskError::Refused(refused)) => refused.to_string(),
        }
    }

    /// What the log adds to that.
    fn private(&self, server: &str) -> Option<String> {
        match self {
            Self::Asked(
                error @ (AskError::Lookup(_) | AskError::Unreachable(_) | AskError::Random(_)),
            ) => Some(format!("{server}: {error}")),
            _ => None,
        }
    }
}

struct NtpRun {
    check: NtpDriftCheck,
    /// One for each server.
    remembered: Vec<Remembered>,
    pace: Pace,
}

/// What is known of a server from one run to the next.
#[derive(Default)]
struct Remembered {
    rest: Mutex<Rest>,
    lookup: Lookup,
}

#[async_trait]
impl Check for NtpRun {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        self.pace.keep(self.run(cx.deadline())).await
    }
}

impl NtpRun {
    async fn run(&self, deadline: Instant) -> Outcome {
        let until = margin::short(clock::instant(), deadline, FAREWELL);
        let servers = self.check.servers.iter();
        let asked = servers
            .zip(&self.remembered)
            .map(
                |(server, remembered)| async move { (server, remembered.ask(server, until).await) },
            );
        self.check.outcome(together(asked).await)
    }
}

impl Remembered {
    async fn ask(&self, server: &Server, until: Instant) -> Result<Answer, Failure> {
        if self.rest().holds(clock::instant()) {
            return Err(Failure::Resting);
        }
        let answer = ask(server, &self.lookup, until).await;
        let word = match &answer {
            Ok(_) => Some(Ok(())),
            Err(AskError::Refused(refused)) => Some(Err(*refused)),
            Err(_) => None,
        };
        if let Some(word) = word {
            let mut rest = self.rest.lock().unwrap_or_else(PoisonError::into_inner);
            *rest = rest.after(&word, clock::instant());
        }
        answer.map_err(Failure::Asked)
    }

    fn rest(&self) -> Rest {
        *self.rest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn invalid(problem: String) -> InvalidCheck {
    InvalidCheck::new(NAME, problem)
}

#[cfg(test)]
mod tests {
    use std::io;

    use health_core::Status;

    use super::*;
    use crate::time::packet::Refused;

    #[test]
    fn servers_and_minima() {
        for (servers, good) in [
            (&["a"][..], true),
            (&["a", "b:1", "a:1"], true),
            (&[], false),
            (&["a", ""], false),
            (&["a", "A"], false),
            (&["a", "a:123"], false),
            (&["x"; 2], false),
        ] {
            assert_eq!(NtpDriftCheck::new(servers).is_ok(), good, "{servers:?}");
        }
        let many = |count: usize| NtpDriftCheck::new((0..count).map(|i| format!("s{i}")));
        assert!(many(16).is_ok() && many(17).is_err() && many(100_000).is_err());
        for (servers, minimum) in [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3)] {
            assert_eq!(many(servers).unwrap().minimum, minimum, "of {servers}");
        }
        for (minimum, good) in [(0, false), (1, true), (3, true), (4, false)] {
            let check = many(3).unwrap().minimum_answers(minimum);
            assert_eq!(check.is_ok(), good, "{minimum}");
        }
    }

    #[test]
    fn a_url_with_a_password_is_refused_and_not_shown() {
        let refused = NtpDriftCheck::new(["a", "ntp://me:hunter2@host"]).unwrap_err();
        assert_eq!(
            refused.to_string(),
            "ntp-drift: server 2 is no host; give `host` or `host:port`"
        );
    }

    #[test]
    fn who_does_not_answer_is_named_with_the_reason() {
        let check = NtpDriftCheck::new(["a", "b", "c"]).unwrap();
        let good = |offset_ms: f64| {
            Ok(Answer {
                offset_ms,
                uncertainty_ms: 1.0,
            })
        };
        let failure = |error: AskError| Err(Failure::Asked(error));
        let run = |answers: [Result<Answer, Failure>; 3]| {
            check.outcome(check.servers.iter().zip(answers).collect())
        };

        let outcome = run([good(3.0), good(5.0), failure(AskError::Silent)]);
        assert_eq!(outcome.status(), Status::Healthy);
        assert_eq!(
            outcome.message(),
            "clock 4 ms behind the median of 2 servers, limit 100 ms"
        );
        assert_eq!(outcome.details()["failed"][0], "c: no answer in time");
        assert_eq!(outcome.details()["answers"], 2);
        assert!(outcome.error().is_none());

        let refused = io::Error::other("errno 111 at 192.0.2.1");
        let outcome = run([
            Err(Failure::Resting),
            failure(AskError::Unreachable(refused)),
            failure(AskError::Refused(Refused::Unsynchronised)),
        ]);
        assert_eq!(outcome.status(), Status::Unhealthy);
        assert_eq!(
            outcome.message(),
            "clock not checked: 0 servers' answers of at least 2; a: left alone, as it asked for, \
             b: not reachable, c: its own clock is not synchronised"
        );
        let error = outcome.error().unwrap().to_string();
        assert_eq!(error, "b: it cannot be reached: errno 111 at 192.0.2.1");
    }
}
