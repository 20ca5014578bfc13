//! What observers learn: results, transitions, registrations, each with its number.
//!
//! Plain data; delivery is in `subscription`.

use std::sync::Arc;
use std::time::SystemTime;

use crate::state::CheckState;
use crate::status::{CheckStatus, Lifecycle, NodeStatus, Probe};

/// Something that happened. Numbers are consecutive: a gap is what a slow
/// subscriber missed, and it is told how much.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// Its number, from 1.
    pub seq: u64,
    /// When, for display.
    pub at: SystemTime,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EventKind {
    /// A check gave a result, or a component reported.
    Result {
        /// As it stands since.
        check: Arc<CheckState>,
    },
    /// The outward status of a check or component changed.
    Transition {
        /// As it stands since.
        check: Arc<CheckState>,
        /// What it was before.
        from: CheckStatus,
    },
    /// What a probe answers changed.
    Probe {
        /// Which one.
        probe: Probe,
        /// Its status before.
        from: NodeStatus,
        /// Its status since.
        to: NodeStatus,
        /// Whether it passes since.
        passing: bool,
    },
    /// The node moved on in its life.
    Lifecycle {
        /// Where it was.
        from: Lifecycle,
        /// Where it is.
        to: Lifecycle,
    },
    /// A check or component was registered, replaced, enabled or disabled.
    Registered {
        /// As it stands since.
        check: Arc<CheckState>,
    },
    /// A check or component was taken away.
    Unregistered {
        /// Its name.
        name: Arc<str>,
    },
}
