//! Forecasts that have not come due.
//!
//! A ring; it judges none.

use super::experts::{KNOTS, Opinions};

/// One more than fit into the longest horizon at the least distance between them.
pub(super) const PENDING: usize = 32;

/// What was said at a time.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pending {
    pub(super) at: f64,
    pub(super) last: f32,
    pub(super) mean: f32,
    pub(super) usual: f32,
    pub(super) recurring: [f32; KNOTS],
    pub(super) trend: [f32; KNOTS],
    pub(super) survival: [f32; KNOTS],
    pub(super) is_contested: bool,
    pub(super) said: [f32; KNOTS],
    pub(super) below: [f32; KNOTS],
    pub(super) above: [f32; KNOTS],
}

impl Pending {
    pub(super) fn opinions(&self, knot: usize) -> Opinions {
        let trend = self.trend.get(knot).copied();
        Opinions {
            steady: [
                self.last,
                self.mean,
                self.usual,
                self.recurring.get(knot).copied().unwrap_or_default(),
            ],
            trend: trend.filter(|_| self.is_contested),
            survival: self.survival.get(knot).copied().unwrap_or_default(),
        }
    }
}

/// The ring, and how far each horizon has got in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    entries: [Pending; PENDING],
    /// How many were ever pushed, and of these how many have come due at each horizon.
    pushed: usize,
    due: [usize; KNOTS],
}

impl Ring {
    pub(super) fn push(&mut self, pending: Pending) {
        if let Some(slot) = self.entries.get_mut(self.pushed % PENDING) {
            *slot = pending;
        }
        self.pushed += 1;
        // Those not judged before they are overwritten never are.
        let oldest = self.pushed.saturating_sub(PENDING);
        self.due = self.due.map(|due| due.max(oldest));
    }

    pub(super) fn last_at(&self) -> Option<f64> {
        let last = self.pushed.checked_sub(1)?;
        Some(self.entries.get(last % PENDING)?.at)
    }

    /// The next that comes due at a horizon of so many seconds, up to `now`.
    pub(super) fn next_due(&mut self, knot: usize, horizon: f64, now: f64) -> Option<Pending> {
        let due = self.due.get_mut(knot)?;
        if *due >= self.pushed {
            return None;
        }
        let entry = *self.entries.get(*due % PENDING)?;
        if entry.at + horizon > now {
            return None;
        }
        *due += 1;
        Some(entry)
    }
}
