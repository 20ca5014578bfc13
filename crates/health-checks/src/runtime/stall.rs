//! Judges how late a runtime gets to its tasks.
//!
//! It does not find who holds it up (tokio-console does), and it measures through
//! `ticker`.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Handle;

use super::ticker::Ticker;
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::limits::Limits;
use health_core::{Check, CheckContext, Outcome, Registration};

const NAME: &str = "runtime-stall";
/// A look every quarter of a second costs a few microseconds of it.
const TICK: Duration = Duration::from_millis(250);
/// In milliseconds.
const LIMITS: Limits = Limits::rising(250.0, 3_000.0);
const MOST_MS: f64 = 3_600_000.0;

/// Watches how late a tokio runtime gets to a task that is due: what blocks its
/// threads delays everything on it.
///
/// A small task ticks on the runtime all the time, so that a stall between two
/// runs is seen too: a run reports the longest delay since the one before, and
/// one that still lasts. A stall that is shorter than the tick may fall between
/// two ticks. Of a runtime with several threads all must be blocked, or the one
/// that holds the timers; one blocked thread of many may not show.
///
/// [`new`](Self::new) watches the runtime that the check runs on. While that is
/// blocked the check cannot run, and says so in its next run; meanwhile its last
/// result grows stale. [`of`](Self::of) watches another runtime, and sees the
/// stall while it lasts. A process that was suspended was late too, and shows it
/// once.
///
/// The task ends with the check. Its first run waits for the first tick.
///
/// Degraded from 250 ms, unhealthy from 3 s, the delay from which health-http's
/// server fails readiness by default; a tick every 250 ms. Registered as
/// `runtime-stall`, every 15 s, with a timeout of 10 s. Its detail is
/// `max_delay_ms`.
///
/// ```
/// use std::time::Duration;
/// use health_checks::runtime::RuntimeStallCheck;
///
/// let check = RuntimeStallCheck::new()
///     .tick(Duration::from_millis(50))?
///     .thresholds(Duration::from_millis(100), Duration::from_secs(1))?;
/// let registration = check.registration();
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a check does nothing until it is registered"]
pub struct RuntimeStallCheck {
    runtime: Option<Handle>,
    tick: Duration,
    limits: Limits,
}

impl Default for RuntimeStallCheck {
    fn default() -> Self {
        Self {
            runtime: None,
            tick: TICK,
            limits: LIMITS,
        }
    }
}

impl RuntimeStallCheck {
    /// Watches the runtime that the check runs on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Watches this runtime, whose timers must be enabled.
    pub fn of(runtime: Handle) -> Self {
        Self {
            runtime: Some(runtime),
            ..Self::default()
        }
    }

    /// Ticks so often, in place of every 250 ms: from 1 ms to 10 s, less than the timeout of
    /// the registration.
    pub fn tick(mut self, tick: Duration) -> Result<Self, InvalidCheck> {
        if !(Duration::from_millis(1)..=Duration::from_secs(10)).contains(&tick) {
            return Err(InvalidCheck::new(
                NAME,
                format!("cannot tick every {tick:?}; give 1 ms to 10 s"),
            ));
        }
        self.tick = tick;
        Ok(self)
    }

    /// Degraded and unhealthy from these delays on, in place of 250 ms and 3 s.
    pub fn thresholds(
        mut self,
        degraded: Duration,
        unhealthy: Duration,
    ) -> Result<Self, InvalidCheck> {
        self.limits = self.limits.set(
            NAME,
            milliseconds(degraded),
            milliseconds(unhealthy),
            1.0..=MOST_MS,
        )?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let stall = Stall {
            check: self,
            ticker: Mutex::new(None),
        };
        Registration::new(NAME, stall)
            .description("how late the runtime gets to its tasks")
            .every(Duration::from_secs(15))
            .timeout(Duration::from_secs(10))
    }

    fn outcome(&self, delay: Duration) -> Outcome {
        let delay = milliseconds(delay);
        let (status, limit) = self.limits.judge(delay);
        let delay = delay.floor();
        Outcome::new(
            status,
            format!("runtime up to {delay} ms late, limit {limit} ms"),
        )
        .detail("max_delay_ms", delay)
    }
}

impl From<RuntimeStallCheck> for Registration {
    fn from(check: RuntimeStallCheck) -> Self {
        check.registration()
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

/// The check with its ticking task, once there is one.
struct Stall {
    check: RuntimeStallCheck,
    ticker: Mutex<Option<Ticker>>,
}

impl Stall {
    /// The longest delay; `None` if a ticker was only just started. An error: its runtime has ended.
    fn look(&self) -> Result<Option<Duration>, ()> {
        let mut kept = self.ticker.lock().unwrap_or_else(PoisonError::into_inner);
        match kept.as_ref() {
            Some(ticker) if !ticker.ended() => return Ok(Some(ticker.delay(clock::instant()))),
            // A node that is started again may be on another runtime.
            Some(_) if self.check.runtime.is_some() => return Err(()),
            _ => {}
        }
        let runtime = self.check.runtime.clone();
        let runtime = runtime.unwrap_or_else(Handle::current);
        *kept = Some(Ticker::start(&runtime, self.check.tick));
        Ok(None)
    }
}

#[async_trait]
impl Check for Stall {
    async fn check(&self, _cx: &CheckContext) -> Outcome {
        let mut delay = self.look();
        if delay == Ok(None) {
            tokio::time::sleep(self.check.tick).await;
            delay = self.look();
        }
        match delay {
            Ok(Some(delay)) => self.check.outcome(delay),
            Ok(None) | Err(()) => Outcome::unhealthy("the runtime that is watched has ended"),
        }
    }
}

#[cfg(test)]
mod tests {
    use health_core::Status;

    use super::*;

    #[test]
    fn thresholds() {
        use Status::{Degraded, Healthy, Unhealthy};
        let check = RuntimeStallCheck::new();
        for (micros, status, message) in [
            (0, Healthy, "runtime up to 0 ms late, limit 250 ms"),
            (249_999, Healthy, "runtime up to 249 ms late, limit 250 ms"),
            (250_000, Degraded, "runtime up to 250 ms late, limit 250 ms"),
            (
                3_000_000,
                Unhealthy,
                "runtime up to 3000 ms late, limit 3000 ms",
            ),
        ] {
            let outcome = check.outcome(Duration::from_micros(micros));
            assert_eq!((outcome.status(), outcome.message()), (status, message));
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let ms = Duration::from_millis;
        for (degraded, unhealthy) in [(2, 1), (0, 5), (1, 3_600_001)] {
            let check = RuntimeStallCheck::new().thresholds(ms(degraded), ms(unhealthy));
            assert!(check.unwrap_err().to_string().starts_with("runtime-stall"));
        }
        for tick in [Duration::ZERO, ms(10_001), Duration::MAX] {
            assert!(RuntimeStallCheck::new().tick(tick).is_err());
        }
    }
}
