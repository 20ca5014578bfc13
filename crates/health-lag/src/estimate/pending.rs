//! Forecasts that have not come due.
//!
//! A ring for each horizon; it judges none.

use super::book::Said;
use super::experts::{HORIZONS, KNOTS, Opinions, STEADY};

/// As many as fit into each horizon at the least distance between them; powers of two.
const PENDING: [usize; KNOTS] = [4, 8, 16];
/// Where each ring begins.
const BEGINS: [usize; KNOTS] = [0, 4, 12];
const ALL: usize = 28;
/// Less than any lag: no trend.
const NONE: f32 = -1.0;

/// What was said at a time of a horizon.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
struct Pending {
    at: f64,
    steady: [f32; STEADY],
    trend: f32,
    lag: f32,
    lower: f32,
    upper: f32,
}

/// How far each ring has got: how many were ever pushed into it, and how many of these have come due.
/// It stands apart, so that entries can be looked at without waiting for it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turns {
    pushed: usize,
    due: [usize; KNOTS],
}

impl Turns {
    /// All horizons have been told.
    pub(super) fn push(&mut self) {
        self.pushed += 1;
        for (due, room) in self.due.iter_mut().zip(PENDING) {
            // Those not judged before they are overwritten never are.
            *due = (*due).max(self.pushed.saturating_sub(room));
        }
    }

    /// The place of the next that comes due at a horizon.
    fn next(&self, knot: usize) -> Option<usize> {
        let due = *self.due.get(knot)?;
        if due < self.pushed {
            place(knot, due)
        } else {
            None
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Rings {
    entries: [Pending; ALL],
}

impl Default for Rings {
    fn default() -> Self {
        Self {
            entries: [Pending::default(); ALL],
        }
    }
}

fn place(knot: usize, number: usize) -> Option<usize> {
    let room = PENDING.get(knot)?;
    Some(BEGINS.get(knot)? + (number & (room - 1)))
}

impl Rings {
    /// Keeps what is said at a time of a horizon. Each of them is told before the next turn.
    pub(super) fn set(
        &mut self,
        turns: &Turns,
        at: f64,
        knot: usize,
        opinions: &Opinions,
        said: Said,
    ) {
        let slot = place(knot, turns.pushed).and_then(|place| self.entries.get_mut(place));
        if let Some(slot) = slot {
            *slot = Pending {
                at,
                steady: opinions.steady,
                trend: opinions.trend.unwrap_or(NONE),
                lag: said.lag,
                lower: said.lower,
                upper: said.upper,
            };
        }
    }

    /// The beginning and the end of what comes due next at each horizon.
    pub(super) fn peek(&self, turns: &Turns) -> [Option<(f64, f32)>; KNOTS] {
        std::array::from_fn(|knot| {
            let next = self.entries.get(turns.next(knot)?)?;
            Some((next.at, next.upper))
        })
    }

    /// When the next comes due at each horizon.
    pub(super) fn due(&self, turns: &Turns) -> [f64; KNOTS] {
        std::array::from_fn(|knot| self.next_due(turns, knot))
    }

    /// When the next comes due at a horizon; never, if there is none.
    pub(super) fn next_due(&self, turns: &Turns, knot: usize) -> f64 {
        let horizon = HORIZONS.get(knot).copied().map(f64::from);
        let next = turns.next(knot).and_then(|it| self.entries.get(it));
        next.zip(horizon)
            .map_or(f64::INFINITY, |(next, horizon)| next.at + horizon)
    }

    /// The next that comes due at a horizon. It is not the next any more. It has all of it but how
    /// likely the trend was to last, which nobody judges.
    pub(super) fn next(&self, turns: &mut Turns, knot: usize) -> Option<(Opinions, Said)> {
        let entry = self.entries.get(turns.next(knot)?)?;
        *turns.due.get_mut(knot)? += 1;
        let opinions = Opinions {
            steady: entry.steady,
            trend: (entry.trend >= 0.0).then_some(entry.trend),
            survival: 0.0,
        };
        let said = Said {
            lag: entry.lag,
            lower: entry.lower,
            upper: entry.upper,
        };
        Some((opinions, said))
    }
}

#[cfg(test)]
mod tests {
    use super::super::agenda::EVERY;
    use super::*;

    /// Keeps forecasts at times, of which each says its time.
    fn kept(times: impl IntoIterator<Item = u8>) -> (Rings, Turns) {
        let (mut rings, mut turns) = (Rings::default(), Turns::default());
        for at in times.into_iter().map(f32::from) {
            for knot in 0..KNOTS {
                let said = Said {
                    lag: at,
                    lower: 0.0,
                    upper: at,
                };
                rings.set(&turns, f64::from(at), knot, &Opinions::default(), said);
            }
            turns.push();
        }
        (rings, turns)
    }

    #[test]
    fn there_is_room_for_all_within_a_horizon() {
        for (horizon, room) in HORIZONS.into_iter().zip([4_u8, 8, 16]) {
            assert!(f64::from(room) * EVERY > f64::from(horizon), "{horizon}");
        }
        assert_eq!(PENDING, [4, 8, 16]);
    }

    #[test]
    fn they_come_due_in_order_and_once() {
        let (rings, mut turns) = kept([0, 4, 8]);
        let due = |turns: &Turns| format!("{:?}", rings.due(turns));
        assert_eq!(due(&turns), "[10.0, 30.0, 60.0]");
        let mut next = || rings.next(&mut turns, 1).map(|(_, said)| said.lag);
        assert_eq!(
            [next(), next(), next(), next()],
            [Some(0.0), Some(4.0), Some(8.0), None]
        );
        assert_eq!(due(&turns), "[10.0, inf, 60.0]");
    }

    #[test]
    fn those_that_are_overwritten_never_come_due() {
        let (rings, mut turns) = kept((0..20).map(|turn| 4 * turn));
        for (knot, room) in PENDING.into_iter().enumerate() {
            let oldest = rings.next(&mut turns, knot).map(|(_, said)| said.lag);
            assert_eq!(oldest, u8::try_from(4 * (20 - room)).ok().map(f32::from));
        }
    }
}
