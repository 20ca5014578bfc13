//! The invariants by name, and what is said when one does not hold.

use std::fmt;

/// What must hold after every step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Invariant {
    /// Nothing reads healthy, and no probe passes, without fresh evidence for it.
    FreshEvidence,
    /// A check has at most one run under way, and none while it must not run.
    OneRun,
    /// Every result counts once towards its thresholds.
    Thresholds,
    /// Tallies, verdicts, failing names and expiries equal a recount.
    Tallies,
    /// `Stopping` is never undone, and an overrun shutdown fails liveness.
    Stopping,
    /// Events are numbered without holes.
    Sequence,
    /// The node leaves `Starting` when nothing is awaited any more, and not before.
    Starting,
    /// The wall clock decides nothing.
    WallClock,
    /// Whatever time alone changes has a wake-up no later than it.
    Timeliness,
    /// Askers get what they asked for.
    Asks,
}

#[derive(Debug)]
pub(super) struct Violation {
    pub(super) invariant: Invariant,
    pub(super) what: String,
}

pub(super) type Held = Result<(), Violation>;

impl Invariant {
    /// Fails with what `what` says unless `held`.
    pub(super) fn demands(self, held: bool, what: impl FnOnce() -> String) -> Held {
        if held {
            return Ok(());
        }
        Err(Violation {
            invariant: self,
            what: what(),
        })
    }

    pub(super) fn equal<T: PartialEq + fmt::Debug>(
        self,
        what: impl fmt::Display,
        got: &T,
        expected: &T,
    ) -> Held {
        self.demands(got == expected, || {
            format!("{what}: {got:?}, by the rules {expected:?}")
        })
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.invariant, self.what)
    }
}
