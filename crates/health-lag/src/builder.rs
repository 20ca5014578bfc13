//! Sets up a monitor. The rules about its limits are in `policy`.

use std::time::Duration;

use crate::driver::Shared;
use crate::monitor::LagMonitor;
use crate::policy::{LagPolicy, PolicyError};
use crate::rulebook::Rulebook;

const ALERTS: usize = 1_024;
const MOST_ALERTS: usize = 1_000_000;

/// Sets up a [`LagMonitor`]. What each is by default stands at [`LagPolicy`].
#[derive(Clone, Debug)]
#[must_use = "build it"]
pub struct LagMonitorBuilder {
    policy: LagPolicy,
    alerts: usize,
}

impl Default for LagMonitorBuilder {
    fn default() -> Self {
        Self {
            policy: LagPolicy::default(),
            alerts: ALERTS,
        }
    }
}

impl LagMonitorBuilder {
    /// From this lag on it is a warning.
    pub fn warning(mut self, lag: Duration) -> Self {
        self.policy.warning = lag;
        self
    }

    /// From this lag on it is critical.
    pub fn critical(mut self, lag: Duration) -> Self {
        self.policy.critical = lag;
        self
    }

    /// A level ends once the lag is this share below its limit.
    pub fn hysteresis(mut self, share: f64) -> Self {
        self.policy.hysteresis = share;
        self
    }

    /// Behind and without progress for this long, and for 3 intervals, is stalled.
    pub fn stalled(mut self, time: Duration) -> Self {
        self.policy.stalled = time;
        self
    }

    /// Nothing heard for this long, and for 3 intervals, is no data.
    pub fn silence(mut self, time: Duration) -> Self {
        self.policy.silence = time;
        self
    }

    /// What may be a flicker fires once it has held for this long; zero: at once.
    pub fn pending(mut self, time: Duration) -> Self {
        self.policy.pending = time;
        self
    }

    /// A firing alert resolves once nothing was wrong for this long.
    pub fn resolve_after(mut self, time: Duration) -> Self {
        self.policy.resolve_after = time;
        self
    }

    /// An alert does not fire again within this time, unless it is worse.
    pub fn cooldown(mut self, time: Duration) -> Self {
        self.policy.cooldown = time;
        self
    }

    /// A breach of the critical limit within this time is predicted.
    pub fn prediction(mut self, within: Duration) -> Self {
        self.policy.prediction = Some(within);
        self
    }

    /// No breach is predicted.
    pub fn no_prediction(mut self) -> Self {
        self.policy.prediction = None;
        self
    }

    /// What the history of a follower covers, in 48 parts.
    pub fn retention(mut self, time: Duration) -> Self {
        self.policy.retention = time;
        self
    }

    /// How many alerts the log keeps; 1,024 by default.
    pub fn alert_log(mut self, alerts: usize) -> Self {
        self.alerts = alerts;
        self
    }

    /// The monitor.
    ///
    /// # Errors
    ///
    /// Refuses limits that make no sense, and names them.
    pub fn build(self) -> Result<LagMonitor, PolicyError> {
        self.policy.validate()?;
        if self.alerts == 0 || self.alerts > MOST_ALERTS {
            return Err(PolicyError::Alerts(self.alerts));
        }
        Ok(LagMonitor::of(Shared::new(
            Rulebook::new(self.policy),
            self.alerts,
        )))
    }

    /// The same of the defaults, which make sense.
    pub(crate) fn defaults() -> LagMonitor {
        let Self { policy, alerts } = Self::default();
        LagMonitor::of(Shared::new(Rulebook::new(policy), alerts))
    }
}
