//! Judges whether there is a leader, and whether it stays. It elects nobody.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration, Status};

use super::AdapterError;
use super::findings::Findings;
use super::leadership::{Leadership, Seen};
use super::record::Record;
use super::source::sources;
use crate::invalid::InvalidCheck;
use crate::limits::{Limits, figure};
use crate::span::{LONGEST, Span, checked, millis};

const NAME: &str = "election";
/// The renew deadline and the lease of Kubernetes' leader election.
const HEARTBEAT_DEGRADED: Duration = Duration::from_secs(10);
const HEARTBEAT_UNHEALTHY: Duration = Duration::from_secs(15);
/// As long as a lease: by then somebody must have taken over.
const LEADERLESS: Duration = Duration::from_secs(15);
/// Every ten, and every two minutes.
const CHANGES_DEGRADED: u32 = 6;
const CHANGES_UNHEALTHY: u32 = 30;

/// What a node is in its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ElectionRole {
    /// It leads.
    Leader,
    /// It follows.
    Follower,
    /// It wants to lead.
    Candidate,
    /// It listens, and has no vote.
    Observer,
}

impl ElectionRole {
    /// The word for it in the details.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Leader => "leader",
            Self::Follower => "follower",
            Self::Candidate => "candidate",
            Self::Observer => "observer",
        }
    }
}

/// What a node knows of the leadership.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ElectionState {
    /// What this node is.
    pub role: ElectionRole,
    /// Who leads, if that is known; this node itself if it does.
    pub leader: Option<String>,
    /// The term or epoch, if there are such.
    pub term: Option<u64>,
    /// How long ago the leader was last heard of, if that is measured; on the
    /// leader, how long ago a quorum last answered it.
    pub heartbeat_age: Option<Duration>,
}

impl ElectionState {
    /// A node of this role, and nothing else known.
    pub fn new(role: ElectionRole) -> Self {
        Self {
            role,
            leader: None,
            term: None,
            heartbeat_age: None,
        }
    }

    /// Led by `leader`; the name is public.
    pub fn led_by(mut self, leader: impl Into<String>) -> Self {
        self.leader = Some(leader.into());
        self
    }

    /// In this term or epoch.
    pub fn in_term(mut self, term: u64) -> Self {
        self.term = Some(term);
        self
    }

    /// The leader was last heard of so long ago.
    pub fn heard(mut self, ago: Duration) -> Self {
        self.heartbeat_age = Some(ago);
        self
    }
}

/// Something that takes part in an election.
#[async_trait]
pub trait Election: Send + Sync + 'static {
    /// What it knows now.
    async fn election(&self) -> Result<ElectionState, AdapterError>;
}

sources!(Election, election, ElectionState);

/// Watches whether there is a leader, and whether it stays.
///
/// | what | degraded | unhealthy |
/// |---|---|---|
/// | no leader known | at once | for 15 s |
/// | age of the heartbeat | from 10 s | from 15 s |
/// | changes of the leader within an hour | from 6 | from 30 |
///
/// The times are the renew deadline and the lease of Kubernetes' leader election.
/// Changes and the uptime of the leader are what the runs have seen: a leader
/// between two runs is not noticed, unless the term tells. A heartbeat that is not
/// measured is not judged.
///
/// Registered as `election`, a shared dependency, every 15 s, with a timeout of
/// 5 s. Its details are `role`, `leader`, `term`, `heartbeat_age_ms`,
/// `leader_uptime_seconds`, `leaderless_seconds`, `leader_changes_per_hour`, and what the module says.
///
/// ```
/// use health_checks::distributed::{ElectionCheck, ElectionRole, ElectionState};
/// use tokio::sync::watch;
///
/// // Pushed by the loop that takes part in the election.
/// let (state, observed) = watch::channel(ElectionState::new(ElectionRole::Candidate));
/// let registration = ElectionCheck::new(observed).registration().critical();
/// state.send_replace(ElectionState::new(ElectionRole::Follower).led_by("node-2").in_term(7));
/// ```
#[must_use = "a check does nothing until it is registered"]
pub struct ElectionCheck {
    source: Arc<dyn Election>,
    heartbeat: Limits,
    changes: Limits,
    leaderless: Duration,
}

impl ElectionCheck {
    /// Watches the election of `source`, which may be shared as an [`Arc`].
    pub fn new(source: impl Election) -> Self {
        Self {
            source: Arc::new(source),
            heartbeat: Limits::rising(
                HEARTBEAT_DEGRADED.as_secs_f64(),
                HEARTBEAT_UNHEALTHY.as_secs_f64(),
            ),
            changes: Limits::rising(CHANGES_DEGRADED.into(), CHANGES_UNHEALTHY.into()),
            leaderless: LEADERLESS,
        }
    }

    /// Degraded and unhealthy from these ages of the heartbeat on, in place of 10 s and 15 s.
    pub fn heartbeat_thresholds(
        mut self,
        degraded: Duration,
        unhealthy: Duration,
    ) -> Result<Self, InvalidCheck> {
        let seconds = (degraded.as_secs_f64(), unhealthy.as_secs_f64());
        let range = f64::MIN_POSITIVE..=LONGEST.as_secs_f64();
        self.heartbeat = self.heartbeat.set(NAME, seconds.0, seconds.1, range)?;
        Ok(self)
    }

    /// Degraded and unhealthy from so many changes of the leader within an hour on, in
    /// place of 6 and 30; at most 1000 are counted.
    pub fn change_thresholds(
        mut self,
        degraded: u32,
        unhealthy: u32,
    ) -> Result<Self, InvalidCheck> {
        let limits = (degraded.into(), unhealthy.into());
        self.changes = self.changes.set(NAME, limits.0, limits.1, 1.0..=1000.0)?;
        Ok(self)
    }

    /// Unhealthy without a leader for so long, in place of 15 s; at zero at once.
    pub fn leaderless_for(mut self, most: Duration) -> Result<Self, InvalidCheck> {
        self.leaderless = checked(
            NAME,
            "the time without a leader",
            most,
            Duration::ZERO..=LONGEST,
        )?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let watched = Watched {
            check: self,
            leadership: Mutex::default(),
            record: Record::default(),
        };
        Registration::new(NAME, watched)
            .description("whether there is a leader, and whether it stays")
            .every(Duration::from_secs(15))
            .timeout(Duration::from_secs(5))
            .shared_dependency()
    }

    fn outcome(&self, state: &ElectionState, seen: Seen) -> Outcome {
        let mut findings = Findings::default();
        if let Some(span) = seen.leaderless {
            let status = if span >= self.leaderless {
                Status::Unhealthy
            } else {
                Status::Degraded
            };
            findings.add(status, || format!("no leader known for {}", Span(span)));
        } else if let Some(age) = state.heartbeat_age {
            let (status, limit) = self.heartbeat.judge(age.as_secs_f64());
            findings.add(status, || {
                format!("the last heartbeat is {} old, limit {limit} s", Span(age))
            });
        }
        let changes = seen.changes as u64;
        let (status, limit) = self.changes.judge(figure(changes));
        findings.add(status, || {
            format!("the leader changed {changes} times within an hour, limit {limit}")
        });
        findings
            .outcome(|| {
                let leader = state.leader.as_deref().unwrap_or_default();
                format!("{}, led by {leader}", state.role.as_str())
            })
            .detail("role", state.role.as_str())
            .detail_if_known("leader", state.leader.clone())
            .detail_if_known("term", state.term)
            .detail_if_known("heartbeat_age_ms", state.heartbeat_age.map(millis))
            .detail_if_known(
                "leader_uptime_seconds",
                seen.uptime.map(|span| span.as_secs()),
            )
            .detail_if_known(
                "leaderless_seconds",
                seen.leaderless.map(|span| span.as_secs()),
            )
            .detail("leader_changes_per_hour", changes)
    }
}

impl From<ElectionCheck> for Registration {
    fn from(check: ElectionCheck) -> Self {
        check.registration()
    }
}

struct Watched {
    check: ElectionCheck,
    leadership: Mutex<Leadership>,
    record: Record,
}

#[async_trait]
impl Check for Watched {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let reading = async { self.check.source.election().await };
        self.record
            .read(cx, "the state of the election", reading, |state, now| {
                let mut leadership = self
                    .leadership
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                let seen = leadership.observe(&state, now);
                self.check.outcome(&state, seen)
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;

    fn check() -> ElectionCheck {
        let state = ElectionState::new(ElectionRole::Observer);
        ElectionCheck::new(watch::channel(state).1)
    }

    #[test]
    fn judged_by_leader_heartbeat_and_changes() {
        use Status::{Degraded, Healthy, Unhealthy};
        let secs = Duration::from_secs;
        for (leaderless, heartbeat, changes, status, message) in [
            (None, None, 0, Healthy, "follower, led by node-2"),
            (None, Some(9_999), 5, Healthy, "follower, led by node-2"),
            (
                None,
                Some(10_000),
                0,
                Degraded,
                "the last heartbeat is 10 s old, limit 10 s",
            ),
            (
                None,
                Some(15_000),
                0,
                Unhealthy,
                "the last heartbeat is 15 s old, limit 15 s",
            ),
            (
                None,
                None,
                6,
                Degraded,
                "the leader changed 6 times within an hour, limit 6",
            ),
            (
                None,
                None,
                1000,
                Unhealthy,
                "the leader changed 1000 times within an hour, limit 30",
            ),
            (Some(0), None, 0, Degraded, "no leader known for 0 ms"),
            (Some(15), None, 0, Unhealthy, "no leader known for 15 s"),
            (
                Some(15),
                Some(60_000),
                7,
                Unhealthy,
                "no leader known for 15 s; the leader changed 7 times within an hour, limit 6",
            ),
        ] {
            let mut state = ElectionState::new(ElectionRole::Follower).in_term(7);
            if leaderless.is_none() {
                state = state.led_by("node-2");
            }
            state.heartbeat_age = heartbeat.map(Duration::from_millis);
            let seen = Seen {
                leaderless: leaderless.map(secs),
                uptime: leaderless.is_none().then_some(secs(60)),
                changes,
            };
            let outcome = check().outcome(&state, seen);
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["term"], 7);
            assert_eq!(outcome.details()["role"], "follower");
        }
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        let secs = Duration::from_secs;
        assert!(check().heartbeat_thresholds(secs(1), secs(1)).is_ok());
        assert!(check().change_thresholds(1, 1000).is_ok());
        for refused in [
            check().heartbeat_thresholds(secs(2), secs(1)),
            check().heartbeat_thresholds(Duration::ZERO, secs(1)),
            check().change_thresholds(0, 1),
            check().change_thresholds(2, 1),
            check().change_thresholds(1, 1001),
        ] {
            let refused = refused.err().unwrap().to_string();
            assert!(refused.starts_with("election: "), "{refused}");
        }
    }
}
