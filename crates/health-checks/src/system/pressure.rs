//! Judges how long tasks of the machine stand still for want of a resource.
//!
//! The kernel measures that (PSI, since Linux 4.20); a kernel that does not is
//! said to, and nothing is estimated in its place.

use std::future::ready;
use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use health_core::{Outcome, Registration, check_fn};

const NAME: &str = "pressure";
const CPU: Resource = Resource {
    name: "pressure-cpu",
    word: "CPU",
    file: "/proc/pressure/cpu",
};
const MEMORY: Resource = Resource {
    name: "pressure-memory",
    word: "memory",
    file: "/proc/pressure/memory",
};
const IO: Resource = Resource {
    name: "pressure-io",
    word: "I/O",
    file: "/proc/pressure/io",
};

/// Over which time a pressure is averaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PressureAverage {
    /// The last ten seconds.
    TenSeconds,
    /// The last minute.
    #[default]
    OneMinute,
    /// The last five minutes.
    FiveMinutes,
}

/// Whose standing still counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PressureShare {
    /// The time in which at least one task waited.
    Some,
    /// The time in which all tasks with work waited, and nothing got done.
    Full,
}

/// Watches the pressure on a resource of the machine: the part of the time in
/// which tasks stood still because they waited for it.
///
/// | constructor | registered as | judges | degraded | unhealthy |
/// |---|---|---|---|---|
/// | [`cpu`](Self::cpu) | `pressure-cpu` | some | 0.8 | 0.95 |
/// | [`memory`](Self::memory) | `pressure-memory` | full | 0.2 | 0.6 |
/// | [`io`](Self::io) | `pressure-io` | full | 0.5 | 0.8 |
///
/// All over one minute. 0.6 of memory is the default at which systemd-oomd kills in a control
/// group that it is told to watch (`DefaultMemoryPressureLimit=`, [oomd.conf(5)]); the
/// others, and the minute, are this crate's choice, high enough that a busy machine is not an ill
/// one. The machine is meant, whatever a cgroup allows.
///
/// A kernel that measures no pressure (no Linux, before 4.20, built without
/// `CONFIG_PSI`, or started with `psi=0`) is unhealthy, as the watch asked for
/// is not kept; register it where it is [`available`](Self::available).
///
/// Registered every 60 s with a timeout of 5 s. Its details are
/// `some_10s_percent`, `some_60s_percent`, `some_300s_percent`, and the same
/// for `full` where the kernel tells it (for the CPU since 5.13, always 0).
///
/// ```
/// use health_checks::system::{PressureAverage, PressureCheck, PressureShare};
/// # use health_core::Health;
/// # let health = Health::new();
/// let check = PressureCheck::memory()
///     .judge(PressureShare::Some, PressureAverage::TenSeconds)
///     .thresholds(0.3, 0.5)?;
/// if check.available() {
///     health.register(check)?;
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// [oomd.conf(5)]: https://www.freedesktop.org/software/systemd/man/latest/oomd.conf.html
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct PressureCheck {
    resource: Resource,
    share: PressureShare,
    average: PressureAverage,
    limits: Limits,
}

#[derive(Clone, Copy, Debug)]
struct Resource {
    name: &'static str,
    word: &'static str,
    file: &'static str,
}

/// Percent of the time, over 10 s, 60 s and 300 s.
type Averages = [f64; 3];

/// What the kernel says of one resource.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pressure {
    some: Averages,
    full: Option<Averages>,
}

/// Why the pressure is not known.
#[derive(Debug, Error)]
enum PressureError {
    #[error("cannot read {file}: {source}")]
    Read {
        file: &'static str,
        source: io::Error,
    },
    #[error("{file} says `{text}`, which is no pressure")]
    Nonsense { file: &'static str, text: String },
}

impl PressureCheck {
    /// Watches how long tasks wait for a processor.
    pub fn cpu() -> Self {
        Self::of(CPU, PressureShare::Some, Limits::rising(0.8, 0.95))
    }

    /// Watches how long tasks wait for memory: reclaim, swap, thrashing.
    pub fn memory() -> Self {
        Self::of(MEMORY, PressureShare::Full, Limits::rising(0.2, 0.6))
    }

    /// Watches how long tasks wait for disks.
    pub fn io() -> Self {
        Self::of(IO, PressureShare::Full, Limits::rising(0.5, 0.8))
    }

    fn of(resource: Resource, share: PressureShare, limits: Limits) -> Self {
        Self {
            resource,
            share,
            average: PressureAverage::default(),
            limits,
        }
    }

    /// Whether the kernel measures the figure that is judged, now.
    pub fn available(&self) -> bool {
        self.figure(&measure(self.resource)).is_some()
    }

    /// Judges this figure in place of the one in the table.
    pub fn judge(mut self, share: PressureShare, average: PressureAverage) -> Self {
        (self.share, self.average) = (share, average);
        self
    }

    /// Degraded and unhealthy from these parts of the time on, in place of those in
    /// the table.
    pub fn thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.limits = self
            .limits
            .set(NAME, degraded, unhealthy, f64::MIN_POSITIVE..=1.0)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let Resource { name, word, .. } = self.resource;
        check_fn(name, move |_| ready(self.outcome(measure(self.resource))))
            .description(format!("how long tasks wait for {word}"))
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(5))
    }

    /// The percentage that is judged.
    fn figure(&self, measured: &Result<Pressure, PressureError>) -> Option<f64> {
        let pressure = measured.as_ref().ok()?;
        let [ten, sixty, long] = match self.share {
            PressureShare::Some => pressure.some,
            PressureShare::Full => pressure.full?,
        };
        Some(match self.average {
            PressureAverage::TenSeconds => ten,
            PressureAverage::OneMinute => sixty,
            PressureAverage::FiveMinutes => long,
        })
    }

    fn outcome(&self, measured: Result<Pressure, PressureError>) -> Outcome {
        let word = self.resource.word;
        let figure = self.figure(&measured);
        let pressure = match measured {
            Ok(pressure) => pressure,
            Err(error) => {
                return Outcome::unhealthy(format!(
                    "this kernel tells no {word} pressure; start Linux 4.20 or later with psi=1, or leave this check out"
                ))
                .with_error(error);
            }
        };
        let outcome = match figure {
            Some(percent) => {
                let (status, limit) = self.limits.judge(percent / 100.0);
                let limit = crate::percent::percent(limit);
                let who = match self.share {
                    PressureShare::Some => "some tasks",
                    PressureShare::Full => "all tasks",
                };
                let message = format!(
                    "{word} pressure: {who} waited {percent} % of the time, limit {limit} %"
                );
                Outcome::new(status, message)
            }
            None => Outcome::unhealthy(format!(
                "this kernel tells {word} pressure of some tasks only; judge that"
            )),
        };
        let rows = [("some", Some(pressure.some)), ("full", pressure.full)];
        let mut outcome = outcome;
        for (share, averages) in rows {
            for (time, percent) in ["10s", "60s", "300s"].iter().zip(averages.iter().flatten()) {
                outcome = outcome.detail(format!("{share}_{time}_percent"), *percent);
            }
        }
        outcome
    }
}

impl From<PressureCheck> for Registration {
    fn from(check: PressureCheck) -> Self {
        check.registration()
    }
}

/// The kernel answers from memory, here too.
fn measure(resource: Resource) -> Result<Pressure, PressureError> {
    let file = resource.file;
    let text =
        std::fs::read_to_string(file).map_err(|source| PressureError::Read { file, source })?;
    parse(&text).ok_or(PressureError::Nonsense { file, text })
}

/// Lines of `some avg10=0.12 avg60=1.00 avg300=0.50 total=123`, and the same for `full`.
fn parse(text: &str) -> Option<Pressure> {
    let averages = |share: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(share))?;
        let average = |key: &str| {
            let field = line.split(' ').find_map(|field| field.strip_prefix(key))?;
            let percent: f64 = field.parse().ok()?;
            (0.0..=100.0).contains(&percent).then_some(percent)
        };
        Some([average("avg10=")?, average("avg60=")?, average("avg300=")?])
    };
    Some(Pressure {
        some: averages("some ")?,
        full: averages("full "),
    })
}

#[cfg(test)]
mod tests {
    use health_core::Status;

    use super::*;

    const TEXT: &str = "some avg10=89.82 avg60=39.38 avg300=12.19 total=66689423\n\
        full avg10=0.50 avg60=20.00 avg300=0.25 total=4619381\n";

    #[test]
    fn what_the_kernel_says() {
        let whole = Pressure {
            some: [89.82, 39.38, 12.19],
            full: Some([0.5, 20.0, 0.25]),
        };
        let (some, _) = TEXT.split_once('\n').unwrap();
        let half = Pressure {
            full: None,
            ..whole
        };
        for (text, expected) in [
            (TEXT, Some(whole)),
            (some, Some(half)),
            ("", None),
            ("some", None),
            ("some avg10=1.00 avg60=1.00 total=5", None),
            ("some avg10=1.00 avg60=nan avg300=0.00", None),
            ("some avg10=1.00 avg60=101.00 avg300=0.00", None),
            ("full avg10=0.00 avg60=0.00 avg300=0.00 total=0", None),
        ] {
            assert_eq!(parse(text), expected, "{text}");
        }
    }

    #[test]
    fn the_figure_that_is_judged() {
        use PressureAverage::{FiveMinutes, OneMinute, TenSeconds};
        use PressureShare::{Full, Some};
        use Status::{Degraded, Healthy, Unhealthy};
        for (share, average, status, percent) in [
            (Some, TenSeconds, Unhealthy, "some tasks waited 89.82 %"),
            (Some, OneMinute, Degraded, "some tasks waited 39.38 %"),
            (Some, FiveMinutes, Healthy, "some tasks waited 12.19 %"),
            (Full, TenSeconds, Healthy, "all tasks waited 0.5 %"),
            (Full, OneMinute, Degraded, "all tasks waited 20 %"),
            (Full, FiveMinutes, Healthy, "all tasks waited 0.25 %"),
        ] {
            let check = PressureCheck::memory().judge(share, average);
            let outcome = check.outcome(Ok(parse(TEXT).unwrap()));
            assert_eq!(outcome.status(), status, "{outcome:?}");
            assert!(outcome.message().contains(percent), "{outcome:?}");
            assert_eq!(outcome.details()["full_60s_percent"], 20.0);
            assert_eq!(outcome.details().len(), 6);
        }
    }

    #[test]
    fn what_the_kernel_does_not_say_is_not_healthy() {
        let (some, _) = TEXT.split_once('\n').unwrap();
        let half = PressureCheck::io().outcome(Ok(parse(some).unwrap()));
        assert_eq!(half.status(), Status::Unhealthy);
        assert_eq!(half.details().len(), 3);
        let none = PressureCheck::io().outcome(Err(PressureError::Read {
            file: IO.file,
            source: io::ErrorKind::NotFound.into(),
        }));
        assert_eq!(none.status(), Status::Unhealthy);
        assert!(none.message().contains("psi=1"), "{none:?}");
        assert!(none.error().is_some());
        let missing = Resource {
            file: "/no/such/file",
            ..IO
        };
        let check = PressureCheck::of(missing, PressureShare::Some, Limits::rising(0.1, 0.2));
        assert!(!check.available());
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        for (degraded, unhealthy) in [(0.9, 0.8), (0.0, 0.5), (0.5, 1.1), (f64::NAN, 0.5)] {
            let check = PressureCheck::cpu().thresholds(degraded, unhealthy);
            assert!(check.unwrap_err().to_string().starts_with("pressure: "));
        }
    }
}
