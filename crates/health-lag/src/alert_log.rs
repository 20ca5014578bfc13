//! The log of alerts: a bounded ring, numbered, that counts what it dropped.
//!
//! It decides nothing; see `alerting`. Plain data: the lock is the monitor's.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Serialize;

use crate::alert::{Alert, AlertEvent, AlertKind};

/// The entries of a log from a number on.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AlertPage {
    /// Those that are kept, the oldest first.
    pub alerts: Vec<Arc<Alert>>,
    /// How many that were asked for are dropped or cleared already.
    pub missed: u64,
    /// What to ask for next time.
    pub next: u64,
}

#[derive(Debug)]
pub(crate) struct AlertLog {
    ring: VecDeque<Arc<Alert>>,
    capacity: usize,
    /// The number of the next entry.
    next: u64,
    dropped: u64,
    /// How many of each kind and event there were.
    counts: [[u64; AlertEvent::ALL.len()]; AlertKind::ALL.len()],
}

impl AlertLog {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            ring: VecDeque::new(),
            capacity,
            next: 1,
            dropped: 0,
            counts: Default::default(),
        }
    }

    /// Appends an alert, which gets its number here.
    pub(crate) fn append(&mut self, mut alert: Alert) -> Arc<Alert> {
        alert.sequence = self.next;
        self.next += 1;
        let row = self.counts.get_mut(alert.kind as usize);
        if let Some(count) = row.and_then(|row| row.get_mut(alert.event as usize)) {
            *count += 1;
        }
        if self.ring.len() >= self.capacity {
            self.ring.pop_front();
            self.dropped += 1;
        }
        let alert = Arc::new(alert);
        self.ring.push_back(Arc::clone(&alert));
        alert
    }

    /// What it has from number `from` on.
    pub(crate) fn since(&self, from: u64) -> AlertPage {
        let oldest = self.ring.front().map_or(self.next, |it| it.sequence);
        let from = from.max(1);
        let skipped = usize::try_from(from.saturating_sub(oldest)).unwrap_or(usize::MAX);
        AlertPage {
            alerts: self.ring.iter().skip(skipped).cloned().collect(),
            missed: oldest.saturating_sub(from),
            next: self.next.max(from),
        }
    }

    /// Empties it; numbers go on.
    pub(crate) fn clear(&mut self) {
        self.ring.clear();
    }

    /// How many were dropped for want of room.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// How many there were of this kind and event.
    pub(crate) fn count(&self, kind: AlertKind, event: AlertEvent) -> u64 {
        let row = self.counts.get(kind as usize);
        let count = row.and_then(|row| row.get(event as usize));
        count.copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::level::Level;

    fn alert(event: AlertEvent) -> Alert {
        Alert {
            sequence: 0,
            follower: Arc::from("a"),
            kind: AlertKind::Lag,
            event,
            level: Level::Warning,
            at: Duration::ZERO,
            message: String::new(),
        }
    }

    fn numbers(page: &AlertPage) -> Vec<u64> {
        page.alerts.iter().map(|it| it.sequence).collect()
    }

    #[test]
    fn it_is_bounded_and_says_what_is_missing() {
        let mut log = AlertLog::new(3);
        assert_eq!(log.since(1).next, 1);
        for _ in 0..5 {
            log.append(alert(AlertEvent::Firing));
        }
        for (from, kept, missed) in [
            (0, vec![3, 4, 5], 2),
            (1, vec![3, 4, 5], 2),
            (3, vec![3, 4, 5], 0),
            (5, vec![5], 0),
            (6, vec![], 0),
            (u64::MAX, vec![], 0),
        ] {
            let page = log.since(from);
            assert_eq!((numbers(&page), page.missed), (kept, missed), "{from}");
        }
        assert_eq!((log.since(1).next, log.dropped()), (6, 2));
        assert_eq!(log.count(AlertKind::Lag, AlertEvent::Firing), 5);
        assert_eq!(log.count(AlertKind::Lag, AlertEvent::Resolved), 0);
        log.clear();
        let page = log.since(1);
        assert_eq!((numbers(&page), page.missed, page.next), (vec![], 5, 6));
        log.append(alert(AlertEvent::Resolved));
        assert_eq!(numbers(&log.since(6)), [6]);
    }
}
