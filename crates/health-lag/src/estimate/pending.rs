//! Forecasts that have not come due.
//!
//! A ring; it judges none.

use super::book::Said;
use super::experts::{KNOTS, Opinions, STEADY};

/// As many as fit into the longest horizon at the least distance between them, and some.
const PENDING: usize = 17;

/// What was said at a time.
#[derive(Clone, Copy, Debug, Default)]
struct Pending {
    at: f64,
    /// The first three of the steady opinions are the same for all horizons.
    steady: [f32; STEADY - 1],
    is_contested: bool,
    at_horizon: [AtHorizon; KNOTS],
}

#[derive(Clone, Copy, Debug, Default)]
struct AtHorizon {
    recurring: f32,
    trend: f32,
    lag: f32,
    lower: f32,
    upper: f32,
}

impl Pending {
    fn set(&mut self, knot: usize, opinions: &Opinions, said: Said) {
        let [last, mean, usual, recurring] = opinions.steady;
        self.steady = [last, mean, usual];
        self.is_contested = opinions.trend.is_some();
        if let Some(at_horizon) = self.at_horizon.get_mut(knot) {
            *at_horizon = AtHorizon {
                recurring,
                trend: opinions.trend.unwrap_or_default(),
                lag: said.lag,
                lower: said.lower,
                upper: said.upper,
            };
        }
    }

    /// All of it but how likely the trend was to last, which nobody judges.
    fn get(&self, knot: usize) -> Option<(Opinions, Said)> {
        let at = self.at_horizon.get(knot)?;
        let [last, mean, usual] = self.steady;
        let opinions = Opinions {
            steady: [last, mean, usual, at.recurring],
            trend: self.is_contested.then_some(at.trend),
            survival: 0.0,
        };
        let said = Said {
            lag: at.lag,
            lower: at.lower,
            upper: at.upper,
        };
        Some((opinions, said))
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
    /// Begins what is said at a time.
    pub(super) fn push(&mut self, at: f64) {
        if let Some(slot) = self.entries.get_mut(self.pushed % PENDING) {
            slot.at = at;
        }
        self.pushed += 1;
        // Those not judged before they are overwritten never are.
        let oldest = self.pushed.saturating_sub(PENDING);
        self.due = self.due.map(|due| due.max(oldest));
    }

    /// Adds to what was begun last.
    pub(super) fn set(&mut self, knot: usize, opinions: &Opinions, said: Said) {
        let last = self.pushed.saturating_sub(1) % PENDING;
        if let Some(slot) = self.entries.get_mut(last) {
            slot.set(knot, opinions, said);
        }
    }

    /// When the next was said that comes due at a horizon.
    pub(super) fn next_at(&self, knot: usize) -> Option<f64> {
        let due = *self.due.get(knot)?;
        if due >= self.pushed {
            return None;
        }
        Some(self.entries.get(due % PENDING)?.at)
    }

    /// When at each horizon the next comes due, of horizons of so many seconds.
    pub(super) fn due(&self, horizons: [f64; KNOTS]) -> [f64; KNOTS] {
        std::array::from_fn(|knot| {
            let horizon = horizons.get(knot).copied().unwrap_or_default();
            let at = self.next_at(knot);
            at.map_or(f64::INFINITY, |at| at + horizon)
        })
    }

    /// The next that comes due at a horizon. It is not the next any more.
    pub(super) fn next(&mut self, knot: usize) -> Option<(Opinions, Said)> {
        let due = self.due.get_mut(knot)?;
        if *due >= self.pushed {
            return None;
        }
        let entry = self.entries.get(*due % PENDING)?;
        *due += 1;
        entry.get(knot)
    }
}
