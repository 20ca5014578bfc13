//! Decides when a connection that says nothing has been heard out, once closing began.
//!
//! It closes nothing.

use std::time::Duration;

use super::bounds::{Phase, View};

/// Looks that a silent connection gets at least: on a machine that is short of time, a request may
/// have arrived long before anybody came to read it.
const LOOKS: u32 = 3;

/// The farewell to those who are connected when the listener is closed.
#[derive(Debug)]
pub(crate) struct Farewell {
    began: u64,
    limit: u64,
    looks: u32,
}

impl Farewell {
    /// Begins at `began`, in milliseconds of the coarse clock.
    pub(crate) fn new(began: u64, limit: Duration) -> Self {
        let limit = u64::try_from(limit.as_millis()).unwrap_or(u64::MAX);
        Self {
            began,
            limit,
            looks: 0,
        }
    }

    /// Counts a look, with a turn for every connection before it.
    pub(crate) fn look(&mut self) {
        self.looks = self.looks.saturating_add(1);
    }

    /// Whether the connection may be closed. Who has begun to ask is answered.
    pub(crate) fn is_over(&self, view: View, now: u64) -> bool {
        let silent = now.saturating_sub(view.since.max(self.began));
        view.phase == Phase::Waiting && self.looks > LOOKS && silent >= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table() {
        let cases = [
            // (phase, since, looks, now, over); began at 1000, limit 500
            (Phase::Waiting, 0, 9, 1499, false),
            (Phase::Waiting, 0, 9, 1500, true),
            (Phase::Waiting, 1200, 9, 1699, false),
            (Phase::Waiting, 1200, 9, 1700, true),
            (Phase::Waiting, 0, 3, 9000, false),
            (Phase::Waiting, 0, 4, 9000, true),
            (Phase::Head, 0, 9, 9000, false),
            (Phase::Serving, 0, 9, 9000, false),
            (Phase::Answered, 0, 9, 9000, false),
            (Phase::Blocked, 0, 9, 9000, false),
        ];
        for (phase, since, looks, now, over) in cases {
            let mut farewell = Farewell::new(1000, Duration::from_millis(500));
            for _ in 0..looks {
                farewell.look();
            }
            let view = View {
                phase,
                completed: false,
                since,
                opened: 0,
            };
            assert_eq!(
                farewell.is_over(view, now),
                over,
                "{view:?} at {now} after {looks} looks"
            );
        }
    }
}
