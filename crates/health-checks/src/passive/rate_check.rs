//! Judges the error rate and the response times that the service has recorded.
//!
//! It measures and calls nothing.

use std::future::ready;
use std::time::Duration;

use health_core::{Outcome, Registration, Status, check_fn};

use super::rate_recorder::RateRecorder;
use super::sliding_window::Counts;
use crate::invalid::InvalidCheck;
use crate::limits::{Figure, Limits, figure};
use crate::percent::fine_percent;
use crate::span::{Span, millis};

const NAME: &str = "rate";
const WINDOW: Duration = Duration::from_mins(1);
const SHORTEST_WINDOW: Duration = Duration::from_secs(1);
const LONGEST_WINDOW: Duration = Duration::from_hours(24);
/// Fewer say nothing about one error in a hundred, and little about one in twenty.
const ENOUGH: u32 = 20;
const ERRORS_DEGRADED: f64 = 0.01;
const ERRORS_UNHEALTHY: f64 = 0.05;
const QUANTILE: f64 = 0.95;
const LATENCY_DEGRADED: Duration = Duration::from_secs(1);
const LATENCY_UNHEALTHY: Duration = Duration::from_secs(5);

/// Watches the error rate and the response times of the service's own work.
///
/// The service records each piece of work through a [`RateRecorder`]; the check only
/// looks at what was recorded within the last minute. The window slides on by tenths:
/// it holds between nine tenths of its length and all of it.
///
/// | what | degraded | unhealthy |
/// |---|---|---|
/// | errors among the samples | from 1 % | from 5 % |
/// | latency of 95 % of the samples | from 1 s | from 5 s |
/// | fewer than 20 samples | always: nothing is judged | never |
///
/// # Without traffic
///
/// No traffic proves nothing, so it does not read as healthy: it is degraded, which
/// keeps the node in service, since an unhealthy node that gets no traffic for being
/// unhealthy could never prove itself again. For a service that is idle by its nature,
/// say [`idle_is_healthy`](Self::idle_is_healthy); too few samples with an error among
/// them stay degraded even then.
///
/// Registered as `rate`, passive, every 15 s, with a timeout of 5 s. Its details are
/// `samples`, `errors`, `error_rate`, `p50_ms`, `p95_ms`, `p99_ms` and `window_seconds`; rates and times only once there are samples.
///
/// ```
/// use std::time::Duration;
/// use health_checks::passive::RateCheck;
/// use health_core::Health;
///
/// let check = RateCheck::new()
///     .window(Duration::from_mins(5))?
///     .error_thresholds(0.02, 0.2)?
///     .latency_thresholds(0.99, Duration::from_millis(250), Duration::from_secs(2))?;
/// let requests = check.recorder();
/// let health = Health::new();
/// health.register(check.registration().named("requests").critical())?;
///
/// // In each handler:
/// requests.record(true, Duration::from_millis(12));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct RateCheck {
    recorder: RateRecorder,
    window: Duration,
    enough: u32,
    errors: Limits,
    quantile: f64,
    latency: Limits,
    idle: Status,
}

impl Default for RateCheck {
    fn default() -> Self {
        Self::new()
    }
}

impl RateCheck {
    /// Watches a window of a minute.
    pub fn new() -> Self {
        Self {
            recorder: RateRecorder::new(WINDOW),
            window: WINDOW,
            enough: ENOUGH,
            errors: Limits::rising(ERRORS_DEGRADED, ERRORS_UNHEALTHY),
            quantile: QUANTILE,
            latency: Limits::rising(
                LATENCY_DEGRADED.as_secs_f64(),
                LATENCY_UNHEALTHY.as_secs_f64(),
            ),
            idle: Status::Degraded,
        }
    }

    /// Watches a window of this length, from 1 s to 24 h, in place of 60 s. A recorder
    /// that was taken before records into the window that is given up: take it after.
    pub fn window(mut self, length: Duration) -> Result<Self, InvalidCheck> {
        if !(SHORTEST_WINDOW..=LONGEST_WINDOW).contains(&length) {
            return Err(InvalidCheck::new(
                NAME,
                format!(
                    "cannot watch a window of {}; give 1 s to 24 h",
                    Span(length)
                ),
            ));
        }
        self.recorder = RateRecorder::new(length);
        self.window = length;
        Ok(self)
    }

    /// Judges from so many samples on, in place of 20.
    pub fn minimum(mut self, samples: u32) -> Result<Self, InvalidCheck> {
        if samples == 0 {
            return Err(InvalidCheck::new(
                NAME,
                "cannot judge 0 samples; give a minimum of at least 1",
            ));
        }
        self.enough = samples;
        Ok(self)
    }

    /// Degraded and unhealthy from these shares of errors on, in place of 0.01 and 0.05.
    pub fn error_thresholds(mut self, degraded: f64, unhealthy: f64) -> Result<Self, InvalidCheck> {
        let range = f64::MIN_POSITIVE..=1.0;
        self.errors = self.errors.set(NAME, degraded, unhealthy, range)?;
        Ok(self)
    }

    /// Degraded and unhealthy where this share of the samples takes as long or longer,
    /// in place of 0.95, 1 s and 5 s. Known to within 1 %, up to an hour.
    pub fn latency_thresholds(
        mut self,
        quantile: f64,
        degraded: Duration,
        unhealthy: Duration,
    ) -> Result<Self, InvalidCheck> {
        if !(quantile > 0.0 && quantile <= 1.0) {
            return Err(InvalidCheck::new(
                NAME,
                format!(
                    "cannot judge the quantile {}; give one over 0, at most 1",
                    Figure(quantile)
                ),
            ));
        }
        let (degraded, unhealthy) = (degraded.as_secs_f64(), unhealthy.as_secs_f64());
        let range = f64::MIN_POSITIVE..=3600.0;
        self.latency = self.latency.set(NAME, degraded, unhealthy, range)?;
        self.quantile = quantile;
        Ok(self)
    }

    /// Too few samples are healthy, unless there are errors among them, in place of degraded.
    pub fn idle_is_healthy(mut self) -> Self {
        self.idle = Status::Healthy;
        self
    }

    /// What the service records through.
    pub fn recorder(&self) -> RateRecorder {
        self.recorder.clone()
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        // Adding up what was recorded takes some ten microseconds, and never blocks for longer
        // than a record does.
        check_fn(NAME, move |_| ready(self.outcome(&self.recorder.counts())))
            .description("error rate and response times of the service's own work")
            .every(Duration::from_secs(15))
            .timeout(Duration::from_secs(5))
            .passive()
    }

    fn outcome(&self, counts: &Counts) -> Outcome {
        let (samples, errors) = (counts.samples, counts.errors);
        let error_rate = (samples > 0).then(|| figure(errors) / figure(samples));
        let (status, message) = match (error_rate, counts.quantile(self.quantile)) {
            (Some(rate), Some(latency)) if samples >= self.enough.into() => {
                self.judge(rate, latency)
            }
            _ => self.too_few(samples, errors),
        };
        let quantile = |share| counts.quantile(share).map(millis);
        Outcome::new(status, message)
            .detail("samples", samples)
            .detail("errors", errors)
            .detail_if_known("error_rate", error_rate)
            .detail_if_known("p50_ms", quantile(0.5))
            .detail_if_known("p95_ms", quantile(0.95))
            .detail_if_known("p99_ms", quantile(0.99))
            .detail("window_seconds", self.window.as_secs_f64())
    }

    fn judge(&self, error_rate: f64, latency: Duration) -> (Status, String) {
        let (by_errors, error_limit) = self.errors.judge(error_rate);
        let (by_latency, latency_limit) = self.latency.judge(latency.as_secs_f64());
        let errors = format!(
            "{} % errors, limit {} %",
            fine_percent(error_rate),
            fine_percent(error_limit)
        );
        let latency = format!(
            "{} % within {}, limit {latency_limit} s",
            fine_percent(self.quantile),
            Span(latency)
        );
        (by_errors.max(by_latency), format!("{errors}; {latency}"))
    }

    fn too_few(&self, samples: u64, errors: u64) -> (Status, String) {
        let status = if errors > 0 {
            self.idle.max(Status::Degraded)
        } else {
            self.idle
        };
        let window = Span(self.window);
        let message = match (samples, errors) {
            (0, _) => format!("no traffic within {window}, nothing to judge"),
            (_, 0) => format!(
                "{samples} samples within {window}, too few to judge; {} are enough",
                self.enough
            ),
            _ => format!(
                "{errors} errors in {samples} samples within {window}, too few to judge; {} are enough",
                self.enough
            ),
        };
        (status, message)
    }
}

impl From<RateCheck> for Registration {
    fn from(check: RateCheck) -> Self {
        check.registration()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many samples of this latency, so many of them errors.
    fn outcome(check: &RateCheck, samples: u32, errors: u32, latency_ms: u64) -> Outcome {
        let recorder = RateRecorder::new(WINDOW);
        for number in 0..samples {
            recorder.record(number >= errors, Duration::from_millis(latency_ms));
        }
        check.outcome(&recorder.counts())
    }

    #[test]
    fn judged_by_errors_and_latency() {
        use Status::{Degraded, Healthy, Unhealthy};
        let usual = RateCheck::new();
        let any = RateCheck::new().minimum(1).unwrap();
        let never = RateCheck::new().error_thresholds(1.0, 1.0).unwrap();
        for (check, samples, errors, latency, status) in [
            (&usual, 1000, 0, 10, Healthy),
            (&usual, 1000, 9, 10, Healthy),
            (&usual, 1000, 10, 10, Degraded),
            (&usual, 1000, 49, 10, Degraded),
            (&usual, 1000, 50, 10, Unhealthy),
            (&usual, 1000, 1000, 10, Unhealthy),
            (&usual, 20, 0, 0, Healthy),
            (&usual, 20, 0, 980, Healthy),
            (&usual, 20, 0, 1010, Degraded),
            (&usual, 20, 0, 5100, Unhealthy),
            (&usual, 20, 1, 1010, Unhealthy),
            (&any, 1, 0, 10, Healthy),
            (&any, 1, 1, 10, Unhealthy),
            (&never, 20, 19, 10, Healthy),
            (&never, 20, 20, 10, Unhealthy),
        ] {
            let outcome = outcome(check, samples, errors, latency);
            assert_eq!(
                outcome.status(),
                status,
                "{samples} {errors} {latency}: {}",
                outcome.message()
            );
            assert_eq!(outcome.details()["samples"], samples);
            assert_eq!(outcome.details()["errors"], errors);
        }
    }

    #[test]
    fn too_few_samples_prove_nothing() {
        use Status::{Degraded, Healthy};
        for (samples, errors, usual, idle, message) in [
            (
                0,
                0,
                Degraded,
                Healthy,
                "no traffic within 60 s, nothing to judge",
            ),
            (
                19,
                0,
                Degraded,
                Healthy,
                "19 samples within 60 s, too few to judge; 20 are enough",
            ),
            (
                19,
                19,
                Degraded,
                Degraded,
                "19 errors in 19 samples within 60 s, too few to judge; 20 are enough",
            ),
        ] {
            for (check, status) in [
                (RateCheck::new(), usual),
                (RateCheck::new().idle_is_healthy(), idle),
            ] {
                let outcome = outcome(&check, samples, errors, 10);
                assert_eq!((outcome.status(), outcome.message()), (status, message));
            }
        }
        let nothing = outcome(&RateCheck::new(), 0, 0, 0);
        for key in ["error_rate", "p50_ms", "p99_ms"] {
            assert!(!nothing.details().contains_key(key), "{key}");
        }
    }

    #[test]
    fn what_a_person_reads() {
        let outcome = outcome(&RateCheck::new(), 1000, 23, 512);
        assert_eq!(outcome.status(), Status::Degraded);
        assert!(
            outcome
                .message()
                .starts_with("2.3 % errors, limit 1 %; 95 % within 51"),
            "{}",
            outcome.message()
        );
        assert!(outcome.message().ends_with(" ms, limit 1 s"));
    }

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        let (ms, secs) = (Duration::from_millis, Duration::from_secs);
        let check = RateCheck::new;
        for refused in [
            check().window(ms(999)),
            check().window(Duration::MAX),
            check().minimum(0),
            check().error_thresholds(0.0, 0.5),
            check().error_thresholds(0.5, 0.4),
            check().error_thresholds(f64::NAN, 0.4),
            check().error_thresholds(0.5, 1.1),
            check().latency_thresholds(0.0, secs(1), secs(2)),
            check().latency_thresholds(1.1, secs(1), secs(2)),
            check().latency_thresholds(f64::NAN, secs(1), secs(2)),
            check().latency_thresholds(0.5, secs(2), secs(1)),
            check().latency_thresholds(0.5, secs(0), secs(1)),
            check().latency_thresholds(0.5, secs(1), secs(3601)),
        ] {
            let refused = refused.unwrap_err().to_string();
            assert!(refused.starts_with("rate: "), "{refused}");
        }
        assert!(check().window(secs(1)).is_ok());
        assert!(check().latency_thresholds(1.0, ms(1), ms(1)).is_ok());
    }
}
