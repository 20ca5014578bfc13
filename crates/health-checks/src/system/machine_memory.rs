//! Judges how much memory the machine has left.
//!
//! It does not measure (see `ram`), and it knows no cgroup: what this process may
//! have is the business of `memory`.

use std::future::ready;
use std::time::Duration;

use super::ram::{self, Ram, RamError};
use super::wording::used_fraction;
use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use crate::percent::percent;
use health_core::{Outcome, Registration, check_fn};

const NAME: &str = "machine-memory";
const LIMITS: Limits = Limits::rising(0.9, 0.95);

/// Watches the memory of the machine: what is *available*, not what is free, as
/// caches give way to programs.
///
/// It looks at the whole machine whatever a cgroup allows; in a container that
/// is the host. For the limit of the container see
/// [`MemoryCheck::of_cgroup`](super::MemoryCheck::of_cgroup).
///
/// Degraded from 90 % used, where the alert `NodeMemoryHighUtilization` of
/// [node-exporter's mixin] warns (once that has lasted 15 min); unhealthy from 95 %, this
/// crate's choice. Swap is shown, and not judged: some is used on healthy
/// machines; that it hurts shows as [pressure](super::PressureCheck::memory).
/// Registered as `machine-memory`, every 60 s, with a timeout of 5 s. Its details
/// are `used_percent`, `total_bytes`, `available_bytes`, `swap_total_bytes` and
/// `swap_used_bytes`.
///
/// ```
/// use health_checks::system::MachineMemoryCheck;
///
/// let check = MachineMemoryCheck::new().thresholds(0.8, 0.9)?;
/// let registration = check.registration().informational();
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
///
/// [node-exporter's mixin]: https://github.com/prometheus/node_exporter/blob/master/docs/node-mixin/config.libsonnet
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct MachineMemoryCheck {
    limits: Limits,
}

impl Default for MachineMemoryCheck {
    fn default() -> Self {
        Self { limits: LIMITS }
    }
}

impl MachineMemoryCheck {
    /// Watches it with the limits above.
    pub fn new() -> Self {
        Self::default()
    }

    /// Degraded and unhealthy from these used fractions on, in place of 0.9 and 0.95.
    pub fn thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.limits = self
            .limits
            .set(NAME, degraded, unhealthy, f64::MIN_POSITIVE..=1.0)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        check_fn(NAME, move |_| ready(self.outcome(ram::read())))
            .description("memory of the machine")
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(5))
    }

    fn outcome(&self, measured: Result<Ram, RamError>) -> Outcome {
        let ram = match measured {
            Ok(ram) => ram,
            Err(error) => {
                return Outcome::unhealthy("memory of the machine cannot be measured")
                    .with_error(error);
            }
        };
        let used = used_fraction(ram.total, ram.available);
        let (status, limit) = self.limits.judge(used);
        let (used, limit) = (percent(used), percent(limit));
        let message = format!("memory of the machine {used} % used, limit {limit} %");
        Outcome::new(status, message)
            .detail("used_percent", used)
            .detail("total_bytes", ram.total)
            .detail("available_bytes", ram.available)
            .detail("swap_total_bytes", ram.swap_total)
            .detail("swap_used_bytes", ram.swap_used)
    }
}

impl From<MachineMemoryCheck> for Registration {
    fn from(check: MachineMemoryCheck) -> Self {
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
        let usual = MachineMemoryCheck::new();
        let early = usual.clone().thresholds(0.1, 0.2).unwrap();
        for (check, available_bytes, status, message) in [
            (
                &usual,
                1000,
                Healthy,
                "memory of the machine 0 % used, limit 90 %",
            ),
            (
                &usual,
                101,
                Healthy,
                "memory of the machine 89.9 % used, limit 90 %",
            ),
            (
                &usual,
                100,
                Degraded,
                "memory of the machine 90 % used, limit 90 %",
            ),
            (
                &usual,
                50,
                Unhealthy,
                "memory of the machine 95 % used, limit 95 %",
            ),
            (
                &usual,
                0,
                Unhealthy,
                "memory of the machine 100 % used, limit 95 %",
            ),
            (
                &early,
                850,
                Degraded,
                "memory of the machine 15 % used, limit 10 %",
            ),
        ] {
            let outcome = check.outcome(Ok(Ram {
                total: 1000,
                available: available_bytes,
                swap_total: 70,
                swap_used: 30,
            }));
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["available_bytes"], available_bytes);
            assert_eq!(outcome.details()["swap_used_bytes"], 30);
        }
    }

    #[test]
    fn not_measured_is_not_healthy() {
        let outcome = MachineMemoryCheck::new().outcome(Err(RamError::Nothing));
        assert_eq!(outcome.status(), Status::Unhealthy);
        assert!(outcome.error().is_some());
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        for (degraded, unhealthy) in [(0.9, 0.8), (0.0, 0.5), (0.5, 1.1), (f64::NAN, 0.5)] {
            let check = MachineMemoryCheck::new().thresholds(degraded, unhealthy);
            assert!(
                check
                    .unwrap_err()
                    .to_string()
                    .starts_with("machine-memory: ")
            );
        }
    }
}
