//! Judges the memory of this process against a limit.
//!
//! It does not measure (see `resident`), and it ends nothing: the kernel or the
//! supervisor does, if they have a limit too.

use std::future::ready;
use std::time::Duration;

use thiserror::Error;

use super::memory_limit::{LimitError, LimitSource, MemoryLimit};
use super::resident::{self, ResidentMemoryError};
use super::wording::{MEGABYTE, Megabytes};
use crate::invalid::InvalidCheck;
use crate::limits::Figure;
use health_core::{Outcome, Registration, Status, check_fn};

const NAME: &str = "memory";
/// Above this part of the limit the check is degraded, unless told otherwise.
const DEGRADED_ABOVE: f64 = 0.9;
/// The limit of a process that names none, as a fraction of what it may have.
const FRACTION: f64 = 0.9;

/// Watches the resident memory of this process.
///
/// Degraded above 90 % of the limit, unhealthy above the limit. The limit is a
/// number of megabytes, or a fraction of what there is: of the machine's memory,
/// or of what the cgroup of this process may have. In a container the second is
/// the truth, as the process is killed there whatever the machine has left.
/// Fractions are taken anew in each run, as a limit may be changed meanwhile.
///
/// Registered as `memory`, every 60 s, with a timeout of 5 s. Its details are
/// `used_bytes`, `limit_bytes`, `used_mb`, and for a fraction `limit_of`
/// (`machine` or `cgroup`).
///
/// ```
/// use std::time::Duration;
/// use health_checks::system::MemoryCheck;
///
/// let check = MemoryCheck::new(512.0)?.degraded_above(0.8)?;
/// let registration = check.registration().critical().every(Duration::from_secs(15));
/// let in_a_container = MemoryCheck::of_cgroup(0.9)?;
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use = "a check does nothing until it is registered"]
pub struct MemoryCheck {
    limit: Limit,
    degraded_above: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Limit {
    Bytes(u64),
    Fraction(f64, LimitSource),
}

/// What one run found.
#[derive(Clone, Copy, Debug)]
struct Measured {
    used_bytes: u64,
    limit_bytes: u64,
    /// What the limit is a fraction of, if it is one.
    limit_of: Option<&'static str>,
}

/// Why a run found nothing.
#[derive(Debug, Error)]
enum MemoryError {
    #[error(transparent)]
    Resident(#[from] ResidentMemoryError),
    #[error(transparent)]
    Limit(#[from] LimitError),
}

impl Default for MemoryCheck {
    /// Watches 0.9 of what the cgroup of this process may have, see
    /// [`of_cgroup`](Self::of_cgroup).
    fn default() -> Self {
        Self::with(Limit::Fraction(FRACTION, LimitSource::Cgroup))
    }
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
                    "a limit of {} MB cannot be held; give a positive number of megabytes",
                    Figure(limit_mb)
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

    /// Watches a limit in bytes: `of_bytes(512 << 20)`.
    pub fn of_bytes(limit_bytes: u64) -> Result<Self, InvalidCheck> {
        if limit_bytes == 0 {
            return Err(InvalidCheck::new(NAME, "a limit of 0 bytes cannot be held"));
        }
        Ok(Self::with(Limit::Bytes(limit_bytes)))
    }

    /// Watches a fraction of the machine's memory.
    pub fn of_machine(fraction: f64) -> Result<Self, InvalidCheck> {
        Self::of(fraction, LimitSource::Machine)
    }

    /// Watches a fraction of what the cgroup of this process may have: the smallest
    /// limit from its own group outwards, version 1 or 2, as far as it is seen from
    /// here. Where there is none, of the machine's memory; so too on systems
    /// without cgroups.
    ///
    /// The limit holds for all processes of the group together, and this check
    /// counts its own only: leave room for the others.
    pub fn of_cgroup(fraction: f64) -> Result<Self, InvalidCheck> {
        Self::of(fraction, LimitSource::Cgroup)
    }

    fn of(fraction: f64, source: LimitSource) -> Result<Self, InvalidCheck> {
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err(InvalidCheck::new(
                NAME,
                format!(
                    "a limit of {} of all memory cannot be held; give a fraction over 0, at most 1",
                    Figure(fraction)
                ),
            ));
        }
        Ok(Self::with(Limit::Fraction(fraction, source)))
    }

    fn with(limit: Limit) -> Self {
        Self {
            limit,
            degraded_above: DEGRADED_ABOVE,
        }
    }

    /// Degraded above this fraction of the limit, in place of 0.9; at 1 never.
    pub fn degraded_above(mut self, fraction: f64) -> Result<Self, InvalidCheck> {
        if !(fraction > 0.0 && fraction <= 1.0) {
            return Err(InvalidCheck::new(
                NAME,
                format!(
                    "cannot be degraded above {} of its limit; give a fraction over 0, at most 1",
                    Figure(fraction)
                ),
            ));
        }
        self.degraded_above = fraction;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let memory = MemoryLimit::default();
        // The kernel answers from memory and never blocks here; a thread for each run would cost
        // more than the run.
        check_fn(NAME, move |_| ready(self.outcome(self.measure(&memory))))
            .description("resident memory of this process")
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(5))
    }

    fn measure(&self, memory: &MemoryLimit) -> Result<Measured, MemoryError> {
        let used_bytes = resident::read()?;
        Ok(match self.limit {
            Limit::Bytes(limit_bytes) => Measured {
                used_bytes,
                limit_bytes,
                limit_of: None,
            },
            Limit::Fraction(fraction, source) => {
                let (bytes, of) = memory.read(source)?;
                Measured {
                    used_bytes,
                    limit_bytes: part(bytes, fraction),
                    limit_of: Some(of),
                }
            }
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "no process holds the 8 PiB from which a byte is lost"
    )]
    fn judge(&self, used_bytes: u64, limit_bytes: u64) -> Status {
        if used_bytes > limit_bytes {
            Status::Unhealthy
        } else if used_bytes as f64 > limit_bytes as f64 * self.degraded_above {
            Status::Degraded
        } else {
            Status::Healthy
        }
    }

    fn outcome(&self, measured: Result<Measured, MemoryError>) -> Outcome {
        let measured = match measured {
            Ok(measured) => measured,
            Err(error) => {
                let what = match error {
                    MemoryError::Resident(_) => "memory of this process cannot be measured",
                    MemoryError::Limit(_) => "memory limit of this process cannot be read",
                };
                return Outcome::unhealthy(what).with_error(error);
            }
        };
        let Measured {
            used_bytes,
            limit_bytes,
            limit_of,
        } = measured;
        let (used, limit) = (Megabytes(used_bytes), Megabytes(limit_bytes));
        let message = format!("memory {used} MB used, limit {limit} MB");
        let outcome = Outcome::new(self.judge(used_bytes, limit_bytes), message)
            .detail("used_bytes", used_bytes)
            .detail("limit_bytes", limit_bytes)
            .detail("used_mb", used.rounded());
        match limit_of {
            Some(of) => outcome.detail("limit_of", of),
            None => outcome,
        }
    }
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a fraction between 0 and 1 of it; bytes lost to rounding do not matter"
)]
fn part(bytes: u64, fraction: f64) -> u64 {
    (bytes as f64 * fraction) as u64
}

impl From<MemoryCheck> for Registration {
    fn from(check: MemoryCheck) -> Self {
        check.registration()
    }
}

#[cfg(test)]
mod tests {
    use super::super::ram::RamError;
    use super::*;

    fn measured(used_bytes: u64, limit_bytes: u64, limit_of: Option<&'static str>) -> Measured {
        Measured {
            used_bytes,
            limit_bytes,
            limit_of,
        }
    }

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
            assert_eq!(check.judge(used, 1000), status, "{used} of {check:?}");
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
            assert!(MemoryCheck::of_machine(bad).is_err(), "{bad}");
            assert!(MemoryCheck::of_cgroup(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_a_person_reads() {
        for (limit, used, message) in [
            (512_000_000, 812_400_000, "memory 812 MB used, limit 512 MB"),
            (512_000_000, 4_200_000, "memory 4.2 MB used, limit 512 MB"),
            (1, 0, "memory 0.0 MB used, limit 0.0 MB"),
        ] {
            let check = MemoryCheck::of_bytes(limit).unwrap();
            let outcome = check.outcome(Ok(measured(used, limit, None)));
            assert_eq!(outcome.message(), message);
            assert_eq!(outcome.details()["used_bytes"], used);
            assert_eq!(outcome.details()["limit_bytes"], limit);
        }
        let check = MemoryCheck::of_cgroup(0.5).unwrap();
        let outcome = check.outcome(Ok(measured(812_440_000, 1_000_000, Some("cgroup"))));
        assert_eq!(outcome.details()["used_mb"], 812.4);
        assert_eq!(outcome.details()["limit_of"], "cgroup");
    }

    #[test]
    fn not_measured_is_not_healthy() {
        let error = MemoryError::Limit(LimitError::Machine(RamError::Nothing));
        let outcome = MemoryCheck::of_machine(1.0).unwrap().outcome(Err(error));
        assert_eq!(outcome.status(), Status::Unhealthy);
        assert!(outcome.message().contains("limit"), "{outcome:?}");
        assert!(outcome.error().is_some());
    }

    #[test]
    fn a_fraction_is_of_what_there_is() {
        let memory = MemoryLimit::default();
        let limit = |check: MemoryCheck| check.measure(&memory).unwrap().limit_bytes;
        let whole = limit(MemoryCheck::of_machine(1.0).unwrap());
        let half = limit(MemoryCheck::of_machine(0.5).unwrap());
        assert!(whole > 0 && half == whole / 2, "{half} of {whole}");
        assert!(limit(MemoryCheck::of_cgroup(1.0).unwrap()) <= whole);
    }
}
