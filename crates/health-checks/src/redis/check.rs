//! Judges one server: whether it answers, its role, its memory.
//!
//! How it is reached is in `door`, how its answers read in `info`.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration, Status};
use redis::aio::ConnectionLike;
use redis::{Client, InfoDict, RedisResult};
use tokio::time::timeout_at;

use super::advice;
use super::door::{self, Door};
use super::info::{Link, Memory, RedisRole, Replication};
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use crate::margin;

const NAME: &str = "redis";
/// Until `thresholds` says otherwise, they are not used.
const LIMITS: Limits = Limits::rising(0.8, 0.95);

/// Watches a Redis server: that it answers `PING`, and on request its role, and its memory
/// against its `maxmemory`.
///
/// Unhealthy when it does not answer, answers with an error (`-LOADING`, `-NOAUTH`), or has
/// another role than [expected](Self::expect_role). Registered as `redis`: critical, a shared
/// dependency, every 30 s, with a timeout of 10 s, down after 3 bad runs and up after 2 good
/// ones. Its details are `latency_ms` (of the `PING`), and, as far as they are asked for,
/// `role`, `connected_replicas`, `link_down_seconds`, `used_memory_bytes`,
/// `max_memory_bytes`, `used_memory_percent` and `eviction_policy`.
///
/// ```no_run
/// use health_checks::redis::{RedisCheck, RedisRole};
///
/// # async fn service() -> Result<(), Box<dyn std::error::Error>> {
/// # let health = health_core::Health::new();
/// let client = redis::Client::open("redis://cache:6379")?;
/// let connection = client.get_multiplexed_async_connection().await?;
/// health.register(RedisCheck::shared(connection.clone()))?;
///
/// let sessions = RedisCheck::connect("redis://sessions:6379")?
///     .expect_role(RedisRole::Master)
///     .thresholds(0.7, 0.9)?;
/// health.register(sessions.registration().named("redis-sessions"))?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a check does nothing until it is registered"]
pub struct RedisCheck {
    door: Door,
    role: Option<RedisRole>,
    memory: Option<Limits>,
}

impl RedisCheck {
    /// Asks through a connection of the service, which reconnects as the service's does: a
    /// `ConnectionManager` by itself, a `MultiplexedConnection` not at all. The timeouts of
    /// that connection hold too; by default the crate `redis` waits 500 ms for an answer.
    pub fn shared<C>(connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        Self::through(Door::shared(connection))
    }

    /// Connects to `redis://[[user]:password@]host[:port][/database]` by itself, and keeps one
    /// connection. It needs a running tokio runtime from the first run on.
    pub fn connect(url: &str) -> Result<Self, InvalidCheck> {
        Ok(Self::client(door::client(NAME, url)?))
    }

    /// Connects by itself with a client of the service, and keeps one connection.
    pub fn client(client: Client) -> Self {
        Self::through(Door::own(client))
    }

    fn through(door: Door) -> Self {
        Self {
            door,
            role: None,
            memory: None,
        }
    }

    /// Unhealthy unless the server has this role; a replica also unless its link to the
    /// master is up.
    pub fn expect_role(mut self, role: RedisRole) -> Self {
        self.role = Some(role);
        self
    }

    /// Degraded and unhealthy from these fractions of `maxmemory` on. Without a call of this
    /// memory is not judged: a cache that evicts is full by design.
    ///
    /// A server without `maxmemory` is degraded then, as nothing is known of its limit.
    pub fn thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.memory = Some(LIMITS.set(NAME, degraded, unhealthy, f64::MIN_POSITIVE..=1.0)?);
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        Registration::new(NAME, self)
            .description("a Redis server")
            .critical()
            .shared_dependency()
            .every(Duration::from_secs(30))
            .timeout(Duration::from_secs(10))
            .thresholds(3, 2)
    }

    async fn measure(&self) -> RedisResult<Answers> {
        let (mut connection, latency_ms) = self.door.open().await?;
        let mut answers = Answers {
            latency_ms,
            replication: None,
            memory: None,
        };
        // One section a command: older servers take no more.
        let info = |section: &str| redis::cmd("INFO").arg(section).to_owned();
        if self.role.is_some() {
            let read: InfoDict = door::ask(&mut connection, &info("replication")).await?;
            answers.replication = Some(Replication::read(&read)?);
        }
        if self.memory.is_some() {
            let read: InfoDict = door::ask(&mut connection, &info("memory")).await?;
            answers.memory = Some(Memory::read(&read)?);
        }
        self.door.keep(connection);
        Ok(answers)
    }

    fn outcome(&self, measured: RedisResult<Answers>) -> Outcome {
        let answers = match measured {
            Ok(answers) => answers,
            Err(error) => return advice::failed(error),
        };
        let mut findings = vec![(Status::Healthy, "redis answers".to_owned())];
        if let (Some(expected), Some(found)) = (self.role, &answers.replication) {
            findings.push(judge_role(expected, found));
        }
        if let (Some(limits), Some(memory)) = (self.memory, &answers.memory) {
            findings.push(judge_memory(limits, memory));
        }
        answers.details(worst(&findings))
    }
}

impl From<RedisCheck> for Registration {
    fn from(check: RedisCheck) -> Self {
        check.registration()
    }
}

/// Without the address, which may hold a password.
impl fmt::Debug for RedisCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCheck")
            .field("role", &self.role)
            .field("memory", &self.memory)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Check for RedisCheck {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        // The runner has the same deadline, and would say no more than that it has passed.
        let until = margin::before(clock::instant(), cx.deadline(), margin::TO_SAY_SO);
        match timeout_at(until.into(), self.measure()).await {
            Ok(measured) => self.outcome(measured),
            Err(_elapsed) => advice::late(),
        }
    }
}

/// What a server answered in one run.
struct Answers {
    latency_ms: f64,
    replication: Option<Replication>,
    memory: Option<Memory>,
}

impl Answers {
    fn details(&self, outcome: Outcome) -> Outcome {
        let mut outcome = outcome.detail("latency_ms", self.latency_ms);
        outcome = match &self.replication {
            Some(Replication::Master { replicas }) => outcome
                .detail("role", "master")
                .detail("connected_replicas", *replicas),
            Some(Replication::Replica(link)) => {
                let outcome = outcome.detail("role", "replica");
                match link {
                    Link::Down(Some(seconds)) => outcome.detail("link_down_seconds", *seconds),
                    _ => outcome,
                }
            }
            None => outcome,
        };
        if let Some(memory) = &self.memory {
            outcome = outcome
                .detail("used_memory_bytes", memory.used_bytes)
                .detail("eviction_policy", memory.eviction_policy.as_str());
            if let Some(limit) = memory.limit_bytes {
                outcome = outcome
                    .detail("max_memory_bytes", limit)
                    .detail("used_memory_percent", percent(used(memory, limit)));
            }
        }
        outcome
    }
}

/// All that is as bad as the worst of them.
fn worst(findings: &[(Status, String)]) -> Outcome {
    let status = findings.iter().map(|(status, _)| *status).max();
    let status = status.unwrap_or(Status::Unhealthy);
    let told: Vec<&str> = findings
        .iter()
        .filter(|(of, _)| *of == status)
        .map(|(_, text)| text.as_str())
        .collect();
    Outcome::new(status, told.join("; "))
}

fn judge_role(expected: RedisRole, found: &Replication) -> (Status, String) {
    let (status, text) = match (expected, found) {
        (RedisRole::Master, Replication::Master { .. }) => (Status::Healthy, "it is a master"),
        (RedisRole::Replica, Replication::Replica(Link::Up)) => {
            (Status::Healthy, "it is a replica, and its link is up")
        }
        (RedisRole::Master, Replication::Replica(_)) => (
            Status::Unhealthy,
            "redis is a replica where a master is expected; see whether it failed over, or correct the address",
        ),
        (RedisRole::Replica, Replication::Master { .. }) => (
            Status::Unhealthy,
            "redis is a master where a replica is expected; see whether it failed over, or correct the address",
        ),
        (RedisRole::Replica, Replication::Replica(Link::Synchronising)) => (
            Status::Unhealthy,
            "redis replica is loading its master's data; wait until it is done",
        ),
        (RedisRole::Replica, Replication::Replica(Link::Down(_))) => (
            Status::Unhealthy,
            "redis replica has no link to its master; see to the master and the network",
        ),
    };
    (status, text.to_owned())
}

fn judge_memory(limits: Limits, memory: &Memory) -> (Status, String) {
    let Some(limit_bytes) = memory.limit_bytes else {
        return (
            Status::Degraded,
            "redis has no maxmemory, so nothing is known of its limit; set one".to_owned(),
        );
    };
    let used = used(memory, limit_bytes);
    let (status, limit) = limits.judge(used);
    let text = format!(
        "redis memory {} % used, limit {} %",
        percent(used),
        percent(limit)
    );
    (status, text)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a ratio; 52 bits of it are plenty"
)]
fn used(memory: &Memory, limit_bytes: u64) -> f64 {
    memory.used_bytes as f64 / limit_bytes as f64
}

/// Percent with one decimal, rounded down: what is not full never reads as full.
fn percent(fraction: f64) -> f64 {
    // The addend keeps 0.95 from becoming 94.9.
    (fraction * 1000.0 + 1e-9).floor() / 10.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles() {
        use RedisRole::{Master, Replica};
        let master = Replication::Master { replicas: 1 };
        let up = Replication::Replica(Link::Up);
        let synchronising = Replication::Replica(Link::Synchronising);
        let down = Replication::Replica(Link::Down(Some(3)));
        for (expected, found, status, words) in [
            (Master, &master, Status::Healthy, "a master"),
            (Master, &up, Status::Unhealthy, "is a replica where"),
            (Master, &down, Status::Unhealthy, "is a replica where"),
            (Replica, &master, Status::Unhealthy, "is a master where"),
            (Replica, &up, Status::Healthy, "link is up"),
            (Replica, &synchronising, Status::Unhealthy, "is loading"),
            (Replica, &down, Status::Unhealthy, "no link"),
        ] {
            let (judged, text) = judge_role(expected, found);
            assert_eq!(judged, status, "{expected:?} {found:?}");
            assert!(text.contains(words), "{text}");
        }
    }

    fn memory(used_bytes: u64, limit_bytes: Option<u64>) -> Memory {
        Memory {
            used_bytes,
            limit_bytes,
            eviction_policy: "noeviction".to_owned(),
        }
    }

    #[test]
    fn memory_against_its_limit() {
        use Status::{Degraded, Healthy, Unhealthy};
        for (used, limit, status, text) in [
            (
                410,
                Some(1000),
                Healthy,
                "redis memory 41 % used, limit 80 %",
            ),
            (
                799,
                Some(1000),
                Healthy,
                "redis memory 79.9 % used, limit 80 %",
            ),
            (
                800,
                Some(1000),
                Degraded,
                "redis memory 80 % used, limit 80 %",
            ),
            (
                950,
                Some(1000),
                Unhealthy,
                "redis memory 95 % used, limit 95 %",
            ),
            // Buffers of clients are not evicted.
            (
                1100,
                Some(1000),
                Unhealthy,
                "redis memory 110 % used, limit 95 %",
            ),
            (
                410,
                None,
                Degraded,
                "redis has no maxmemory, so nothing is known of its limit; set one",
            ),
        ] {
            let judged = judge_memory(LIMITS, &memory(used, limit));
            assert_eq!(judged, (status, text.to_owned()), "{used} of {limit:?}");
        }
    }

    #[test]
    fn the_worst_is_told_and_all_is_detailed() {
        let check = RedisCheck::connect("redis://:swordfish@db01/")
            .unwrap()
            .expect_role(RedisRole::Replica)
            .thresholds(0.5, 0.9)
            .unwrap();
        let answers = |replication, used| {
            Ok(Answers {
                latency_ms: 0.5,
                replication: Some(replication),
                memory: Some(memory(used, Some(100))),
            })
        };
        let fine = check.outcome(answers(Replication::Replica(Link::Up), 10));
        assert_eq!(
            (fine.status(), fine.message()),
            (
                Status::Healthy,
                "redis answers; it is a replica, and its link is up; redis memory 10 % used, limit 50 %"
            )
        );
        let full = check.outcome(answers(Replication::Replica(Link::Up), 60));
        assert_eq!(
            (full.status(), full.message()),
            (Status::Degraded, "redis memory 60 % used, limit 50 %")
        );
        let down = check.outcome(answers(Replication::Replica(Link::Down(Some(3))), 60));
        assert_eq!(down.status(), Status::Unhealthy);
        assert!(down.message().starts_with("redis replica has no link"));
        for (name, value) in [
            ("latency_ms", "0.5"),
            ("role", "\"replica\""),
            ("link_down_seconds", "3"),
            ("used_memory_bytes", "60"),
            ("max_memory_bytes", "100"),
            ("used_memory_percent", "60.0"),
            ("eviction_policy", "\"noeviction\""),
        ] {
            assert_eq!(down.details()[name].to_string(), value, "{name}");
        }
        assert!(!format!("{check:?}").contains("swordfish"));
    }

    #[test]
    fn what_cannot_be_watched_is_refused() {
        for url in [
            "",
            "redis",
            "http://:swordfish@localhost/",
            "redis://:swordfish@localhost/zero",
            "redis://:swordfish@",
            "rediss://:swordfish@localhost/",
        ] {
            let refused = RedisCheck::connect(url).unwrap_err();
            let text = format!("{refused} {refused:?}");
            assert!(
                text.starts_with("redis: cannot use the URL; give "),
                "{text}"
            );
            assert!(!text.contains("swordfish"), "{text}");
        }
        for (degraded, unhealthy) in [(0.9, 0.8), (0.0, 0.5), (0.5, 1.1), (f64::NAN, 0.5)] {
            let check = RedisCheck::connect("redis://localhost").unwrap();
            assert!(check.thresholds(degraded, unhealthy).is_err());
        }
    }
}
