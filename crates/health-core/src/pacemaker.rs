//! The handle of whoever vouches that the process runs.
//!
//! What its beats, and their absence, mean for time is judged in `pace`.

use std::sync::Arc;
use std::time::Duration;

use crate::driver::Shared;
use crate::health::Health;

/// Tells a node that its process runs, so that evidence does not grow old while
/// it cannot: see [`Health::pacemaker`]. Dropping it lets all time count again.
#[derive(Debug)]
#[must_use = "dropping it lets all time count again"]
pub struct Pacemaker {
    shared: Arc<Shared>,
    interval: Duration,
}

impl Health {
    /// From now on time counts for evidence, heartbeats, timeouts and schedules
    /// only while the process can run, and `beat` is called at least every
    /// `interval` to vouch for that.
    ///
    /// A beat that comes more than a second late means that the process was
    /// suspended: the time since it was last seen to run is forgiven, a run that
    /// was under way gets the rest of its time, and every check that has a
    /// schedule runs at once; one on demand is past its TTL. A shorter suspension
    /// is not told from idling, and its time counts. Uptime and
    /// timestamps are real in any case.
    ///
    /// Whoever beats must do so from a thread that nothing of the application
    /// can hold up, least of all the runtime that runs the checks: while no beat
    /// comes, time stands still, and evidence lasts. A server of `health-http`
    /// with a thread of its own does it. Of several pacemakers each beat counts
    /// for all, and time goes on as long as one of them beats.
    ///
    /// ```
    /// use std::time::Duration;
    /// use health_core::Health;
    ///
    /// let health = Health::new();
    /// let interval = Duration::from_millis(500);
    /// let pacemaker = health.pacemaker(interval);
    /// std::thread::Builder::new().spawn(move || {
    ///     loop {
    ///         std::thread::sleep(interval);
    ///         pacemaker.beat();
    ///     }
    /// })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn pacemaker(&self, interval: Duration) -> Pacemaker {
        let shared = Arc::clone(self.shared());
        if shared.clock.pace.enter(shared.clock.uptime(), interval) {
            shared.resume();
        }
        Pacemaker { shared, interval }
    }
}

impl Pacemaker {
    /// The process runs. Waits for nothing, and takes no lock that checks or
    /// readers take.
    pub fn beat(&self) {
        let clock = &self.shared.clock;
        if clock.pace.beat(clock.uptime(), self.interval) {
            self.shared.resume();
        }
    }
}

impl Drop for Pacemaker {
    fn drop(&mut self) {
        self.shared.clock.pace.leave();
    }
}
