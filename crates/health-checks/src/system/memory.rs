//! Judges the memory of this process against a limit.
//!
//! It does not measure (see `resident`), and it ends nothing: the kernel or the
//! supervisor does, if they have a limit too.

use std::future::ready;
use std::time::Duration;

use super::resident::{ResidentMemory, ResidentMemoryError};
use crate::invalid::InvalidCheck;
use health_core::{Outcome, Registration, Status, check_fn};

const NAME: &str = "memory";
/// One MB in bytes: a million, not 2^20.
const MEGABYTE: f64 = 1e6;
/// Above this part of the limit the check is degraded, unless told otherwise.
const DEGRADED_ABOVE: f64 = 0.9;

/// Watches the resident memory of this process.
///
/// Degraded above 90 % of the limit, unhealthy above the limit. Registered as
/// `memory`, every 60 s, with a timeout of 5 s. Its details are `used_bytes`,
/// `limit_bytes` and `used_mb`.
///
/// ```
/// use std::time::Duration;
/// use health_checks::system::MemoryCheck;
///
/// let check = MemoryCheck::new(512.0)?.degraded_above(0.8)?;
/// let registration = check.registration().critical().every(Duration::from_secs(15));
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a check does nothing until it is registered"]
pub struct MemoryCheck {
    limit_bytes: u64,
    degraded_above: f64,
}

impl MemoryCheck {
    /// Watches a limit in megabytes of 1,000,000 bytes.
    pub fn new(limit_mb: f64) -> Result<Self, InvalidCheck> {
        let bytes = (limit_mb * MEGABYTE).round();
        #[expect(clippy::cast_precision_loss, reason = "2^64 is a float exactly")]
        let most = u64::MAX as f64;
        if !(1.0..most).contains(&bytes) {
            return Err(InvalidCheck::new(
                NAME,
                format!(
                    "a limit of {limit_mb} MB cannot be held; give a positive number of megabytes"
                ),
            ));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the range was just checked"
        )]
        Self::of_bytes(bytes as u64)
    }

    /// Watches a limit in bytes, such as the one of a container: `of_bytes(512 << 20)`.
    pub fn of_bytes(limit_bytes: u64) -> Result<Self, InvalidCheck> {
        if limit_bytes == 0 {
            return Err(InvalidCheck::new(NAME, "a limit of 0 bytes cannot be held"));
        }
        Ok(Self {
            limit_bytes,
            degraded_above: DEGRADED_ABOVE,
        })
    }

    /// Degraded above this fraction of the limit, in place of 0.9; at 1 never.
    pub fn degraded_above(mut self, fraction: f64) -> Result<Self, InvalidCheck> {
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err(InvalidCheck::new(
                NAME,
                format!(
                    "cannot be degraded above {fraction} of its limit; give a fraction over 0, at most 1"
                ),
            ));
        }
        self.degraded_above = fraction;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let resident = ResidentMemory::default();
        // The kernel answers from memory and never blocks here; a thread for each run would cost
        // more than the run.
        check_fn(NAME, move |_| ready(self.outcome(resident.read())))
            .description("resident memory of this process")
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(5))
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "no process holds the 8 PiB from which a byte is lost"
    )]
    fn judge(&self, used_bytes: u64) -> Status {
        if used_bytes > self.limit_bytes {
            Status::Unhealthy
        } else if used_bytes as f64 > self.limit_bytes as f64 * self.degraded_above {
            Status::Degraded
        } else {
            Status::Healthy
        }
    }

    fn outcome(&self, measured: Result<u64, ResidentMemoryError>) -> Outcome {
        let used_bytes = match measured {
            Ok(used_bytes) => used_bytes,
            Err(error) => {
                return Outcome::unhealthy("memory of this process cannot be measured")
                    .with_error(error);
            }
        };
        let message = format!(
            "memory {} MB used, limit {} MB",
            Megabytes(used_bytes),
            Megabytes(self.limit_bytes)
        );
        Outcome::new(self.judge(used_bytes), message)
            .detail("used_bytes", used_bytes)
            .detail("limit_bytes", self.limit_bytes)
            .detail("used_mb", tenths_of_a_megabyte(used_bytes) / 10.0)
    }
}

impl From<MemoryCheck> for Registration {
    fn from(check: MemoryCheck) -> Self {
        check.registration()
    }
}

/// Megabytes as a person reads them: with a decimal below 10.
struct Megabytes(u64);

impl std::fmt::Display for Megabytes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let megabytes = tenths_of_a_megabyte(self.0) / 10.0;
        if megabytes < 10.0 {
            write!(f, "{megabytes:.1}")
        } else {
            write!(f, "{megabytes:.0}")
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "rounded for people anyway")]
fn tenths_of_a_megabyte(bytes: u64) -> f64 {
    (bytes as f64 / MEGABYTE * 10.0).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds() {
        use Status::{Degraded, Healthy, Unhealthy};
        let check = MemoryCheck::of_bytes(1000).unwrap();
        let early = check.clone().degraded_above(0.5).unwrap();
        let never = check.clone().degraded_above(1.0).unwrap();
        for (check, used, status) in [
            (&check, 0, Healthy),
            (&check, 900, Healthy),
            (&check, 901, Degraded),
            (&check, 1000, Degraded),
            (&check, 1001, Unhealthy),
            (&check, u64::MAX, Unhealthy),
            (&early, 500, Healthy),
            (&early, 501, Degraded),
            (&never, 1000, Healthy),
            (&never, 1001, Unhealthy),
        ] {
            assert_eq!(check.judge(used), status, "{used} of {check:?}");
        }
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        for good in [0.000_001, 0.5, 512.0, 1e12] {
            assert!(MemoryCheck::new(good).is_ok(), "{good}");
        }
        for bad in [
            0.0,
            -0.0,
            -1.0,
            1e-9,
            1e14,
            f64::MAX,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ] {
            let error = MemoryCheck::new(bad).unwrap_err();
            assert!(error.to_string().contains("megabytes"), "{bad}: {error}");
        }
        assert!(MemoryCheck::of_bytes(0).is_err());
        for bad in [0.0, -0.1, 1.000_001, f64::NAN, f64::INFINITY] {
            let check = MemoryCheck::new(1.0).unwrap();
            assert!(check.degraded_above(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_person_reads() {
        for (limit, used, message) in [
            (512_000_000, 812_400_000, "memory 812 MB used, limit 512 MB"),
            (512_000_000, 4_200_000, "memory 4.2 MB used, limit 512 MB"),
            (1, 0, "memory 0.0 MB used, limit 0.0 MB"),
        ] {
            let outcome = MemoryCheck::of_bytes(limit).unwrap().outcome(Ok(used));
            assert_eq!(outcome.message(), message);
            assert_eq!(outcome.details()["used_bytes"], used);
            assert_eq!(outcome.details()["limit_bytes"], limit);
        }
        let outcome = MemoryCheck::new(1.0).unwrap().outcome(Ok(812_440_000));
        assert_eq!(outcome.details()["used_mb"], 812.4);
    }

    #[test]
    fn not_measured_is_not_healthy() {
        let outcome = MemoryCheck::new(1e6)
            .unwrap()
            .outcome(Err(ResidentMemoryError::NoSuchProcess));
        assert_eq!(outcome.status(), Status::Unhealthy);
        assert!(outcome.error().is_some());
    }
}
