//! The door to the alerts of a monitor: the log, what is active, and a stream.
//!
//! What becomes an alert is decided in `alerting`.

use std::sync::Arc;
use std::time::Duration;

use crate::alert::{ActiveAlert, Alert, AlertEvent, AlertKind};
use crate::alert_log::AlertPage;
use crate::driver::Shared;
use crate::events::LagSubscription;
use crate::group::Seat;

/// The alerts of a [`LagMonitor`](crate::LagMonitor).
#[derive(Clone, Debug)]
pub struct Alerts {
    shared: Arc<Shared>,
}

impl Alerts {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// What the log has from number `sequence` on; 0 or 1 for all of it.
    pub fn since(&self, sequence: u64) -> AlertPage {
        self.shared.log().since(sequence)
    }

    /// Those that are pending or firing, sorted by follower.
    pub fn active(&self) -> Vec<ActiveAlert> {
        self.active_at(self.shared.now())
    }

    /// The same at a time of a recording.
    pub fn active_at(&self, now: Duration) -> Vec<ActiveAlert> {
        let seats = self.seats();
        let active = seats.iter().flat_map(|seat| self.shared.active(seat, now));
        active.collect()
    }

    /// A stream of alerts from now on.
    pub fn subscribe(&self) -> LagSubscription<Arc<Alert>> {
        LagSubscription::new(self.shared.alerts.subscribe())
    }

    /// Takes all that are active for over, and empties the log. What is still wrong fires again after
    /// its cooldown, or once it is worse.
    pub fn clear(&self) {
        self.clear_at(self.shared.now());
    }

    /// The same at a time of a recording.
    pub fn clear_at(&self, now: Duration) {
        for seat in self.seats() {
            self.shared.end_alerts(&seat, now);
        }
        self.shared.log().clear();
    }

    /// How many the log dropped for want of room.
    pub fn dropped(&self) -> u64 {
        self.shared.log().dropped()
    }

    /// How many there were of this kind and event.
    pub fn count(&self, kind: AlertKind, event: AlertEvent) -> u64 {
        self.shared.log().count(kind, event)
    }

    fn seats(&self) -> Vec<Seat> {
        self.shared.registry().seats()
    }
}
