//! Judges processor, memory and disk of the machine together, as one check.
//!
//! It measures through the readers of the other checks, and says less than each
//! of these on its own.

use std::path::PathBuf;
use std::time::Duration;

use super::cpu_usage::CpuUsage;
use super::watched_path::WatchedPath;
use super::wording::used_fraction;
use super::{disk, ram, space};
use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use crate::percent::percent;
use health_core::{Outcome, Registration, Status, blocking_fn};

const NAME: &str = "resources";
const PARTS: [&str; 3] = ["cpu", "memory", "disk"];

/// Watches processor, memory and one disk of the machine at once: for services
/// that want one figure of the machine, in place of a check for each.
///
/// | part | is the used part of | degraded | unhealthy |
/// |---|---|---|---|
/// | cpu | all cores since the last run (in the first run over 0.2 s) | 0.9 | 0.98 |
/// | memory | the machine's memory, caches not counted | 0.9 | 0.95 |
/// | disk | the file system that holds `/`, or [`disk_path`](Self::disk_path) | 0.85 | 0.95 |
///
/// The worst part is the outcome, and its message names it; a part that cannot
/// be measured is unhealthy. Memory and disk have the limits of their own
/// checks; a processor that is busy is of use, so its limits are near the end.
///
/// Registered as `resources`, every 60 s, with a timeout of 5 s. Its details are
/// `cpu_used_percent`, `memory_used_percent`, `disk_used_percent` (as far as they
/// are measured), and `worst`.
///
/// ```
/// use health_checks::system::ResourceCheck;
///
/// let check = ResourceCheck::new().disk_path("/var")?.cpu_thresholds(0.8, 1.0)?;
/// let registration = check.registration();
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct ResourceCheck {
    path: WatchedPath,
    /// In the order of `PARTS`.
    limits: [Limits; 3],
}

/// The used part of one thing, or what a stranger may read of why it is not known.
type Measured = Result<f64, (&'static str, Box<dyn std::error::Error + Send + Sync>)>;

impl Default for ResourceCheck {
    fn default() -> Self {
        Self {
            path: WatchedPath::root(),
            limits: [
                Limits::rising(0.9, 0.98),
                Limits::rising(0.9, 0.95),
                Limits::rising(0.85, 0.95),
            ],
        }
    }
}

impl ResourceCheck {
    /// Watches them with the limits above.
    pub fn new() -> Self {
        Self::default()
    }

    /// Watches the file system that holds this path, in place of `/`. A relative path
    /// starts from the working directory as it is now.
    pub fn disk_path(mut self, path: impl Into<PathBuf>) -> Result<Self, InvalidCheck> {
        self.path = WatchedPath::new(NAME, path)?;
        Ok(self)
    }

    /// Where the used part of all cores is degraded and unhealthy.
    pub fn cpu_thresholds(self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.set(0, degraded, unhealthy)
    }

    /// Where the used part of the memory is degraded and unhealthy.
    pub fn memory_thresholds(self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.set(1, degraded, unhealthy)
    }

    /// Where the used part of the disk is degraded and unhealthy.
    pub fn disk_thresholds(self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.set(2, degraded, unhealthy)
    }

    fn set(mut self, part: usize, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        if let Some(limits) = self.limits.get_mut(part) {
            *limits = limits.set(NAME, degraded, unhealthy, f64::MIN_POSITIVE..=1.0)?;
        }
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let cpu = CpuUsage::default();
        // The disk may hang, and the first look at the processor waits.
        blocking_fn(NAME, move |_| self.outcome(self.measure(&cpu)))
            .description("processor, memory and disk of the machine")
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(5))
    }

    fn measure(&self, cpu: &CpuUsage) -> [Measured; 3] {
        let cpu = cpu.read();
        let memory = ram::read();
        let disk = space::measure(self.path.path());
        [
            cpu.map_err(|error| ("use of the processor cannot be measured", error.into())),
            memory
                .map(|ram| used_fraction(ram.total, ram.available))
                .map_err(|error| ("memory of the machine cannot be measured", error.into())),
            disk.map(|space| space.used_fraction())
                .map_err(|error| (disk::advice(&error), error.into())),
        ]
    }

    fn outcome(&self, measured: [Measured; 3]) -> Outcome {
        let mut worst: Option<Outcome> = None;
        let mut details = Outcome::healthy();
        let mut summary = Vec::new();
        for ((part, limits), measured) in PARTS.into_iter().zip(self.limits).zip(measured) {
            let key = format!("{part}_used_percent");
            details = match &measured {
                Ok(used) => {
                    summary.push(format!("{part} {} %", percent(*used)));
                    details.detail(key, percent(*used))
                }
                Err(_) => details,
            };
            let outcome = self.one(part, limits, measured).detail("worst", part);
            let is_worse = worst
                .as_ref()
                .is_none_or(|worst| outcome.status() > worst.status());
            if is_worse {
                worst = Some(outcome);
            }
        }
        let mut outcome = worst.unwrap_or_else(Outcome::healthy);
        if outcome.status() == Status::Healthy {
            outcome = Outcome::healthy().with_message(format!("{} used", summary.join(", ")));
        }
        for (key, value) in details.details() {
            outcome = outcome.detail(key, value.clone());
        }
        outcome
    }

    fn one(&self, part: &str, limits: Limits, measured: Measured) -> Outcome {
        let place = match part {
            "disk" => format!("disk {}", self.path.display()),
            _ => part.to_owned(),
        };
        match measured {
            Ok(used) => {
                let (status, limit) = limits.judge(used);
                let (used, limit) = (percent(used), percent(limit));
                Outcome::new(status, format!("{place} {used} % used, limit {limit} %"))
            }
            Err((advice, error)) => {
                Outcome::unhealthy(format!("{place}: {advice}")).with_error(error)
            }
        }
    }
}

impl From<ResourceCheck> for Registration {
    fn from(check: ResourceCheck) -> Self {
        check.registration()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_part_is_the_outcome() {
        use Status::{Degraded, Healthy, Unhealthy};
        let check = ResourceCheck::new().disk_path("/var").unwrap();
        for (measured, status, message) in [
            (
                [0.5, 0.25, 0.1],
                Healthy,
                "cpu 50 %, memory 25 %, disk 10 % used",
            ),
            ([0.9, 0.25, 0.1], Degraded, "cpu 90 % used, limit 90 %"),
            ([0.9, 0.95, 0.1], Unhealthy, "memory 95 % used, limit 95 %"),
            ([0.9, 0.9, 0.85], Degraded, "cpu 90 % used, limit 90 %"),
            (
                [0.5, 0.25, 0.96],
                Unhealthy,
                "disk /var 96 % used, limit 95 %",
            ),
            (
                [f64::NAN, 0.25, 0.1],
                Unhealthy,
                "cpu NaN % used, limit 98 %",
            ),
        ] {
            let outcome = check.outcome(measured.map(Ok));
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(
                outcome.details()["memory_used_percent"],
                percent(measured[1])
            );
        }
        let outcome = check.outcome([0.5, 0.92, 0.1].map(Ok));
        assert_eq!(outcome.details()["worst"], "memory");
    }

    #[test]
    fn the_disk_is_named_as_its_author_did() {
        let check = ResourceCheck::new().disk_path("data").unwrap();
        let outcome = check.outcome([0.1, 0.1, 0.96].map(Ok));
        assert_eq!(outcome.message(), "disk data 96 % used, limit 95 %");
    }

    #[test]
    fn a_part_that_is_not_measured_is_unhealthy() {
        let check = ResourceCheck::new();
        let failed = Err(("path not found", "ENOENT: /data".into()));
        let outcome = check.outcome([Ok(0.1), Ok(0.93), failed]);
        assert_eq!(outcome.status(), Status::Unhealthy);
        assert_eq!(outcome.message(), "disk /: path not found");
        assert!(!outcome.details().contains_key("disk_used_percent"));
        assert!(outcome.error().is_some());
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        type Set = fn(ResourceCheck, f64, f64) -> Result<ResourceCheck, InvalidCheck>;
        let setters: [Set; 3] = [
            ResourceCheck::cpu_thresholds,
            ResourceCheck::memory_thresholds,
            ResourceCheck::disk_thresholds,
        ];
        for set in setters {
            assert!(set(ResourceCheck::new(), 0.1, 1.0).is_ok());
            for (degraded, unhealthy) in [(0.9, 0.8), (0.0, 0.5), (0.5, 1.1), (f64::NAN, 0.5)] {
                let refused = set(ResourceCheck::new(), degraded, unhealthy).unwrap_err();
                assert!(refused.to_string().starts_with("resources: "));
            }
        }
    }
}
