//! The words of health: statuses, lifecycle, cause, impact, probe, kind.
//!
//! Plain values and their names on the wire; no rule about them lives here
//! (see [`aggregate`](crate::Aggregate) and [`Impact::settle`]).

use std::fmt;

use serde::{Serialize, Serializer};

/// Gives a fieldless enum its wire names, `Display` and `Serialize`.
macro_rules! wire_names {
    ($type:ty { $($variant:ident => $name:literal),+ $(,)? }) => {
        impl $type {
            /// Every value, in declaration order.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The name on the wire and in logs.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
    };
}

/// What a result says, ordered by severity: `Healthy < Degraded < Unhealthy`.
///
/// The absence of evidence is no status: it is `None` of an `Option<Status>`,
/// shown as [`CheckStatus::Unknown`], and [`Impact::settle`] says what it means.
///
/// ```
/// use health_core::Status;
/// assert_eq!(Status::Healthy.max(Status::Degraded), Status::Degraded);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It works.
    Healthy,
    /// It works, but not as it should.
    Degraded,
    /// It does not work.
    Unhealthy,
}
wire_names!(Status { Healthy => "healthy", Degraded => "degraded", Unhealthy => "unhealthy" });

/// The outward status of the node, or of one probe of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NodeStatus {
    /// Everything that counts is healthy.
    Healthy,
    /// It serves, with something amiss.
    Degraded,
    /// It should not be relied upon.
    Unhealthy,
    /// It has not proven itself yet.
    Starting,
    /// It is on its way out, and stays so.
    Stopping,
}
wire_names!(NodeStatus {
    Healthy => "healthy", Degraded => "degraded", Unhealthy => "unhealthy",
    Starting => "starting", Stopping => "stopping",
});

impl From<Status> for NodeStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Healthy => Self::Healthy,
            Status::Degraded => Self::Degraded,
            Status::Unhealthy => Self::Unhealthy,
        }
    }
}

/// The outward status of a check or component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CheckStatus {
    /// Fresh evidence says healthy.
    Healthy,
    /// Fresh evidence says degraded.
    Degraded,
    /// Fresh evidence says unhealthy, or it timed out or panicked.
    Unhealthy,
    /// No evidence: never ran, stale or disabled; the [`Cause`] tells which.
    Unknown,
    /// A component that has not reported yet.
    Starting,
    /// A component that announced its end.
    Stopping,
    /// A component whose handle was dropped.
    Stopped,
    /// A component whose handle was dropped by a panic.
    Panicked,
}
wire_names!(CheckStatus {
    Healthy => "healthy", Degraded => "degraded", Unhealthy => "unhealthy", Unknown => "unknown",
    Starting => "starting", Stopping => "stopping", Stopped => "stopped", Panicked => "panicked",
});

impl From<Option<Status>> for CheckStatus {
    fn from(status: Option<Status>) -> Self {
        match status {
            Some(Status::Healthy) => Self::Healthy,
            Some(Status::Degraded) => Self::Degraded,
            Some(Status::Unhealthy) => Self::Unhealthy,
            None => Self::Unknown,
        }
    }
}

/// Where the node, or a component, stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lifecycle {
    /// Not yet proven: see [`Health::start`](crate::Health::start).
    Starting,
    /// In service.
    Running,
    /// Draining; nothing brings a node back from here.
    Stopping,
    /// Nothing runs any more; reads still answer.
    Stopped,
}
wire_names!(Lifecycle {
    Starting => "starting", Running => "running", Stopping => "stopping", Stopped => "stopped",
});

/// Why a status is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cause {
    /// The check or component said so.
    Reported,
    /// It gave no result before its deadline.
    Timeout,
    /// It panicked.
    Panic,
    /// Its last result is older than its max age.
    Stale,
    /// It has given no result yet.
    Pending,
    /// The owner of the component is gone.
    Dropped,
    /// Somebody switched it off.
    Disabled,
}
wire_names!(Cause {
    Reported => "reported", Timeout => "timeout", Panic => "panic", Stale => "stale",
    Pending => "pending", Dropped => "dropped", Disabled => "disabled",
});

/// How much a check's status weighs in the verdict on the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// Its status passes through; unknown counts as unhealthy.
    Critical,
    /// The default: caps at degraded; unknown counts as degraded.
    NonCritical,
    /// Shown, never counted.
    Informational,
}
wire_names!(Impact {
    Critical => "critical", NonCritical => "non_critical", Informational => "informational",
});

impl Impact {
    /// What `status` (or its absence) contributes to the node's status.
    ///
    /// ```
    /// use health_core::{Impact, Status};
    /// assert_eq!(Impact::Critical.settle(None), Status::Unhealthy);
    /// assert_eq!(Impact::NonCritical.settle(Some(Status::Unhealthy)), Status::Degraded);
    /// assert_eq!(Impact::Informational.settle(Some(Status::Unhealthy)), Status::Healthy);
    /// ```
    pub fn settle(self, status: Option<Status>) -> Status {
        let evident = status.unwrap_or(Status::Unhealthy);
        match self {
            Self::Critical => evident,
            Self::NonCritical => evident.min(Status::Degraded),
            Self::Informational => Status::Healthy,
        }
    }

    /// The weight in the node's score: critical 2, non-critical 1, informational 0.
    pub const fn weight(self) -> u64 {
        match self {
            Self::Critical => 2,
            Self::NonCritical => 1,
            Self::Informational => 0,
        }
    }
}

/// Who asks: each probe counts its own subset of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Probe {
    /// The full report, for people and monitors.
    Health,
    /// May traffic be sent here?
    Ready,
    /// Must the process be restarted?
    Live,
    /// Has it started once?
    Startup,
}
wire_names!(Probe { Health => "health", Ready => "ready", Live => "live", Startup => "startup" });

/// The set of probes that a check counts for; by default health and readiness.
///
/// Liveness is an explicit choice: a dependency in liveness is a restart loop.
///
/// ```
/// use health_core::{Probe, Probes};
/// let probes = Probes::default().with(Probe::Startup);
/// assert!(probes.contains(Probe::Ready) && !probes.contains(Probe::Live));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Probes(u8);

impl Probes {
    /// Shown in reports, counted by no probe.
    pub const NONE: Self = Self(0);

    /// This set and `probe`.
    pub const fn with(self, probe: Probe) -> Self {
        Self(self.0 | (1 << probe as u8))
    }

    /// This set without `probe`.
    pub const fn without(self, probe: Probe) -> Self {
        Self(self.0 & !(1 << probe as u8))
    }

    /// Whether `probe` is in the set.
    pub const fn contains(self, probe: Probe) -> bool {
        self.0 & (1 << probe as u8) != 0
    }
}

impl Default for Probes {
    fn default() -> Self {
        Self::NONE.with(Probe::Health).with(Probe::Ready)
    }
}

/// How a check learns what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// It probes: each run causes work somewhere.
    Active,
    /// It observes what the service does anyway.
    Passive,
}
wire_names!(Kind { Active => "active", Passive => "passive" });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impact_settles_every_status() {
        use Impact::{Critical, Informational, NonCritical};
        use Status::{Degraded, Healthy, Unhealthy};
        for (impact, status, settled) in [
            (Critical, Some(Healthy), Healthy),
            (Critical, Some(Degraded), Degraded),
            (Critical, Some(Unhealthy), Unhealthy),
            (Critical, None, Unhealthy),
            (NonCritical, Some(Healthy), Healthy),
            (NonCritical, Some(Degraded), Degraded),
            (NonCritical, Some(Unhealthy), Degraded),
            (NonCritical, None, Degraded),
            (Informational, Some(Unhealthy), Healthy),
            (Informational, None, Healthy),
        ] {
            assert_eq!(impact.settle(status), settled, "{impact} {status:?}");
        }
    }

    #[test]
    fn probes_are_a_set() {
        let probes = Probes::default().with(Probe::Live).without(Probe::Ready);
        let held: Vec<_> = Probe::ALL.iter().filter(|p| probes.contains(**p)).collect();
        assert_eq!(held, [&Probe::Health, &Probe::Live]);
    }

    #[test]
    fn wire_names_serialize_as_strings() {
        assert_eq!(
            serde_json::to_string(&Impact::NonCritical).unwrap(),
            "\"non_critical\""
        );
        assert_eq!(CheckStatus::from(None).to_string(), "unknown");
    }
}
