//! The extension of registrations by wrappers: the table of contents of this family.

use std::time::Duration;

use health_core::{Registration, Status};

use super::cache::Cached;
use super::retry::Retried;
use super::slow::Slow;
use super::status::{Inverted, Mapped};
use super::within::Within;

/// Wrappers around the check of a registration; the rest of it stays as it is.
///
/// ```
/// use std::time::Duration;
/// use health_checks::wrap::Wrap;
/// use health_core::{Status, check_fn};
///
/// let mail = check_fn("mail", |_| async { true })
///     .within(Duration::from_secs(2))
///     .retry(3, Duration::from_millis(200))
///     .degraded_only();
/// let no_maintenance = check_fn("maintenance-file", |_| async {
///     std::fs::exists("/run/maintenance")
/// })
/// .invert();
/// let lenient = check_fn("cache", |_| async { false })
///     .map_status(|status| if status == Status::Unhealthy { Status::Degraded } else { status });
/// ```
pub trait Wrap: Sized {
    /// Runs it again after `pause` while it is unhealthy, up to `attempts` times in
    /// all (1 to 100), and as long as another attempt fits before the deadline.
    ///
    /// The last outcome counts; the detail `attempts` says how many there were. An
    /// attempt that hangs takes the time of all: put [`within`](Self::within) inside.
    fn retry(self, attempts: u32, pause: Duration) -> Registration;

    /// Says its last outcome again while that is younger than `healthy_for`; one that
    /// is not healthy, while it is younger than `failures_for`, which is better short.
    /// Zero keeps nothing.
    ///
    /// The detail `cached_ms` is the age of what is said again, which counts for nothing and
    /// is as old as it was: the longer of the two is added to the default max age; if you set
    /// one, make it longer than that. Runs at the same time,
    /// where a check is shared, each run. For a check on its own a longer interval does
    /// as well; this is for a part of others, and for a check that `Health::ask` runs often.
    fn cache(self, healthy_for: Duration, failures_for: Duration) -> Registration;

    /// Gives each run at most `limit`, and less if the deadline comes first. A run that
    /// is given up is dropped, unhealthy, and of the cause `timeout`.
    ///
    /// Unlike `Registration::timeout` this is of the part that it wraps.
    fn within(self, limit: Duration) -> Registration;

    /// Healthy is unhealthy, and unhealthy healthy; degraded stays. What panicked or gave
    /// no result stays unhealthy: it proves nothing either way.
    fn invert(self) -> Registration;

    /// Puts `map` of its status in place of it. What panicked or gave no result is mapped
    /// too, but never to better than degraded.
    fn map_status(self, map: impl Fn(Status) -> Status + Send + Sync + 'static) -> Registration;

    /// Never worse than degraded, even if it panics or hangs.
    fn degraded_only(self) -> Registration {
        self.map_status(|status| status.min(Status::Degraded))
    }

    /// A healthy outcome that took `threshold` or longer is degraded. The detail
    /// `latency_ms` says how long it took, unless the check says so itself or gave no result.
    fn slow_is_degraded(self, threshold: Duration) -> Registration;
}

impl Wrap for Registration {
    fn retry(self, attempts: u32, pause: Duration) -> Registration {
        self.wrap(|check| Retried::new(check, attempts, pause))
    }

    fn cache(self, healthy_for: Duration, failures_for: Duration) -> Registration {
        let reuse = self.spec().reuse.max(healthy_for).max(failures_for);
        self.wrap(|check| Cached::new(check, healthy_for, failures_for))
            .reuse(reuse)
    }

    fn within(self, limit: Duration) -> Registration {
        self.wrap(|check| Within { check, limit })
    }

    fn invert(self) -> Registration {
        self.wrap(Inverted)
    }

    fn map_status(self, map: impl Fn(Status) -> Status + Send + Sync + 'static) -> Registration {
        self.wrap(|check| Mapped { check, map })
    }

    fn slow_is_degraded(self, threshold: Duration) -> Registration {
        self.wrap(|check| Slow { check, threshold })
    }
}
