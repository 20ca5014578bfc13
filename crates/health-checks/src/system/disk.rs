//! Judges how full the file system is that holds a path.
//!
//! It does not measure (see `space`), and it knows nothing of inodes or quotas.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::space::{self, Space, SpaceError};
use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use health_core::{Outcome, Registration, blocking_fn};

const NAME: &str = "disk";
const LIMITS: Limits = Limits::rising(0.85, 0.95);

/// Watches how full the file system is that holds a path.
///
/// The path must exist when the check runs (a path not found is unhealthy);
/// links are followed. What only a privileged process may write counts as
/// used, so that 100 % is where the service's own writes fail.
///
/// Degraded from 85 % used, unhealthy from 95 %. Registered as `disk`, every
/// 60 s, with a timeout of 5 s; a second one needs another name. Its details
/// are `used_percent`, `total_bytes` and `available_bytes`.
///
/// ```
/// use health_checks::system::DiskCheck;
///
/// let check = DiskCheck::new("/var/lib/service").thresholds(0.7, 0.9)?;
/// let registration = check.registration().named("disk-data").critical();
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct DiskCheck {
    /// As the author wrote it, for the message.
    shown: PathBuf,
    path: PathBuf,
    limits: Limits,
}

impl DiskCheck {
    /// Watches the file system that holds `path`. A relative path starts from the
    /// working directory as it is now.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let shown = path.into();
        // It fails for an empty path, or without a working directory; each run then says so.
        let path = std::path::absolute(&shown).unwrap_or_else(|_| shown.clone());
        Self {
            shown,
            path,
            limits: LIMITS,
        }
    }

    /// Degraded and unhealthy from these used fractions on, in place of 0.85 and 0.95.
    pub fn thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.limits = self
            .limits
            .set(NAME, degraded, unhealthy, f64::MIN_POSITIVE..=1.0)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        blocking_fn(NAME, move |_| self.outcome(space::measure(&self.path)))
            .description("used space of a file system")
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(5))
    }

    fn outcome(&self, measured: Result<Space, SpaceError>) -> Outcome {
        let disk = self.shown.display();
        let space = match measured {
            Ok(space) => space,
            Err(error) => {
                return Outcome::unhealthy(format!("disk {disk}: {}", advice(&error)))
                    .with_error(error);
            }
        };
        let used = used_fraction(space);
        let (status, limit) = self.limits.judge(used);
        let message = format!(
            "disk {disk} {} % used, limit {} %",
            percent(used),
            percent(limit)
        );
        Outcome::new(status, message)
            .detail("used_percent", percent(used))
            .detail("total_bytes", space.total_bytes)
            .detail("available_bytes", space.available_bytes)
    }
}

impl From<DiskCheck> for Registration {
    fn from(check: DiskCheck) -> Self {
        check.registration()
    }
}

/// What a stranger may read of an error, and a person can act on.
fn advice(error: &SpaceError) -> &'static str {
    match error {
        SpaceError::Path { source, .. } => match source.kind() {
            io::ErrorKind::NotFound => "path not found; create it, or correct the path",
            io::ErrorKind::PermissionDenied => {
                "no permission for the path; let the service enter its directories"
            }
            _ => "the path cannot be resolved",
        },
        SpaceError::NotMeasured { kind, .. } if is_network(kind) => {
            "network mounts are measured with the feature `network-mounts` only"
        }
        SpaceError::NotMeasured { .. } => {
            "this kind of mount is not measured; choose a path on a disk"
        }
        _ => "the file system cannot be measured",
    }
}

fn is_network(kind: &str) -> bool {
    ["nfs", "nfs4", "cifs", "autofs"].contains(&kind)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a ratio; 52 bits of it are plenty"
)]
fn used_fraction(space: Space) -> f64 {
    let used = space.total_bytes.saturating_sub(space.available_bytes);
    used as f64 / space.total_bytes as f64
}

/// Percent with one decimal, rounded down: what is not full never reads as full.
fn percent(fraction: f64) -> f64 {
    // The addend keeps 0.95 from becoming 94.9.
    (fraction * 1000.0 + 1e-9).floor() / 10.0
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use health_core::Status;

    use super::*;

    fn space(total_bytes: u64, available_bytes: u64) -> Space {
        Space {
            total_bytes,
            available_bytes,
        }
    }

    #[test]
    fn thresholds() {
        use Status::{Degraded, Healthy, Unhealthy};
        let usual = DiskCheck::new("/");
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
        let check = DiskCheck::new("/var");
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
    fn limits_read_as_they_were_written() {
        for hundredths in 1..=100_u32 {
            let fraction = f64::from(hundredths) / 100.0;
            assert_eq!(percent(fraction).to_string(), hundredths.to_string());
        }
    }

    #[test]
    fn errors_are_unhealthy_and_say_what_to_do() {
        let path = |kind: io::ErrorKind| SpaceError::Path {
            path: "/data/private".into(),
            source: kind.into(),
        };
        let kind = |kind: &str| SpaceError::NotMeasured {
            point: "/mnt".into(),
            kind: kind.to_owned(),
        };
        for (error, word) in [
            (path(io::ErrorKind::NotFound), "path not found"),
            (path(io::ErrorKind::PermissionDenied), "no permission"),
            (path(io::ErrorKind::Other), "cannot be resolved"),
            (kind("nfs4"), "`network-mounts`"),
            (kind("proc"), "not measured"),
            (SpaceError::NoMount("/x".into()), "cannot be measured"),
        ] {
            let outcome = DiskCheck::new("/data").outcome(Err(error));
            assert_eq!(outcome.status(), Status::Unhealthy);
            assert!(outcome.message().contains(word), "{}", outcome.message());
            assert!(!outcome.message().contains("private"));
            assert!(outcome.error().is_some());
        }
    }

    #[test]
    fn a_relative_path_is_pinned_when_the_check_is_made() {
        let check = DiskCheck::new("data");
        assert!(check.path.is_absolute());
        assert_eq!(check.shown, Path::new("data"));
    }
}
