//! Judges how many connections to others there are. Who the others are, and whether
//! they can be trusted, it does not ask.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};

use super::AdapterError;
use super::record::Record;
use super::source::sources;
use crate::invalid::InvalidCheck;
use crate::limits::{Limits, figure};

const NAME: &str = "connections";
/// Without any, the node is alone.
const UNHEALTHY_BELOW: u32 = 1;
/// With two, the loss of one leaves it hanging by the other.
const DEGRADED_BELOW: u32 = 3;

/// What a service knows of its connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionCount {
    /// How many are up.
    pub connected: u64,
    /// How many others are known, connected or not, if that is known.
    pub known: Option<u64>,
}

impl ConnectionCount {
    /// So many are up.
    pub fn new(connected: u64) -> Self {
        Self {
            connected,
            known: None,
        }
    }

    /// So many others are known.
    pub fn of_known(mut self, known: u64) -> Self {
        self.known = Some(known);
        self
    }
}

/// Something that is connected to others.
#[async_trait]
pub trait Connections: Send + Sync + 'static {
    /// How many connections there are now.
    async fn connections(&self) -> Result<ConnectionCount, AdapterError>;
}

sources!(Connections, connections, ConnectionCount);

/// Watches how many connections there are.
///
/// Unhealthy without any, degraded below 3: with two, the loss of one leaves the
/// node hanging by the other. Registered as `connections`, every 30 s, with a
/// timeout of 5 s. Its details are `connected`, `known`, `connectivity_score`
/// (the connections there are by those below which it is degraded, at most 1),
/// and what the module says.
///
/// ```
/// use async_trait::async_trait;
/// use health_checks::distributed::{
///     AdapterError, ConnectionCount, Connections, ConnectionsCheck,
/// };
///
/// struct Swarm(Vec<std::net::SocketAddr>);
///
/// #[async_trait]
/// impl Connections for Swarm {
///     async fn connections(&self) -> Result<ConnectionCount, AdapterError> {
///         Ok(ConnectionCount::new(self.0.len() as u64).of_known(12))
///     }
/// }
///
/// let registration = ConnectionsCheck::new(Swarm(Vec::new())).thresholds(8, 2)?.registration();
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[must_use = "a check does nothing until it is registered"]
pub struct ConnectionsCheck {
    source: Arc<dyn Connections>,
    enough: u32,
    limits: Limits,
}

impl ConnectionsCheck {
    /// Watches the connections of `source`, which may be shared as an [`Arc`].
    pub fn new(source: impl Connections) -> Self {
        Self {
            source: Arc::new(source),
            enough: DEGRADED_BELOW,
            limits: Limits::falling(DEGRADED_BELOW.into(), UNHEALTHY_BELOW.into()),
        }
    }

    /// Degraded and unhealthy below so many, in place of 3 and 1.
    pub fn thresholds(mut self, degraded: u32, unhealthy: u32) -> Result<Self, InvalidCheck> {
        self.limits = self.limits.set(
            NAME,
            degraded.into(),
            unhealthy.into(),
            0.0..=u32::MAX.into(),
        )?;
        if degraded == 0 {
            return Err(InvalidCheck::new(
                NAME,
                "0 connections can never be too few; give at least 1 to be degraded below",
            ));
        }
        self.enough = degraded;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let watched = Watched {
            check: self,
            record: Record::default(),
        };
        Registration::new(NAME, watched)
            .description("connections to others")
            .every(Duration::from_secs(30))
            .timeout(Duration::from_secs(5))
    }

    fn outcome(&self, count: ConnectionCount) -> Outcome {
        let connected = figure(count.connected);
        let (status, limit) = self.limits.judge(connected);
        let known = count.known.map(|known| format!(" of {known} known"));
        let message = format!(
            "{} connections{}, limit {limit}",
            count.connected,
            known.unwrap_or_default()
        );
        let score = (connected / f64::from(self.enough)).min(1.0);
        Outcome::new(status, message)
            .detail("connected", count.connected)
            .detail_if_known("known", count.known)
            .detail("connectivity_score", score)
    }
}

impl From<ConnectionsCheck> for Registration {
    fn from(check: ConnectionsCheck) -> Self {
        check.registration()
    }
}

struct Watched {
    check: ConnectionsCheck,
    record: Record,
}

#[async_trait]
impl Check for Watched {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let reading = async { self.check.source.connections().await };
        self.record
            .read(cx, "the number of connections", reading, |count, _now| {
                self.check.outcome(count)
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use health_core::Status;
    use tokio::sync::watch;

    use super::*;

    fn check() -> ConnectionsCheck {
        ConnectionsCheck::new(watch::channel(ConnectionCount::default()).1)
    }

    #[test]
    fn judged_by_number() {
        use Status::{Degraded, Healthy, Unhealthy};
        let one = check().thresholds(1, 1).unwrap();
        let never = check().thresholds(2, 0).unwrap();
        for (check, connected, status, score) in [
            (&check(), 0, Unhealthy, 0.0),
            (&check(), 1, Degraded, 1.0 / 3.0),
            (&check(), 2, Degraded, 2.0 / 3.0),
            (&check(), 3, Healthy, 1.0),
            (&check(), u64::MAX, Healthy, 1.0),
            (&one, 0, Unhealthy, 0.0),
            (&one, 1, Healthy, 1.0),
            (&never, 0, Degraded, 0.0),
        ] {
            let outcome = check.outcome(ConnectionCount::new(connected));
            assert_eq!(outcome.status(), status, "{connected}");
            assert_eq!(outcome.details()["connectivity_score"], score);
            assert_eq!(outcome.details()["connected"], connected);
        }
    }

    #[test]
    fn what_a_person_reads() {
        let count = ConnectionCount::new(2);
        let plain = check().outcome(count);
        assert_eq!(plain.message(), "2 connections, limit 3");
        assert!(!plain.details().contains_key("known"));
        let known = check().outcome(count.of_known(9));
        assert_eq!(known.message(), "2 connections of 9 known, limit 3");
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        for (degraded, unhealthy) in [(0, 0), (1, 2), (0, 1)] {
            let refused = check().thresholds(degraded, unhealthy).err().unwrap();
            assert!(refused.to_string().starts_with("connections: "));
        }
    }
}
