//! The check on this machine's clock against those of its peers.
//!
//! It asks no peer: the service does, in the course of its own protocol.

use std::collections::HashMap;
use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};

use super::consensus::{Reading, agree};
use super::drift;
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use crate::span::{LONGEST, SHORTEST, checked};

const NAME: &str = "peer-drift";
/// The least number at which one that lies is outvoted.
const MINIMUM: usize = 3;
const MAX_AGE: Duration = Duration::from_mins(10);
/// More clocks than this of one run are not looked at.
const MOST_CLOCKS: usize = 10_000;
/// The longest name of a peer that is shown.
const MAX_NAME: usize = 64;

/// The clock of a peer, as it told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerClock {
    peer: String,
    theirs: SystemTime,
    ours: SystemTime,
    round_trip: Duration,
}

impl PeerClock {
    /// A peer has said `theirs` in a message that came when this node's clock was at `ours`.
    /// `peer` tells it from the others, and is shown if it is outvoted.
    pub fn new(peer: impl Into<String>, theirs: SystemTime, ours: SystemTime) -> Self {
        Self {
            peer: peer.into(),
            theirs,
            ours,
            round_trip: Duration::ZERO,
        }
    }

    /// The peer answered a request, and its answer came this long after that. Half of it is
    /// taken for the way of the answer.
    pub fn round_trip(mut self, round_trip: Duration) -> Self {
        self.round_trip = round_trip;
        self
    }

    fn reading(&self) -> Reading {
        let mut source = self.peer.clone();
        source.truncate(source.floor_char_boundary(MAX_NAME));
        let way_ms = self.round_trip.as_secs_f64() * 1000.0 / 2.0;
        Reading {
            source,
            offset_ms: since_ms(self.theirs, self.ours) + way_ms,
            uncertainty_ms: way_ms,
        }
    }
}

/// Where the clocks of peers come from: what the service has heard of them.
///
/// ```
/// use std::collections::HashMap;
/// use std::error::Error;
/// use std::sync::Mutex;
/// use std::time::SystemTime;
///
/// use async_trait::async_trait;
/// use health_checks::time::{PeerClock, PeerTime};
///
/// /// Filled by the service with each message of a peer: one clock of each, so that it
/// /// does not grow, and every run sees them all.
/// #[derive(Default)]
/// struct LastHeard(Mutex<HashMap<String, PeerClock>>);
///
/// impl LastHeard {
///     fn heard(&self, peer: &str, theirs: SystemTime) {
///         let clock = PeerClock::new(peer, theirs, SystemTime::now());
///         self.0.lock().unwrap().insert(peer.to_owned(), clock);
///     }
/// }
///
/// #[async_trait]
/// impl PeerTime for LastHeard {
///     async fn clocks(&self) -> Result<Vec<PeerClock>, Box<dyn Error + Send + Sync>> {
///         Ok(self.0.lock().unwrap().values().cloned().collect())
///     }
/// }
/// ```
#[async_trait]
pub trait PeerTime: Send + Sync + 'static {
    /// The clocks of peers, each as it was last heard. The error goes to the log only.
    ///
    /// Dropped at the deadline of the run, as any check is.
    async fn clocks(&self) -> Result<Vec<PeerClock>, Box<dyn Error + Send + Sync>>;
}

#[async_trait]
impl<P: PeerTime + ?Sized> PeerTime for Arc<P> {
    async fn clocks(&self) -> Result<Vec<PeerClock>, Box<dyn Error + Send + Sync>> {
        self.as_ref().clocks().await
    }
}

/// Watches the drift of this machine's clock against the median of its peers' clocks: the
/// time of the network.
///
/// Of each peer the clock heard last counts, if that was within the last 10 minutes. A peer
/// that is far from the median is outvoted and named, while most agree.
///
/// Degraded from 100 ms of drift, unhealthy from 500 ms, and unhealthy while fewer than
/// 3 peers' clocks count, the least number that outvotes one that lies. That most peers
/// are right is an assumption: where strangers may join in any number, use
/// [`NtpDriftCheck`](super::NtpDriftCheck) too.
///
/// Registered as `peer-drift`, every 60 s, with a timeout of 5 s. Its details are `drift_ms`
/// (positive: this clock is ahead), `uncertainty_ms`, `peers` (how many count), `stale`
/// (how many are too old) and `outvoted` (how many).
///
/// ```
/// use std::time::Duration;
/// use health_checks::time::{PeerDriftCheck, PeerTime};
/// # use health_core::Registration;
///
/// fn peer_drift(peers: impl PeerTime) -> Result<Registration, health_checks::InvalidCheck> {
///     let check = PeerDriftCheck::new(peers).minimum_peers(5)?;
///     let (degraded, unhealthy) = (Duration::from_millis(50), Duration::from_millis(250));
///     Ok(check.thresholds(degraded, unhealthy)?.registration())
/// }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct PeerDriftCheck<P> {
    peers: P,
    rule: Rule,
}

/// How clocks are judged.
#[derive(Clone, Copy, Debug)]
struct Rule {
    minimum: usize,
    max_age: Duration,
    limits: Limits,
}

impl<P: PeerTime> PeerDriftCheck<P> {
    /// Watches the clocks that `peers` yields, which may be shared as an [`Arc`].
    pub fn new(peers: P) -> Self {
        Self {
            peers,
            rule: Rule {
                minimum: MINIMUM,
                max_age: MAX_AGE,
                limits: drift::LIMITS,
            },
        }
    }

    /// Degraded and unhealthy from these drifts on, in place of 100 ms and 500 ms. Peers
    /// that are further apart than the first one do not agree.
    pub fn thresholds(
        mut self,
        degraded: Duration,
        unhealthy: Duration,
    ) -> Result<Self, InvalidCheck> {
        self.rule.limits = drift::limits(NAME, degraded, unhealthy)?;
        Ok(self)
    }

    /// How many peers' clocks a verdict needs, in place of 3.
    pub fn minimum_peers(mut self, minimum: usize) -> Result<Self, InvalidCheck> {
        if !(1..=MOST_CLOCKS).contains(&minimum) {
            return Err(InvalidCheck::new(
                NAME,
                format!("cannot need {minimum} peers; give from 1 to {MOST_CLOCKS}"),
            ));
        }
        self.rule.minimum = minimum;
        Ok(self)
    }

    /// How long ago a clock may have been heard, in place of 10 minutes.
    pub fn max_age(mut self, max_age: Duration) -> Result<Self, InvalidCheck> {
        self.rule.max_age = checked(NAME, "the age of a clock", max_age, SHORTEST..=LONGEST)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        Registration::new(NAME, self)
            .description("drift of the clock against those of peers")
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(5))
    }
}

impl<P: PeerTime> From<PeerDriftCheck<P>> for Registration {
    fn from(check: PeerDriftCheck<P>) -> Self {
        check.registration()
    }
}

#[async_trait]
impl<P: PeerTime> Check for PeerDriftCheck<P> {
    async fn check(&self, _cx: &CheckContext) -> Outcome {
        match self.peers.clocks().await {
            Ok(clocks) => self.rule.outcome(clocks, clock::wall()),
            Err(error) => {
                Outcome::unhealthy("clock not checked: those of the peers are not to be had")
                    .with_error(error)
            }
        }
    }
}

impl Rule {
    fn outcome(&self, clocks: Vec<PeerClock>, now: SystemTime) -> Outcome {
        let mut latest: HashMap<String, PeerClock> = HashMap::new();
        let mut stale = 0_u64;
        for clock in clocks.into_iter().take(MOST_CLOCKS) {
            // What is heard in the future was heard before this clock was set back.
            let age = now.duration_since(clock.ours);
            if !age.is_ok_and(|age| age <= self.max_age) {
                stale += 1;
                continue;
            }
            let known = latest.get(&clock.peer);
            if known.is_none_or(|known| known.ours <= clock.ours) {
                latest.insert(clock.peer.clone(), clock);
            }
        }
        let mut readings: Vec<Reading> = latest.values().map(PeerClock::reading).collect();
        readings.sort_by(|one, other| one.source.cmp(&other.source));
        let count = readings.len();
        match agree(readings, self.minimum, drift::tolerance_ms(self.limits)) {
            Ok(agreement) => drift::outcome(self.limits, &agreement, count, "peers"),
            Err(dissent) => drift::dissent(dissent, count, self.minimum, "peers' clocks"),
        }
        .detail("peers", count)
        .detail("stale", stale)
    }
}

fn since_ms(time: SystemTime, earlier: SystemTime) -> f64 {
    let span = match time.duration_since(earlier) {
        Ok(after) => after.as_secs_f64(),
        Err(before) => -before.duration().as_secs_f64(),
    };
    span * 1000.0
}

#[cfg(test)]
mod tests {
    use health_core::Status;

    use super::*;

    struct Nobody;

    #[async_trait]
    impl PeerTime for Nobody {
        async fn clocks(&self) -> Result<Vec<PeerClock>, Box<dyn Error + Send + Sync>> {
            Ok(Vec::new())
        }
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_hours(24 * 365 * 56)
    }

    /// A peer whose clock is `ahead_ms`, heard some seconds ago.
    fn clock(peer: &str, ahead_ms: i32, seconds_ago: u64) -> PeerClock {
        let ours = now() - Duration::from_secs(seconds_ago);
        let ahead = Duration::from_millis(ahead_ms.unsigned_abs().into());
        let theirs = if ahead_ms < 0 {
            ours - ahead
        } else {
            ours + ahead
        };
        PeerClock::new(peer, theirs, ours)
    }

    fn outcome(clocks: Vec<PeerClock>) -> Outcome {
        PeerDriftCheck::new(Nobody).rule.outcome(clocks, now())
    }

    #[test]
    fn the_median_of_fresh_clocks_is_judged() {
        use Status::{Degraded, Healthy, Unhealthy};
        let hour = 3_600_000;
        for (clocks, status, message) in [
            (
                vec![clock("a", 1, 0), clock("b", 20, 1), clock("c", 30, 600)],
                Healthy,
                "clock 20 ms behind the median of 3 peers, limit 100 ms",
            ),
            (
                vec![
                    clock("a", -150, 0),
                    clock("b", -160, 1),
                    clock("c", -200, 2),
                ],
                Degraded,
                "clock 160 ms ahead of the median of 3 peers, limit 100 ms",
            ),
            (
                vec![
                    clock("a", hour, 0),
                    clock("b", hour, 1),
                    clock("c", hour, 2),
                ],
                Unhealthy,
                "clock 3600 s behind the median of 3 peers, limit 500 ms",
            ),
            (
                vec![clock("a", 0, 0), clock("liar", hour, 1), clock("c", 0, 2)],
                Healthy,
                "clock 0 ms ahead of the median of 3 peers, limit 100 ms; outvoted: liar (3600 s ahead)",
            ),
            (
                vec![clock("a", 0, 0), clock("b", 0, 601), clock("c", 0, 2)],
                Unhealthy,
                "clock not checked: 2 peers' clocks of at least 3",
            ),
            // A peer that speaks often has one vote, its last.
            (
                vec![
                    clock("a", hour, 9),
                    clock("a", 5, 1),
                    clock("a", hour, 5),
                    clock("b", 5, 0),
                ],
                Unhealthy,
                "clock not checked: 2 peers' clocks of at least 3",
            ),
            (
                vec![
                    clock("a", hour, 9),
                    clock("a", 5, 1),
                    clock("b", 5, 0),
                    clock("c", 5, 0),
                ],
                Healthy,
                "clock 5 ms behind the median of 3 peers, limit 100 ms",
            ),
            (
                vec![],
                Unhealthy,
                "clock not checked: 0 peers' clocks of at least 3",
            ),
        ] {
            let outcome = outcome(clocks);
            assert_eq!((outcome.status(), outcome.message()), (status, message));
        }
    }

    #[test]
    fn what_was_heard_before_the_clock_was_set_back_does_not_count() {
        let mut future = clock("c", 0, 0);
        future.ours = now() + Duration::from_secs(1);
        let outcome = outcome(vec![clock("a", 0, 0), clock("b", 0, 0), future]);
        assert_eq!(outcome.details()["stale"], 1);
        assert_eq!(outcome.details()["peers"], 2);
    }

    #[test]
    fn half_of_the_round_trip_is_the_way_of_the_answer() {
        let far = |peer| clock(peer, -40, 0).round_trip(Duration::from_millis(80));
        let outcome = outcome(vec![far("a"), far("b"), far("c")]);
        assert_eq!(outcome.details()["drift_ms"], 0.0);
        assert_eq!(outcome.details()["uncertainty_ms"], 40.0);
    }

    #[test]
    fn hostile_clocks_do_no_harm() {
        let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 62);
        let long = "ä".repeat(1000);
        let mut clocks = vec![PeerClock::new(long, far, now()).round_trip(Duration::MAX)];
        clocks.extend((0..2 * MOST_CLOCKS).map(|i| clock(&i.to_string(), 5, 0)));
        let outcome = outcome(clocks);
        assert_eq!(outcome.details()["peers"], MOST_CLOCKS);
        assert_eq!(outcome.details()["drift_ms"], -5.0);
    }

    #[test]
    fn settings_that_mean_nothing_are_refused() {
        let check = PeerDriftCheck::new(Nobody).rule;
        let shared: Arc<dyn PeerTime> = Arc::new(Nobody);
        let with = || PeerDriftCheck {
            peers: Arc::clone(&shared),
            rule: check,
        };
        assert!(with().minimum_peers(0).is_err() && with().minimum_peers(1).is_ok());
        assert!(with().minimum_peers(MOST_CLOCKS + 1).is_err());
        assert!(with().max_age(Duration::ZERO).is_err());
        assert!(with().thresholds(Duration::ZERO, Duration::ZERO).is_err());
    }
}
