//! What the engine asks the driver to do; data only.

use std::sync::Arc;

use crate::event::Event;
use crate::moment::Moment;
use crate::scope::Published;
use crate::slot::Slot;
use crate::state::CheckState;
use crate::status::{CheckStatus, Lifecycle, NodeStatus, Probe};
use crate::verdict::Table;
use crate::wording::ScopeText;

/// One step for the driver, to be carried out in order, under the engine's lock
/// unless it says otherwise.
#[derive(Debug)]
pub(crate) enum Effect {
    /// A check is shown like this.
    Show {
        slot: Arc<Slot>,
        state: Arc<CheckState>,
        expires: Moment,
    },
    /// Its evidence holds longer; nothing else changed.
    Extend {
        slot: Arc<Slot>,
        expires: Moment,
    },
    /// A probe or group answers like this.
    Publish {
        scope: Arc<Published>,
        table: Table,
        expiries: [Moment; 2],
        text: Option<Arc<ScopeText>>,
    },
    /// An on-demand check of the scope outlives its TTL then.
    Demand {
        scope: Arc<Published>,
        due: Moment,
    },
    /// A check is there, or no longer.
    Enter(Arc<Slot>),
    Leave(Arc<Slot>),
    /// A check's task should look at its schedule.
    Wake(Arc<Slot>),
    /// It runs no more; its askers wait in vain.
    Close(Arc<Slot>),
    /// A run has ended; its askers may go on.
    Finished(Arc<Slot>),
    /// The sweeper should come earlier.
    Sweep,
    /// The node moved on.
    Lifecycle(Lifecycle),
    /// For observers.
    Emit(Event),
    /// For the log, after the lock is released.
    Log(LogLine),
}

/// What is logged of a transition.
#[derive(Clone, Debug)]
pub(crate) enum LogLine {
    Check {
        state: Arc<CheckState>,
        from: CheckStatus,
        error: Option<String>,
        suppressed: u32,
    },
    Probe {
        probe: Probe,
        from: NodeStatus,
        to: NodeStatus,
        message: Arc<str>,
        suppressed: u32,
    },
    Lifecycle {
        from: Lifecycle,
        to: Lifecycle,
    },
}
