//! Judges how many descriptors this process has open, against its limit.
//!
//! It does not measure (see `open_files`), and it knows no limit of the whole machine.

use std::time::Duration;

use super::open_files::{self, OpenFiles, OpenFilesError};
use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use crate::percent::percent;
use health_core::{Outcome, Registration, blocking_fn, check_fn};

const NAME: &str = "descriptors";
const LIMITS: Limits = Limits::rising(0.8, 0.95);

/// Watches how many descriptors this process has open, against its own (soft)
/// limit: at the limit no connection is accepted and no file opened any more.
///
/// Degraded from 80 %, unhealthy from 95 %: this crate's choice, as a fifth of the usual
/// 1,024 leaves room for a burst of connections, and a twentieth for hardly one.
/// Where descriptors are not limited it is healthy. Registered as `descriptors`,
/// every 60 s, with a timeout of 5 s. Its details are `open`, `limit` and
/// `used_percent`.
///
/// Linux 6.2 and later tell the number in one call, whatever it is. Before, and on
/// other systems, they are listed one by one; that is done on a thread of its own.
///
/// ```
/// use health_checks::system::DescriptorCheck;
///
/// let check = DescriptorCheck::new().thresholds(0.5, 0.9)?;
/// let registration = check.registration().critical();
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct DescriptorCheck {
    limits: Limits,
}

impl Default for DescriptorCheck {
    fn default() -> Self {
        Self { limits: LIMITS }
    }
}

impl DescriptorCheck {
    /// Watches them with the limits above.
    pub fn new() -> Self {
        Self::default()
    }

    /// Degraded and unhealthy from these fractions of the limit on, in place of 0.8
    /// and 0.95.
    pub fn thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.limits = self
            .limits
            .set(NAME, degraded, unhealthy, f64::MIN_POSITIVE..=1.0)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let registration = if open_files::is_cheap() {
            check_fn(NAME, move |_| {
                std::future::ready(self.outcome(open_files::count()))
            })
        } else {
            blocking_fn(NAME, move |_| self.outcome(open_files::count()))
        };
        registration
            .description("open descriptors of this process")
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(5))
    }

    fn outcome(&self, measured: Result<OpenFiles, OpenFilesError>) -> Outcome {
        let OpenFiles { open, limit } = match measured {
            Ok(files) => files,
            Err(error) if error.at_the_limit() => {
                return Outcome::unhealthy(
                    "no descriptor is left, not even to count them; raise the limit, or find the leak",
                )
                .with_error(error);
            }
            Err(error) => {
                return Outcome::unhealthy("open descriptors cannot be counted").with_error(error);
            }
        };
        let Some(limit) = limit else {
            return Outcome::healthy()
                .with_message(format!("{open} descriptors open, without a limit"))
                .detail("open", open);
        };
        #[expect(clippy::cast_precision_loss, reason = "a ratio of small numbers")]
        let used = open as f64 / limit as f64;
        let (status, at) = self.limits.judge(used);
        let (used, at) = (percent(used), percent(at));
        let message = format!("{open} of {limit} descriptors open, {used} %, limit {at} %");
        Outcome::new(status, message)
            .detail("open", open)
            .detail("limit", limit)
            .detail("used_percent", used)
    }
}

impl From<DescriptorCheck> for Registration {
    fn from(check: DescriptorCheck) -> Self {
        check.registration()
    }
}

#[cfg(test)]
mod tests {
    use health_core::Status;

    use super::*;

    #[test]
    fn thresholds() {
        use Status::{Degraded, Healthy, Unhealthy};
        let usual = DescriptorCheck::new();
        let early = usual.clone().thresholds(0.1, 0.2).unwrap();
        for (check, open, limit, status, message) in [
            (
                &usual,
                3,
                Some(1000),
                Healthy,
                "3 of 1000 descriptors open, 0.3 %, limit 80 %",
            ),
            (
                &usual,
                799,
                Some(1000),
                Healthy,
                "799 of 1000 descriptors open, 79.9 %, limit 80 %",
            ),
            (
                &usual,
                800,
                Some(1000),
                Degraded,
                "800 of 1000 descriptors open, 80 %, limit 80 %",
            ),
            (
                &usual,
                950,
                Some(1000),
                Unhealthy,
                "950 of 1000 descriptors open, 95 %, limit 95 %",
            ),
            // A limit that was lowered below what is open.
            (
                &usual,
                20,
                Some(10),
                Unhealthy,
                "20 of 10 descriptors open, 200 %, limit 95 %",
            ),
            (
                &usual,
                3,
                Some(0),
                Unhealthy,
                "3 of 0 descriptors open, inf %, limit 95 %",
            ),
            (
                &usual,
                3,
                None,
                Healthy,
                "3 descriptors open, without a limit",
            ),
            (
                &early,
                150,
                Some(1000),
                Degraded,
                "150 of 1000 descriptors open, 15 %, limit 10 %",
            ),
        ] {
            let outcome = check.outcome(Ok(OpenFiles { open, limit }));
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["open"], open);
        }
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        for (degraded, unhealthy) in [(0.9, 0.8), (0.0, 0.5), (0.5, 1.1), (f64::NAN, 0.5)] {
            let check = DescriptorCheck::new().thresholds(degraded, unhealthy);
            assert!(check.unwrap_err().to_string().starts_with("descriptors: "));
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn not_counted_is_not_healthy() {
        for (error, words) in [
            (rustix::io::Errno::MFILE, "no descriptor is left"),
            (rustix::io::Errno::NOENT, "cannot be counted"),
        ] {
            let outcome = DescriptorCheck::new().outcome(Err(OpenFilesError(error.into())));
            assert_eq!(outcome.status(), Status::Unhealthy);
            assert!(outcome.message().contains(words), "{outcome:?}");
            assert!(outcome.error().is_some());
        }
    }
}
