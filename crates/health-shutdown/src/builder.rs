//! How a shutdown is set up: what is asked for, by name.
//!
//! It installs nothing; see `shutdown`.

use std::time::Duration;

use health_core::Health;

#[cfg(doc)]
use crate::shutdown::Shutdown;
use crate::signals::Signals;

/// Under Kubernetes' 30 s, after which it sends SIGKILL.
const WHOLE: Duration = Duration::from_secs(25);
const DRAIN_DELAY: Duration = Duration::from_secs(5);
/// Nobody waits longer; and sums of what is shorter do not overflow.
const MOST: Duration = Duration::from_hours(24 * 365);

/// How a shutdown is set up. Nothing is installed that is not asked for.
#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is one thing that was asked for by name, or not"
)]
#[must_use = "call `install`"]
pub struct ShutdownBuilder {
    pub(crate) health: Health,
    pub(crate) whole: Duration,
    pub(crate) drain_delay: Option<Duration>,
    pub(crate) signals: Option<Signals>,
    pub(crate) watchdog: bool,
    pub(crate) on_panic: bool,
    pub(crate) section: bool,
    #[cfg(feature = "systemd")]
    #[cfg_attr(not(unix), allow(dead_code, reason = "there is none to be told"))]
    pub(crate) systemd: bool,
}

impl ShutdownBuilder {
    pub(crate) fn new(health: Health) -> Self {
        Self {
            health,
            whole: WHOLE,
            drain_delay: None,
            signals: None,
            watchdog: false,
            on_panic: false,
            section: false,
            #[cfg(feature = "systemd")]
            systemd: false,
        }
    }

    /// How long the whole may take, from the trigger on; 25 s by default. Keep it below
    /// the orchestrator's own patience (Kubernetes: `terminationGracePeriodSeconds`, 30 s).
    /// A year at most.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.whole = deadline.min(MOST);
        self
    }

    /// How long everything is still served once readiness fails; by default 5 s, or a fifth of
    /// the deadline if that is shorter; none after Ctrl-C. At least the prober's interval times
    /// its failure threshold, else it is cut off while traffic still comes.
    pub fn drain_delay(mut self, delay: Duration) -> Self {
        self.drain_delay = Some(delay);
        self
    }

    /// Begins a shutdown on signals.
    pub fn signals(mut self, signals: Signals) -> Self {
        self.signals = Some(signals);
        self
    }

    /// Ends the process at the deadline, on an OS thread, even if every runtime is blocked:
    /// with exit code 124, without destructors or exit handlers, and with the report on
    /// stdout if it can be written within 50 ms. Armed by the trigger, it stays so until
    /// the process has ended.
    pub fn watchdog(mut self) -> Self {
        self.watchdog = true;
        self
    }

    /// Begins a shutdown when a task or thread of the service panics, through a panic hook
    /// that first calls the one that is there. Not for panics in checks, observers, guards
    /// and components being stopped: those are caught and shown.
    pub fn on_panic(mut self) -> Self {
        self.on_panic = true;
        self
    }

    /// Shows the shutdown, once it has begun, as the section `shutdown` of the node: its phases,
    /// what has ended and how, what is left, and how much of the deadline is used up. It is
    /// pushed each 250 ms by a thread of its own, until the last handle is dropped. If there is
    /// a section of that name already, the log says so.
    pub fn section(mut self) -> Self {
        self.section = true;
        self
    }

    /// Tells systemd, for as long as [`Shutdown::run`] is awaited: `READY=1` once the node
    /// runs, `STATUS`, `WATCHDOG=1` while liveness holds (and the runtime goes on), and
    /// `EXTEND_TIMEOUT_USEC`, 10 s each time, while the shutdown makes progress: a component
    /// has ended or left a word, or a phase has. `STOPPING=1` comes at once when a shutdown
    /// begins. It is said by a thread of its own, so that a systemd which does not listen holds
    /// nothing up. Needs `Type=notify` in the unit. Outside of systemd it does nothing.
    #[cfg(feature = "systemd")]
    pub fn systemd(mut self) -> Self {
        self.systemd = true;
        self
    }
}

/// The drain delay, if none was asked for.
pub(crate) fn drain_delay(asked: Option<Duration>, whole: Duration) -> Duration {
    asked.unwrap_or_else(|| DRAIN_DELAY.min(whole / 5))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_deadline_has_a_short_drain_delay_unless_it_is_asked_for() {
        let secs = Duration::from_secs;
        for (asked, whole, expected) in [
            (None, WHOLE, secs(5)),
            (None, secs(3_600), secs(5)),
            (None, secs(10), secs(2)),
            (None, Duration::ZERO, Duration::ZERO),
            (Some(secs(9)), secs(10), secs(9)),
            (Some(Duration::ZERO), secs(10), Duration::ZERO),
        ] {
            assert_eq!(drain_delay(asked, whole), expected, "{asked:?} {whole:?}");
        }
    }
}
