//! The report: an immutable, sorted snapshot of the node and its checks.
//!
//! Pure: made from states that were read already. Rendering is for others.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::aggregate::Aggregation;
use crate::state::CheckState;
use crate::status::{Impact, Lifecycle, NodeStatus, Status};
use crate::summary::Summary;
use crate::tallies::Tallies;

/// The node, or a group of its checks, as it stood at one moment. Two reports
/// of the same stamp are the same report; a check that did not change between
/// two reports is the same `Arc` in both.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report {
    /// Moves with every change of anything in here.
    pub stamp: u64,
    /// The outward status.
    pub status: NodeStatus,
    /// The status in a sentence.
    pub message: Arc<str>,
    /// Where the node stands in its life.
    pub lifecycle: Lifecycle,
    /// When this snapshot was taken.
    pub at: SystemTime,
    /// How long the node has been up, then.
    pub uptime: Duration,
    /// When the node came up.
    pub start_time: SystemTime,
    /// When the youngest result in here came; the start time before the first.
    pub last_update: SystemTime,
    /// The service's version, as it was given.
    pub version: Arc<str>,
    /// The node's name, as it was given.
    pub node_id: Arc<str>,
    /// All checks and components, sorted by name.
    pub checks: Vec<Arc<CheckState>>,
    /// What of them counts.
    pub tallies: Tallies,
    pub(crate) until: crate::moment::Moment,
}

impl Report {
    /// The check of that name.
    pub fn check(&self, name: &str) -> Option<&Arc<CheckState>> {
        let at = self
            .checks
            .binary_search_by(|check| check.name().cmp(name))
            .ok()?;
        self.checks.get(at)
    }

    /// A few figures drawn from it.
    pub fn summary(&self) -> Summary {
        Summary::new(self)
    }
}

/// Counts a check as what it shows, if it counts and has an impact.
pub(crate) fn count(tallies: &mut Tallies, check: &CheckState, impact: Option<Impact>) {
    if let Some(impact) = impact.filter(|_| check.counted) {
        tallies.add(impact, check.effective, check.score);
    }
}

/// The status of a report whose checks amount to `tallies`: worked out from the
/// very states it lists, so that it never contradicts them. A user's own
/// aggregation is no reader's business; the writer's answer stands for it.
pub(crate) fn status(
    aggregation: &Aggregation,
    tallies: &Tallies,
    lifecycle: Lifecycle,
    published: NodeStatus,
) -> NodeStatus {
    match lifecycle {
        Lifecycle::Starting => NodeStatus::Starting,
        Lifecycle::Stopping | Lifecycle::Stopped => NodeStatus::Stopping,
        Lifecycle::Running if aggregation.is_builtin() => aggregation.status(tallies).into(),
        Lifecycle::Running => match published {
            // The lifecycle was read later than the verdict.
            NodeStatus::Starting | NodeStatus::Stopping => Status::Unhealthy.into(),
            evident => evident,
        },
    }
}
