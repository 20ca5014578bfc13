//! Judges one server: whether it answers, its role, its memory.
//!
//! How it is reached is in `door`, how its answers read in `info`.

use std::fmt;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration, Status};
use redis::aio::ConnectionLike;
use redis::{Client, InfoDict, RedisResult};
use tokio::time::timeout_at;

use super::advice;
use super::door::{self, Door};
use super::info::{Link, Memory, Replication};
use crate::invalid::InvalidCheck;
use crate::limits::{Limits, figure};
use crate::percent::percent;
use crate::stores::{self, DatabaseRole, Finding, worst};

const NAME: &str = "redis";
/// Fractions of `maxmemory` that may be used.
const LIMITS: Limits = Limits::rising(0.8, 0.95);

/// Watches a Redis server: that it answers `PING`, and on request its role, and its memory
/// against its `maxmemory`.
///
/// Unhealthy when it does not answer, answers with an error (`-LOADING`, `-NOAUTH`), or has
/// another role than [expected](Self::expect_role). Registered as `redis`: critical, a shared
/// dependency, every 30 s, with a timeout of 10 s, down after 3 bad runs and up after 2 good
/// ones. Its details are `latency_ms` (of the `PING`; absent without an answer to it), and, as
/// far as they are asked for, `role`, `connected_replicas`, `link_down_seconds`, `used_memory_bytes`,
/// `max_memory_bytes`, `used_memory_percent` and `eviction_policy`.
///
/// ```no_run
/// use health_checks::redis::{DatabaseRole, RedisCheck};
///
/// # async fn service() -> Result<(), Box<dyn std::error::Error>> {
/// # let health = health_core::Health::new();
/// let client = redis::Client::open("redis://cache:6379")?;
/// let connection = client.get_multiplexed_async_connection().await?;
/// health.register(RedisCheck::client(connection.clone()))?;
///
/// let sessions = RedisCheck::new("redis://sessions:6379")?
///     .expect_role(DatabaseRole::Primary)
///     .thresholds(0.7, 0.9)?;
/// health.register(sessions.registration().named("redis-sessions"))?;
/// # Ok(())
/// # }
/// ```
#[must_use = "a check does nothing until it is registered"]
pub struct RedisCheck {
    door: Door,
    role: Option<DatabaseRole>,
    memory: Option<Limits>,
}

impl RedisCheck {
    /// Connects to `redis://[[user]:password@]host[:port][/database]` by itself, and keeps one
    /// connection. It needs a running tokio runtime from the first run on.
    pub fn new(url: &str) -> Result<Self, InvalidCheck> {
        Ok(Self::with_options(door::client(NAME, url)?))
    }

    /// Connects by itself as a `redis::Client` says, which is no more than options, and keeps
    /// one connection.
    pub fn with_options(client: Client) -> Self {
        Self::through(Door::own(client))
    }

    /// Asks through a connection of the service, which reconnects as the service's does: a
    /// `ConnectionManager` by itself, a `MultiplexedConnection` not at all. The timeouts of
    /// that connection hold too; by default the crate `redis` waits 500 ms for an answer.
    ///
    /// A command that got no answer in time stays underway, and no other is sent before it is
    /// answered, or given up by a timeout of the connection.
    pub fn client<C>(connection: C) -> Self
    where
        C: ConnectionLike + Clone + Send + Sync + 'static,
    {
        Self::through(Door::shared(connection))
    }

    fn through(door: Door) -> Self {
        Self {
            door,
            role: None,
            memory: None,
        }
    }

    /// Unhealthy unless the server plays this role; a replica also unless its link to the
    /// primary is up.
    pub fn expect_role(mut self, role: DatabaseRole) -> Self {
        self.role = Some(role);
        self
    }

    /// Watches how much of `maxmemory` is used, with [`thresholds`](Self::thresholds) of 0.8
    /// and 0.95, as the connections of the databases have. Without a call of this or of
    /// `thresholds` memory is not judged: a cache that evicts is full by design.
    ///
    /// A server without `maxmemory` is degraded then, as nothing is known of its limit.
    pub fn memory(mut self) -> Self {
        self.memory.get_or_insert(LIMITS);
        self
    }

    /// Degraded and unhealthy from these used fractions of `maxmemory` on, as watched by
    /// [`memory`](Self::memory).
    pub fn thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.memory = Some(LIMITS.set(NAME, degraded, unhealthy, f64::MIN_POSITIVE..=1.0)?);
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        stores::registration(NAME, "a Redis server", self)
    }

    /// `latency_ms` is told as soon as it is known, whatever becomes of the rest.
    async fn measure(&self, latency_ms: &mut Option<f64>) -> RedisResult<Answers> {
        let (mut connection, latency) = self.door.open().await?;
        *latency_ms = Some(latency);
        let mut answers = Answers::default();
        // One section a command: older servers take no more.
        let info = |section: &str| redis::cmd("INFO").arg(section).to_owned();
        if self.role.is_some() {
            let command = info("replication");
            let read: InfoDict = self.door.ask(&mut connection, &command).await?;
            answers.replication = Some(Replication::read(&read)?);
        }
        if self.memory.is_some() {
            let command = info("memory");
            let read: InfoDict = self.door.ask(&mut connection, &command).await?;
            answers.memory = Some(Memory::read(&read)?);
        }
        self.door.keep(connection);
        Ok(answers)
    }

    fn outcome(&self, answers: &Answers) -> Outcome {
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
        let mut latency_ms = None;
        let measured = self.measure(&mut latency_ms);
        let outcome = match timeout_at(stores::until(cx).into(), measured).await {
            Ok(Ok(answers)) => self.outcome(&answers),
            Ok(Err(error)) => advice::failed(error),
            Err(_elapsed) => advice::late(),
        };
        match latency_ms {
            Some(latency_ms) => outcome.detail("latency_ms", latency_ms),
            None => outcome,
        }
    }
}

/// What a server answered in one run beyond that it is there.
#[derive(Default)]
struct Answers {
    replication: Option<Replication>,
    memory: Option<Memory>,
}

impl Answers {
    fn details(&self, outcome: Outcome) -> Outcome {
        let mut outcome = match &self.replication {
            Some(Replication::Primary { replicas }) => outcome
                .detail("role", DatabaseRole::Primary.to_string())
                .detail("connected_replicas", *replicas),
            Some(Replication::Replica(link)) => {
                let outcome = outcome.detail("role", DatabaseRole::Replica.to_string());
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

fn judge_role(expected: DatabaseRole, found: &Replication) -> Finding {
    use DatabaseRole::{Primary, Replica};
    let (status, text) = match (expected, found) {
        (Primary, Replication::Primary { .. }) => (Status::Healthy, "is a primary"),
        (Replica, Replication::Replica(Link::Up)) => (Status::Healthy, "is a replica"),
        (Primary, Replication::Replica(_)) => (
            Status::Unhealthy,
            "redis is a replica where a primary is expected; see whether it failed over, or correct the address",
        ),
        (Replica, Replication::Primary { .. }) => (
            Status::Unhealthy,
            "redis is a primary where a replica is expected; see whether it failed over, or correct the address",
        ),
        (Replica, Replication::Replica(Link::Synchronising)) => (
            Status::Unhealthy,
            "redis replica is loading its primary's data; wait until it is done",
        ),
        (Replica, Replication::Replica(Link::Down(_))) => (
            Status::Unhealthy,
            "redis replica has no link to its primary; see to the primary and the network",
        ),
    };
    (status, text.to_owned())
}

fn judge_memory(limits: Limits, memory: &Memory) -> Finding {
    let Some(limit_bytes) = memory.limit_bytes else {
        return (
            Status::Degraded,
            "redis has no maxmemory, so nothing is known of its limit; set one".to_owned(),
        );
    };
    let used = used(memory, limit_bytes);
    let (status, limit) = limits.judge(used);
    let (used, limit) = (percent(used), percent(limit));
    let text = match status {
        Status::Healthy => format!("memory {used} % used, limit {limit} %"),
        _ => format!(
            "redis memory {used} % used, limit {limit} %; raise maxmemory, or find what fills it"
        ),
    };
    (status, text)
}

fn used(memory: &Memory, limit_bytes: u64) -> f64 {
    figure(memory.used_bytes) / figure(limit_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles() {
        use DatabaseRole::{Primary, Replica};
        let primary = Replication::Primary { replicas: 1 };
        let up = Replication::Replica(Link::Up);
        let synchronising = Replication::Replica(Link::Synchronising);
        let down = Replication::Replica(Link::Down(Some(3)));
        for (expected, found, status, words) in [
            (Primary, &primary, Status::Healthy, "is a primary"),
            (Primary, &up, Status::Unhealthy, "is a replica where"),
            (Primary, &down, Status::Unhealthy, "is a replica where"),
            (Replica, &primary, Status::Unhealthy, "is a primary where"),
            (Replica, &up, Status::Healthy, "is a replica"),
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
            (410, Some(1000), Healthy, "memory 41 % used, limit 80 %"),
            (799, Some(1000), Healthy, "memory 79.9 % used, limit 80 %"),
            (
                800,
                Some(1000),
                Degraded,
                "redis memory 80 % used, limit 80 %; raise maxmemory, or find what fills it",
            ),
            (
                950,
                Some(1000),
                Unhealthy,
                "redis memory 95 % used, limit 95 %; raise maxmemory, or find what fills it",
            ),
            // Buffers of clients are not evicted.
            (
                1100,
                Some(1000),
                Unhealthy,
                "redis memory 110 % used, limit 95 %; raise maxmemory, or find what fills it",
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
        let check = RedisCheck::new("redis://:swordfish@db01/")
            .unwrap()
            .expect_role(DatabaseRole::Replica)
            .thresholds(0.5, 0.9)
            .unwrap();
        let answers = |replication, used| Answers {
            replication: Some(replication),
            memory: Some(memory(used, Some(100))),
        };
        let fine = check.outcome(&answers(Replication::Replica(Link::Up), 10));
        assert_eq!(
            (fine.status(), fine.message()),
            (
                Status::Healthy,
                "redis answers, is a replica, memory 10 % used, limit 50 %"
            )
        );
        let full = check.outcome(&answers(Replication::Replica(Link::Up), 60));
        assert_eq!(
            (full.status(), full.message()),
            (
                Status::Degraded,
                "redis memory 60 % used, limit 50 %; raise maxmemory, or find what fills it"
            )
        );
        let down = check.outcome(&answers(Replication::Replica(Link::Down(Some(3))), 60));
        assert_eq!(down.status(), Status::Unhealthy);
        assert!(down.message().starts_with("redis replica has no link"));
        for (name, value) in [
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
            let refused = RedisCheck::new(url).unwrap_err();
            let text = format!("{refused} {refused:?}");
            assert!(
                text.starts_with("redis: cannot use the URL; give "),
                "{text}"
            );
            assert!(!text.contains("swordfish"), "{text}");
        }
        for (degraded, unhealthy) in [(0.9, 0.8), (0.0, 0.5), (0.5, 1.1), (f64::NAN, 0.5)] {
            let check = RedisCheck::new("redis://localhost").unwrap();
            assert!(check.thresholds(degraded, unhealthy).is_err());
        }
    }
}
