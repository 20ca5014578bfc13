//! A monitor that is told lags instead of positions, with the limits and questions of older ones.
//!
//! Only another face of [`LagMonitor`]: it decides and keeps nothing itself.

use std::time::Duration;

use crate::alert::ActiveAlert;
use crate::condition::Condition;
use crate::level::Level;
use crate::monitor::LagMonitor;
use crate::policy::PolicyError;
use crate::sample::SampleError;
use crate::spec::{FollowerSpec, RegisterError, UnknownFollower};
use crate::statistics::Statistics;
use crate::status::Status;

/// The limits. By default a warning from 5 s, critical from 30 s, an hour of history, a cooldown of
/// 60 s, and prediction on. What fires, fires at once.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplicationConfig {
    /// From this lag on it is a warning.
    pub warning_threshold: Duration,
    /// From this lag on it is critical.
    pub critical_threshold: Duration,
    /// What a history covers. It is kept in 48 spans, each with its least, most and last lag.
    pub retention_period: Duration,
    /// An alert does not fire again within this time, unless it is worse.
    pub alert_cooldown: Duration,
    /// Whether breaches are predicted.
    pub prediction_enabled: bool,
}

impl Default for ReplicationConfig {
    fn default() -> Self {
        Self {
            warning_threshold: Duration::from_secs(5),
            critical_threshold: Duration::from_secs(30),
            retention_period: Duration::from_hours(1),
            alert_cooldown: Duration::from_mins(1),
            prediction_enabled: true,
        }
    }
}

/// Why an update is refused; nothing changes.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum UpdateError {
    /// Nobody registered it.
    #[error(transparent)]
    Unknown(#[from] UnknownFollower),
    /// Not a lag, or out of order. It is counted.
    #[error(transparent)]
    Sample(#[from] SampleError),
}

/// Watches nodes that tell how many seconds and entries they are behind.
///
/// ```
/// use health_lag::Level;
/// use health_lag::compat::ReplicationMonitor;
///
/// let monitor = ReplicationMonitor::new();
/// monitor.register("node-2")?;
/// monitor.update("node-2", 31.5, 4_200)?;
/// assert_eq!(monitor.status("node-2").unwrap().level, Level::Critical);
/// assert_eq!(monitor.critical_nodes(), ["node-2"]);
/// assert!(monitor.update("node-2", f64::NAN, 0).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ReplicationMonitor {
    monitor: LagMonitor,
}

impl Default for ReplicationMonitor {
    fn default() -> Self {
        Self::new()
    }
}

impl ReplicationMonitor {
    /// One with the default limits.
    pub fn new() -> Self {
        let config = ReplicationConfig::default();
        // The defaults make sense; a monitor with those of its own is nearly the same.
        Self::with_config(&config).unwrap_or_else(|_| Self {
            monitor: LagMonitor::new(),
        })
    }

    /// One with these limits.
    ///
    /// # Errors
    ///
    /// Refuses limits that make no sense.
    pub fn with_config(config: &ReplicationConfig) -> Result<Self, PolicyError> {
        let builder = LagMonitor::builder()
            .warning(config.warning_threshold)
            .critical(config.critical_threshold)
            .retention(config.retention_period)
            .cooldown(config.alert_cooldown)
            .pending(Duration::ZERO);
        let builder = if config.prediction_enabled {
            builder
        } else {
            builder.no_prediction()
        };
        let monitor = builder.build()?;
        Ok(Self { monitor })
    }

    /// The monitor behind it, for all else: its stream, observers, check, collector.
    pub fn inner(&self) -> &LagMonitor {
        &self.monitor
    }

    /// Adds a node.
    pub fn register(&self, node: &str) -> Result<(), RegisterError> {
        self.monitor.follower(FollowerSpec::new(node)).map(|_| ())
    }

    /// Takes a node away. Its alerts are over.
    pub fn unregister(&self, node: &str) -> Result<(), UnknownFollower> {
        self.monitor.unregister(node)
    }

    /// A node is this far behind now.
    ///
    /// # Errors
    ///
    /// Refuses a lag that is no finite number from 0 on, and nodes that nobody registered.
    pub fn update(&self, node: &str, lag_seconds: f64, entries: u64) -> Result<(), UpdateError> {
        self.told(node)?.push_lag(lag_seconds, entries)?;
        Ok(())
    }

    /// The same at a time of a recording.
    ///
    /// # Errors
    ///
    /// As [`update`](Self::update), and if it is not later than the one before.
    pub fn update_at(
        &self,
        at: Duration,
        node: &str,
        lag_seconds: f64,
        entries: u64,
    ) -> Result<(), UpdateError> {
        self.told(node)?.push_lag_at(at, lag_seconds, entries)?;
        Ok(())
    }

    fn told(&self, node: &str) -> Result<crate::follower::Follower, UnknownFollower> {
        let found = self.monitor.get(node);
        found.ok_or_else(|| UnknownFollower(node.to_owned()))
    }

    /// How a node is; `None` if nobody registered it.
    pub fn status(&self, node: &str) -> Option<Status> {
        self.monitor.get(node)?.status()
    }

    /// How all are, sorted by name.
    pub fn all_statuses(&self) -> Vec<Status> {
        self.monitor.statuses()
    }

    /// The names of those that are critical, stalled or silent, sorted. Who says nothing is named
    /// whatever it was last: it may be at any lag by now.
    pub fn critical_nodes(&self) -> Vec<String> {
        let statuses = self.monitor.statuses().into_iter();
        let critical = statuses.filter(|status| {
            let has = |condition| status.conditions.has(condition);
            status.level == Level::Critical || has(Condition::Stalled) || has(Condition::NoData)
        });
        critical.map(|status| status.follower.to_string()).collect()
    }

    /// The alerts that are firing.
    pub fn alerts(&self) -> Vec<ActiveAlert> {
        let mut alerts = self.monitor.alerts().active();
        alerts.retain(|alert| alert.firing);
        alerts
    }

    /// Takes all alerts for over; see [`Alerts::clear`](crate::Alerts::clear).
    pub fn clear_alerts(&self) {
        self.monitor.alerts().clear();
    }

    /// All nodes taken together.
    pub fn statistics(&self) -> Statistics {
        self.monitor.statistics()
    }
}
