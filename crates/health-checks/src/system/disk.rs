//! Judges how full the file system is that holds a path: its space, and its inodes.
//!
//! It does not measure (see `space`), and it knows nothing of quotas.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::space::{self, Inodes, Space, SpaceError};
use super::watched_path::WatchedPath;
use super::wording::used_fraction;
use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use crate::percent::percent;
use health_core::{Outcome, Registration, Status, blocking_fn};

const NAME: &str = "disk";
const LIMITS: Limits = Limits::rising(0.85, 0.95);
/// The kubelet's default `evictionHard` has `nodefs.inodesFree` at 5 %.
const INODE_LIMITS: Limits = Limits::rising(0.9, 0.95);

/// Watches how full the file system is that holds a path.
///
/// The path must exist when the check runs (a path not found is unhealthy);
/// links are followed. As `df` does, it leaves out what only a privileged process
/// may write, so that 100 % is where the service's own writes fail. A file system may
/// also run out of inodes, one of which each file takes; some have no such limit.
///
/// Degraded from 85 % of the space used, unhealthy from 95 %; for inodes from
/// 90 % and 95 %, where the kubelet evicts pods by default ([`nodefs.inodesFree<5%`]); the
/// other three are this crate's choice. The worse of the two is
/// the outcome, and its message says which. Registered as `disk`, every 60 s,
/// with a timeout of 5 s; a second one needs another name. Its details are
/// `used_percent`, `total_bytes`, `available_bytes`, and, where inodes are
/// limited, `inodes_used_percent`, `total_inodes` and `available_inodes`.
///
/// Inodes are not known on Windows.
///
/// [`nodefs.inodesFree<5%`]: https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#hard-eviction-thresholds
///
/// ```
/// use health_checks::system::DiskCheck;
///
/// let check = DiskCheck::new("/var/lib/service")?
///     .thresholds(0.7, 0.9)?
///     .inode_thresholds(0.8, 0.9)?;
/// let registration = check.registration().named("disk-data").critical();
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct DiskCheck {
    path: WatchedPath,
    limits: Limits,
    inode_limits: Option<Limits>,
}

impl DiskCheck {
    /// Watches the file system that holds `path`. A relative path starts from the
    /// working directory as it is now.
    pub fn new(path: impl Into<PathBuf>) -> Result<Self, InvalidCheck> {
        Ok(Self::at(WatchedPath::new(NAME, path)?))
    }

    /// Watches the file system that holds `/`.
    pub fn root() -> Self {
        Self::at(WatchedPath::root())
    }

    fn at(path: WatchedPath) -> Self {
        Self {
            path,
            limits: LIMITS,
            inode_limits: Some(INODE_LIMITS),
        }
    }

    /// Degraded and unhealthy from these used fractions on, in place of 0.85 and 0.95.
    pub fn thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.limits = self
            .limits
            .set(NAME, degraded, unhealthy, f64::MIN_POSITIVE..=1.0)?;
        Ok(self)
    }

    /// Degraded and unhealthy from these used fractions of the inodes on, in place of
    /// 0.9 and 0.95.
    pub fn inode_thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        let limits = INODE_LIMITS.set(NAME, degraded, unhealthy, f64::MIN_POSITIVE..=1.0)?;
        self.inode_limits = Some(limits);
        Ok(self)
    }

    /// Leaves inodes out, for file systems that make their number up.
    pub fn without_inodes(mut self) -> Self {
        self.inode_limits = None;
        self
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        blocking_fn(NAME, move |_| {
            self.outcome(space::measure(self.path.path()))
        })
        .description("used space of a file system")
        .every(Duration::from_mins(1))
        .timeout(Duration::from_secs(5))
    }

    fn outcome(&self, measured: Result<Space, SpaceError>) -> Outcome {
        let disk = self.path.display();
        let space = match measured {
            Ok(space) => space,
            Err(error) => {
                return Outcome::unhealthy(format!("disk {disk}: {}", advice(&error)))
                    .with_error(error);
            }
        };
        let used = space.used_fraction();
        let mut worst = Finding::new("", used, self.limits);
        let mut outcome = Outcome::healthy()
            .detail("used_percent", percent(used))
            .detail("total_bytes", space.total_bytes)
            .detail("used_bytes", space.used_bytes)
            .detail("available_bytes", space.available_bytes);
        if let (Some(Inodes { total, available }), Some(limits)) = (space.inodes, self.inode_limits)
        {
            let used = used_fraction(total, available);
            let inodes = Finding::new("inodes ", used, limits);
            if inodes.status > worst.status {
                worst = inodes;
            }
            outcome = outcome
                .detail("inodes_used_percent", percent(used))
                .detail("total_inodes", total)
                .detail("available_inodes", available);
        }
        let Finding { what, .. } = worst;
        let (used, limit) = (percent(worst.used), percent(worst.limit));
        outcome
            .with_status(worst.status)
            .with_message(format!("disk {disk} {what}{used} % used, limit {limit} %"))
    }
}

/// What one of the two figures means.
struct Finding {
    what: &'static str,
    used: f64,
    status: Status,
    limit: f64,
}

impl Finding {
    fn new(what: &'static str, used: f64, limits: Limits) -> Self {
        let (status, limit) = limits.judge(used);
        Self {
            what,
            used,
            status,
            limit,
        }
    }
}

impl From<DiskCheck> for Registration {
    fn from(check: DiskCheck) -> Self {
        check.registration()
    }
}

/// What a stranger may read of an error, and a person can act on.
pub(crate) fn advice(error: &SpaceError) -> &'static str {
    match error {
        SpaceError::Path { source, .. } => match source.kind() {
            io::ErrorKind::NotFound => "path not found; create it, or correct the path",
            io::ErrorKind::PermissionDenied => {
                "no permission for the path; let the service enter its directories"
            }
            _ => "the path cannot be looked at",
        },
        SpaceError::NoSize(_) => "this kind of file system has no size; choose a path on a disk",
        #[cfg(not(unix))]
        SpaceError::List(_) | SpaceError::NoDisk(_) => "the file system cannot be measured",
    }
}

#[cfg(test)]
mod tests {
    use health_core::Status;

    use super::*;

    fn space(total_bytes: u64, available_bytes: u64) -> Space {
        Space {
            total_bytes,
            used_bytes: total_bytes.saturating_sub(available_bytes),
            available_bytes,
            inodes: None,
        }
    }

    #[test]
    fn thresholds() {
        use Status::{Degraded, Healthy, Unhealthy};
        let usual = DiskCheck::root();
        let same = usual.clone().thresholds(0.5, 0.5).unwrap();
        let full = usual.clone().thresholds(1.0, 1.0).unwrap();
        for (check, used, status) in [
            (&usual, 0.0, Healthy),
            (&usual, 0.849_999, Healthy),
            (&usual, 0.85, Degraded),
            (&usual, 0.949_999, Degraded),
            (&usual, 0.95, Unhealthy),
            (&usual, 1.0, Unhealthy),
            (&same, 0.499, Healthy),
            (&same, 0.5, Unhealthy),
            (&full, 0.999, Healthy),
            (&full, 1.0, Unhealthy),
        ] {
            assert_eq!(check.limits.judge(used).0, status, "{used} of {check:?}");
        }
    }

    #[test]
    fn what_a_person_reads() {
        let check = DiskCheck::new("/var").unwrap();
        for (total, available, status, message) in [
            (
                1000,
                590,
                Status::Healthy,
                "disk /var 41 % used, limit 85 %",
            ),
            (
                1000,
                66,
                Status::Degraded,
                "disk /var 93.4 % used, limit 85 %",
            ),
            (
                10_000,
                1,
                Status::Unhealthy,
                "disk /var 99.9 % used, limit 95 %",
            ),
            (
                1000,
                0,
                Status::Unhealthy,
                "disk /var 100 % used, limit 95 %",
            ),
            // More available than there is happens on file systems that compress.
            (
                1000,
                2000,
                Status::Healthy,
                "disk /var 0 % used, limit 85 %",
            ),
        ] {
            let outcome = check.outcome(Ok(space(total, available)));
            assert_eq!(
                (outcome.status(), outcome.message()),
                (status, message),
                "{available} of {total}"
            );
            assert_eq!(outcome.details()["total_bytes"], total);
            assert_eq!(outcome.details()["available_bytes"], available);
        }
        let outcome = check.outcome(Ok(space(1000, 66)));
        assert_eq!(outcome.details()["used_percent"], 93.4);
    }

    #[test]
    fn what_is_reserved_is_left_out_as_df_does() {
        let reserved = Space {
            total_bytes: 1_000,
            used_bytes: 450,
            available_bytes: 500,
            inodes: None,
        };
        let outcome = DiskCheck::root().outcome(Ok(reserved));
        assert_eq!(outcome.details()["used_percent"], 47.3);
        assert_eq!(outcome.details()["used_bytes"], 450);
    }

    #[test]
    fn the_worse_of_space_and_inodes() {
        use Status::{Degraded, Healthy, Unhealthy};
        let usual = DiskCheck::new("/var").unwrap();
        let early = usual.clone().inode_thresholds(0.1, 0.2).unwrap();
        let without = usual.clone().without_inodes();
        for (check, available_percent, inodes, status, message) in [
            (
                &usual,
                50,
                Some(50),
                Healthy,
                "disk /var 50 % used, limit 85 %",
            ),
            (
                &usual,
                50,
                Some(9),
                Degraded,
                "disk /var inodes 91 % used, limit 90 %",
            ),
            (
                &usual,
                50,
                Some(0),
                Unhealthy,
                "disk /var inodes 100 % used, limit 95 %",
            ),
            // Of two that are equally bad it is the space.
            (
                &usual,
                2,
                Some(0),
                Unhealthy,
                "disk /var 98 % used, limit 95 %",
            ),
            (
                &usual,
                10,
                Some(0),
                Unhealthy,
                "disk /var inodes 100 % used, limit 95 %",
            ),
            (
                &usual,
                2,
                Some(9),
                Unhealthy,
                "disk /var 98 % used, limit 95 %",
            ),
            (&usual, 50, None, Healthy, "disk /var 50 % used, limit 85 %"),
            (
                &early,
                50,
                Some(81),
                Degraded,
                "disk /var inodes 19 % used, limit 10 %",
            ),
            (
                &without,
                50,
                Some(0),
                Healthy,
                "disk /var 50 % used, limit 85 %",
            ),
        ] {
            let inodes = inodes.map(|available| Inodes {
                total: 100,
                available,
            });
            let space = Space {
                inodes,
                ..space(100, available_percent)
            };
            let outcome = check.outcome(Ok(space));
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            let shown = inodes.is_some() && check.inode_limits.is_some();
            assert_eq!(outcome.details().contains_key("available_inodes"), shown);
        }
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        for (degraded, unhealthy) in [(0.9, 0.8), (0.0, 0.5), (0.5, 1.1), (f64::NAN, 0.5)] {
            let check = DiskCheck::root();
            assert!(check.clone().thresholds(degraded, unhealthy).is_err());
            assert!(check.inode_thresholds(degraded, unhealthy).is_err());
        }
    }

    #[test]
    fn errors_are_unhealthy_and_say_what_to_do() {
        let path = |kind: io::ErrorKind| SpaceError::Path {
            path: "/data/private".into(),
            source: kind.into(),
        };
        for (error, word) in [
            (path(io::ErrorKind::NotFound), "path not found"),
            (path(io::ErrorKind::PermissionDenied), "no permission"),
            (path(io::ErrorKind::Other), "cannot be looked at"),
            (SpaceError::NoSize("/data/private".into()), "has no size"),
        ] {
            let outcome = DiskCheck::new("/data").unwrap().outcome(Err(error));
            assert_eq!(outcome.status(), Status::Unhealthy);
            assert!(outcome.message().contains(word), "{}", outcome.message());
            assert!(!outcome.message().contains("private"));
            assert!(outcome.error().is_some());
        }
    }
}
