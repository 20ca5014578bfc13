//! Thresholds: when a run of results changes the effective status.
//!
//! A pure fold over results; staleness and lifecycle are decided elsewhere.

use crate::status::Status;

/// How many results in a row it takes to change the effective status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// Consecutive worse results until the status falls; at least 1.
    pub down: u32,
    /// Consecutive better results until the status rises; at least 1.
    pub up: u32,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { down: 1, up: 1 }
    }
}

/// The effective status and the run of results that may change it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hysteresis {
    effective: Option<Status>,
    /// Results in a row on one side of `effective`, and the one of them nearest to it.
    streak: Option<Streak>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Streak {
    worse: bool,
    length: u32,
    nearest: Status,
}

impl Hysteresis {
    pub(crate) fn effective(self) -> Option<Status> {
        self.effective
    }

    /// The first result applies at once. Then: `down` consecutive results worse
    /// than the effective status lower it to the mildest of them, `up`
    /// consecutive better ones raise it to the worst of them.
    pub(crate) fn observe(self, raw: Status, thresholds: Thresholds) -> Self {
        let Some(effective) = self.effective else {
            return Self::settled(raw);
        };
        if raw == effective {
            return Self::settled(effective);
        }
        let worse = raw > effective;
        let streak = match self.streak {
            Some(run) if run.worse == worse => Streak {
                worse,
                length: run.length.saturating_add(1),
                nearest: if worse {
                    run.nearest.min(raw)
                } else {
                    run.nearest.max(raw)
                },
            },
            _ => Streak {
                worse,
                length: 1,
                nearest: raw,
            },
        };
        let needed = if worse {
            thresholds.down
        } else {
            thresholds.up
        };
        if streak.length >= needed.max(1) {
            Self::settled(streak.nearest)
        } else {
            Self {
                effective: Some(effective),
                streak: Some(streak),
            }
        }
    }

    fn settled(status: Status) -> Self {
        Self {
            effective: Some(status),
            streak: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Degraded as D, Healthy as H, Unhealthy as U};

    fn run(results: &[Status], down: u32, up: u32) -> Vec<Status> {
        let mut state = Hysteresis::default();
        results
            .iter()
            .map(|raw| {
                state = state.observe(*raw, Thresholds { down, up });
                state.effective().unwrap()
            })
            .collect()
    }

    #[test]
    fn tables() {
        assert_eq!(run(&[U], 3, 2), [U], "the first result applies at once");
        assert_eq!(
            run(&[H, U, H, D], 1, 1),
            [H, U, H, D],
            "1 and 1 follow the raw status"
        );
        assert_eq!(run(&[H, U, U, U], 3, 2), [H, H, H, U]);
        assert_eq!(
            run(&[H, U, D, U], 3, 2),
            [H, H, H, D],
            "down: the mildest of them"
        );
        assert_eq!(run(&[U, H, D], 3, 2), [U, U, D], "up: the worst of them");
        assert_eq!(
            run(&[H, U, U, H, U, U], 3, 2),
            [H; 6],
            "an equal result breaks the run"
        );
        assert_eq!(
            run(&[D, U, H, U, H], 2, 2),
            [D; 5],
            "a better one breaks a worse run"
        );
        assert_eq!(run(&[H, U, D, U, U, U], 3, 1), [H, H, H, D, D, D]);
        assert_eq!(
            run(&[H, U, D, U, U, U, U], 3, 1)[6],
            U,
            "then again from the new status"
        );
        assert_eq!(run(&[H, U], 0, 0), [H, U], "zero reads as one");
    }
}
