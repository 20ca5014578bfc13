//! What a stalled application does to the answers of a server on its own thread. Pure.

use std::borrow::Cow;

use health_core::NodeStatus;

use crate::server::Stall;

/// A stall as it shows: which probes fail, and for how many seconds it has lasted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct StallView {
    pub(crate) readiness: bool,
    pub(crate) liveness: bool,
    seconds: u64,
}

impl From<Stall> for StallView {
    fn from(stall: Stall) -> Self {
        let seconds = if stall.readiness || stall.liveness {
            stall.stalled_for.as_secs()
        } else {
            0
        };
        Self {
            readiness: stall.readiness,
            liveness: stall.liveness,
            seconds,
        }
    }
}

impl StallView {
    /// Whether any probe fails by it, and so the node.
    pub(crate) fn fails_node(self) -> bool {
        self.readiness || self.liveness
    }

    pub(crate) fn message(self) -> String {
        format!("the application has not responded for {} s", self.seconds)
    }

    /// The status and message of the node, made worse by a stall.
    pub(crate) fn overlay(self, status: NodeStatus, message: &str) -> (NodeStatus, Cow<'_, str>) {
        let serving = matches!(status, NodeStatus::Healthy | NodeStatus::Degraded);
        if serving && self.fails_node() {
            (NodeStatus::Unhealthy, Cow::Owned(self.message()))
        } else {
            (status, Cow::Borrowed(message))
        }
    }
}
