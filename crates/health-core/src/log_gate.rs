//! How often a flapping check may log: once in ten seconds, with the number suppressed.
//!
//! Pure; the driver writes the line.

use std::time::Duration;

use crate::moment::Moment;

pub(crate) const QUIET: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct LogGate {
    last: Option<Moment>,
    suppressed: u32,
}

impl LogGate {
    /// `Some(n)`: log now, and say that `n` were suppressed before it.
    pub(crate) fn admit(&mut self, now: Moment) -> Option<u32> {
        if self.last.is_some_and(|last| now < last.after(QUIET)) {
            self.suppressed = self.suppressed.saturating_add(1);
            return None;
        }
        self.last = Some(now);
        Some(std::mem::take(&mut self.suppressed))
    }

    /// When what was suppressed is to be made up for; `None` if nothing was.
    pub(crate) fn reopens(&self) -> Option<Moment> {
        self.last
            .filter(|_| self.suppressed > 0)
            .map(|last| last.after(QUIET))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn once_in_ten_seconds_and_counted() {
        let second = 1_000_000_000;
        let mut gate = LogGate::default();
        let said: Vec<_> = [0, 1, 9, 10, 11, 30]
            .iter()
            .map(|t| gate.admit(Moment(t * second)))
            .collect();
        assert_eq!(said, [Some(0), None, None, Some(2), None, Some(1)]);
    }
}
