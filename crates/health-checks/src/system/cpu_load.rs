//! Judges how much work waits for the processors of the machine.
//!
//! Its figure is the load average, which the kernel keeps: it needs no second
//! look, so the first run is as good as any. How busy the processors are is the
//! business of `resource`.

use std::future::ready;
use std::sync::OnceLock;
use std::time::Duration;

use sysinfo::{CpuRefreshKind, System};
use thiserror::Error;

use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use health_core::{Outcome, Registration, check_fn};

const NAME: &str = "cpu-load";
const LIMITS: Limits = Limits::rising(2.0, 4.0);
/// More runnable tasks a core than any machine has had.
const MOST: f64 = 100_000.0;

/// Over which time a load is averaged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadAverage {
    /// The last minute: soon there, and soon gone.
    OneMinute,
    /// The last five minutes.
    #[default]
    FiveMinutes,
    /// The last quarter of an hour.
    FifteenMinutes,
}

/// Watches the load of the machine for each of its cores: how many tasks run or
/// wait to run, and on Linux also those that wait for a disk. At 1 all cores are
/// busy and nothing waits.
///
/// It looks at the whole machine whatever a cgroup allows. Cores are counted at
/// the first run.
///
/// By default the average of five minutes, degraded from 2 a core, unhealthy from 4. At 2 the
/// alert `NodeSystemSaturation` of [node-exporter's mixin] warns, of the average of one minute
/// once that has lasted 15; the rest is this crate's choice. On Windows the
/// average starts with the first run.
/// Registered as `cpu-load`, every 60 s, with a timeout of 5 s. Its details are
/// `load_per_core`, `cores`, `load_1m`, `load_5m` and `load_15m`.
///
/// ```
/// use health_checks::system::{CpuLoadCheck, LoadAverage};
///
/// let check = CpuLoadCheck::new().over(LoadAverage::OneMinute).thresholds(1.0, 3.0)?;
/// let registration = check.registration();
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
///
/// [node-exporter's mixin]: https://github.com/prometheus/node_exporter/blob/master/docs/node-mixin/config.libsonnet
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct CpuLoadCheck {
    average: LoadAverage,
    limits: Limits,
}

/// What one run found.
#[derive(Clone, Copy, Debug)]
struct Load {
    cores: usize,
    one: f64,
    five: f64,
    fifteen: f64,
}

/// Why the load is not known.
#[derive(Debug, Error)]
enum LoadError {
    #[error("the system does not say: {0}")]
    System(sysinfo::Error),
    #[error("the system lists no core; mount /proc")]
    NoCore,
}

impl Default for CpuLoadCheck {
    fn default() -> Self {
        Self {
            average: LoadAverage::default(),
            limits: LIMITS,
        }
    }
}

impl CpuLoadCheck {
    /// Watches it with the limits above.
    pub fn new() -> Self {
        Self::default()
    }

    /// Judges this average in place of that of five minutes.
    pub fn over(mut self, average: LoadAverage) -> Self {
        self.average = average;
        self
    }

    /// Degraded and unhealthy from these loads a core on, in place of 2 and 4.
    pub fn thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        self.limits = self
            .limits
            .set(NAME, degraded, unhealthy, f64::MIN_POSITIVE..=MOST)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let cores = OnceLock::new();
        check_fn(NAME, move |_| ready(self.outcome(measure(&cores))))
            .description("load of the machine for each core")
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(5))
    }

    fn outcome(&self, measured: Result<Load, LoadError>) -> Outcome {
        let load = match measured {
            Ok(load) => load,
            Err(error) => {
                return Outcome::unhealthy("load of the machine cannot be measured")
                    .with_error(error);
            }
        };
        let (whole, time) = match self.average {
            LoadAverage::OneMinute => (load.one, "1 min"),
            LoadAverage::FiveMinutes => (load.five, "5 min"),
            LoadAverage::FifteenMinutes => (load.fifteen, "15 min"),
        };
        #[expect(clippy::cast_precision_loss, reason = "no machine has 2^52 cores")]
        let per_core = whole / load.cores as f64;
        let (status, limit) = self.limits.judge(per_core);
        let per_core = hundredths(per_core);
        let cores = load.cores;
        let message = format!("load {per_core} a core over {time}, limit {limit} ({cores} cores)");
        Outcome::new(status, message)
            .detail("load_per_core", per_core)
            .detail("cores", cores)
            .detail("load_1m", load.one)
            .detail("load_5m", load.five)
            .detail("load_15m", load.fifteen)
    }
}

/// Rounded down, so that what is under a limit never reads as at it.
fn hundredths(load: f64) -> f64 {
    (load * 100.0 + 1e-9).floor() / 100.0
}

impl From<CpuLoadCheck> for Registration {
    fn from(check: CpuLoadCheck) -> Self {
        check.registration()
    }
}

fn measure(cores: &OnceLock<usize>) -> Result<Load, LoadError> {
    let counted = cores.get().copied().map_or_else(count_cores, Ok)?;
    let cores = *cores.get_or_init(|| counted);
    let load = System::load_average().map_err(LoadError::System)?;
    Ok(Load {
        cores,
        one: load.one,
        five: load.five,
        fifteen: load.fifteen,
    })
}

/// The cores of the machine; those that this process may use would not fit its load.
fn count_cores() -> Result<usize, LoadError> {
    let mut system = System::new().map_err(LoadError::System)?;
    system.refresh_cpu_list(CpuRefreshKind::nothing());
    match system.cpus().len() {
        0 => Err(LoadError::NoCore),
        cores => Ok(cores),
    }
}

#[cfg(test)]
mod tests {
    use health_core::Status;

    use super::*;

    fn load(five: f64) -> Load {
        Load {
            cores: 4,
            one: 3.0,
            five,
            fifteen: 20.0,
        }
    }

    #[test]
    fn thresholds() {
        use LoadAverage::{FifteenMinutes, OneMinute};
        use Status::{Degraded, Healthy, Unhealthy};
        let usual = CpuLoadCheck::new();
        let short = usual.clone().over(OneMinute);
        let long = usual.clone().over(FifteenMinutes);
        let early = usual.clone().thresholds(0.1, 0.5).unwrap();
        for (check, five, status, message) in [
            (
                &usual,
                0.0,
                Healthy,
                "load 0 a core over 5 min, limit 2 (4 cores)",
            ),
            (
                &usual,
                7.999,
                Healthy,
                "load 1.99 a core over 5 min, limit 2 (4 cores)",
            ),
            (
                &usual,
                8.0,
                Degraded,
                "load 2 a core over 5 min, limit 2 (4 cores)",
            ),
            (
                &usual,
                16.0,
                Unhealthy,
                "load 4 a core over 5 min, limit 4 (4 cores)",
            ),
            (
                &short,
                16.0,
                Healthy,
                "load 0.75 a core over 1 min, limit 2 (4 cores)",
            ),
            (
                &long,
                0.0,
                Unhealthy,
                "load 5 a core over 15 min, limit 4 (4 cores)",
            ),
            (
                &early,
                1.0,
                Degraded,
                "load 0.25 a core over 5 min, limit 0.1 (4 cores)",
            ),
        ] {
            let outcome = check.outcome(Ok(load(five)));
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["load_5m"], five);
            assert_eq!(outcome.details()["cores"], 4);
        }
    }

    #[test]
    fn not_measured_is_not_healthy() {
        let outcome = CpuLoadCheck::new().outcome(Err(LoadError::NoCore));
        assert_eq!(outcome.status(), Status::Unhealthy);
        assert!(outcome.error().is_some());
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        for (degraded, unhealthy) in [
            (4.0, 2.0),
            (0.0, 1.0),
            (1.0, f64::INFINITY),
            (f64::NAN, 1.0),
        ] {
            let check = CpuLoadCheck::new().thresholds(degraded, unhealthy);
            assert!(check.unwrap_err().to_string().starts_with("cpu-load: "));
        }
    }

    #[test]
    fn this_machine_has_cores() {
        let load = measure(&OnceLock::new()).unwrap();
        assert!(load.cores > 0 && load.one >= 0.0, "{load:?}");
    }
}
