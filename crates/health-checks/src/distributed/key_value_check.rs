//! Puts a value, gets it back, deletes it. How it is kept is the `KeyValue`'s business.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, UNIX_EPOCH};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};
use tokio::time::error::Elapsed;
use tokio::time::{sleep, timeout_at};

use super::record::Record;
use super::round_trip::{Arrival, Failure, Step};
use super::token::{Likeness, Tokens, likeness};
use super::{AdapterError, KeyValue};
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::margin;
use crate::span::{LONGEST, SHORTEST, Span, checked};

const NAME: &str = "key-value";
const PREFIX: &str = "health-probe";
const MOST_PREFIX: usize = 128;
const PROPAGATION: Duration = Duration::from_millis(100);
const DEGRADED_AFTER: Duration = Duration::from_secs(1);
/// A quarter of the time of a run is kept for deleting the key.
const TO_DELETE: u32 = 4;
/// How often a value is looked for while it may still show.
const LOOKS: u32 = 10;
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Puts a unique value under a key of its own, waits for it to show, compares it,
/// and deletes the key.
///
/// | what happens | it says |
/// |---|---|
/// | the value shows, unchanged | healthy; degraded from 1 s on |
/// | the value shows, changed | unhealthy, integrity violation |
/// | it does not show within 100 ms | unhealthy, cause `timeout` |
/// | putting or getting gives no answer | unhealthy, cause `timeout` |
/// | putting or getting fails | unhealthy |
/// | all is well, but the key cannot be deleted | degraded |
/// | deleting the key of an earlier run gives no answer | unhealthy, cause `timeout`, and no other is put |
/// | deleting the key of an earlier run fails | unhealthy, and no other is put |
///
/// # What is left behind
///
/// Nothing, after a run that ended, well or not. A run that is dropped cannot
/// delete its key: the next run does so, before it puts another. So there is at
/// most one such key for each registered check. A process that ends in the midst
/// of a run leaves its key for good, unless the store lets keys expire; such keys
/// are known by their names, `health-probe/1760000000/0123456789abcdef`, in which
/// the number is the Unix time of the run in seconds: any that is older than the
/// registration's timeout may be deleted.
///
/// Registered as `key-value`, a shared dependency, every 90 s, with a timeout of
/// 20 s. Its details are `result` (`ok`, `corrupt`, `timeout`, `failed`), `looks`
/// (how often the value was asked for), and what the module says; `latency_ms` is
/// from the putting until the value was seen.
///
/// ```
/// use std::time::Duration;
/// use health_checks::distributed::{InMemoryKeyValue, KeyValueCheck};
///
/// let store = InMemoryKeyValue::default();
/// let check = KeyValueCheck::new(store)
///     .prefix("orders-probe")?
///     .propagation(Duration::from_millis(500));
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[must_use = "a check does nothing until it is registered"]
pub struct KeyValueCheck {
    store: Arc<dyn KeyValue>,
    prefix: String,
    propagation: Duration,
    degraded_after: Duration,
}

impl KeyValueCheck {
    /// Probes `store`, which may be shared as an [`Arc`].
    pub fn new(store: impl KeyValue) -> Self {
        Self {
            store: Arc::new(store),
            prefix: PREFIX.to_owned(),
            propagation: PROPAGATION,
            degraded_after: DEGRADED_AFTER,
        }
    }

    /// Other keys than those under `health-probe`: 1 to 128 visible ASCII characters.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Result<Self, InvalidCheck> {
        self.prefix = prefix.into();
        let visible = self.prefix.bytes().all(|byte| byte.is_ascii_graphic());
        if self.prefix.is_empty() || self.prefix.len() > MOST_PREFIX || !visible {
            return Err(InvalidCheck::new(
                NAME,
                format!("cannot use this prefix; give 1 to {MOST_PREFIX} visible ASCII characters"),
            ));
        }
        Ok(self)
    }

    /// How long a value may take to show once it was put, in place of 100 ms. At
    /// zero it must show at once.
    pub fn propagation(mut self, wait: Duration) -> Self {
        self.propagation = wait;
        self
    }

    /// Degraded from this latency on, in place of 1 s.
    pub fn degraded_after(mut self, latency: Duration) -> Result<Self, InvalidCheck> {
        self.degraded_after = checked(NAME, "a limit of the latency", latency, SHORTEST..=LONGEST)?;
        Ok(self)
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let probe = Probe {
            check: self,
            tokens: Tokens::default(),
            record: Record::default(),
            leftover: Mutex::default(),
        };
        Registration::new(NAME, probe)
            .description("puts a value and gets it back")
            .every(Duration::from_secs(90))
            .timeout(Duration::from_secs(20))
            .shared_dependency()
    }

    fn outcome(&self, came: Result<Arrival, Failure>, deleted: bool) -> Outcome {
        match came {
            Ok(Arrival { latency, .. }) if latency >= self.degraded_after => {
                Outcome::degraded(format!(
                    "the value took {}, limit {}",
                    Span(latency),
                    Span(self.degraded_after)
                ))
            }
            Ok(_) if !deleted => Outcome::degraded(
                "the probe's key could not be deleted; the next run will try again",
            ),
            Ok(Arrival { latency, .. }) => {
                Outcome::healthy().with_message(format!("the value took {}", Span(latency)))
            }
            Err(Failure::Late(Step::Wait, span)) => {
                Outcome::timeout(format!("the value did not show within {}", Span(span)))
            }
            Err(Failure::Late(step, span)) => {
                Outcome::timeout(format!("{step} took longer than {}", Span(span)))
            }
            Err(Failure::Changed) => {
                Outcome::unhealthy("integrity violation: the value came back changed")
            }
            Err(Failure::Failed(Step::Clear)) => Outcome::unhealthy(format!(
                "{} failed; see whether the store is up, and lets the service delete its own keys",
                Step::Clear
            )),
            Err(Failure::Failed(step)) => Outcome::unhealthy(format!("{step} failed")),
            // Only a subscription ends.
            Err(Failure::Ended) => Outcome::unhealthy("the store ended"),
        }
        .detail("result", came.err().map_or("ok", Failure::result))
    }
}

impl From<KeyValueCheck> for Registration {
    fn from(check: KeyValueCheck) -> Self {
        check.registration()
    }
}

struct Probe {
    check: KeyValueCheck,
    tokens: Tokens,
    record: Record,
    /// The key that may be there, and is to be deleted before another is put.
    leftover: Mutex<Option<String>>,
}

#[async_trait]
impl Check for Probe {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let run = self.record.begin();
        let (began, deadline) = (run.started(), cx.deadline());
        let until = margin::before(began, deadline, TO_DELETE);
        let deleted_by = margin::before(began, deadline, margin::TO_SAY_SO);
        let (mut looks, mut error) = (0, None);
        let (came, undeleted) = match self.delete(until, true).await {
            Ok(()) => {
                let came = self.round(began, until, &mut looks, &mut error).await;
                // A put without an answer may yet take effect: the next run deletes it again.
                let put = !matches!(
                    came,
                    Err(Failure::Late(Step::Put, _) | Failure::Failed(Step::Put))
                );
                (came, self.delete(deleted_by, put).await.err())
            }
            Err(undeleted) => {
                let span = until.saturating_duration_since(began);
                (Err(undeleted.failure(span)), Some(undeleted))
            }
        };
        let mut outcome = self.check.outcome(came, undeleted.is_none());
        // Why the probe failed says more than why its key is still there.
        if let Some(error) = error.or(undeleted.map(Undeleted::error)) {
            outcome = outcome.with_error(error);
        }
        let outcome = outcome.detail("looks", looks);
        run.finish(outcome, came.ok().map(|arrival| arrival.latency))
    }
}

/// Why a key may still be there.
enum Undeleted {
    /// The store gave no answer in time.
    Late(Elapsed),
    Failed(AdapterError),
}

impl Undeleted {
    /// What it is of a run that could not put a key for it.
    fn failure(&self, waited: Duration) -> Failure {
        match self {
            Self::Late(_) => Failure::Late(Step::Clear, waited),
            Self::Failed(_) => Failure::Failed(Step::Clear),
        }
    }

    fn error(self) -> AdapterError {
        match self {
            Self::Late(elapsed) => elapsed.into(),
            Self::Failed(error) => error,
        }
    }
}

impl Probe {
    fn leftover(&self) -> MutexGuard<'_, Option<String>> {
        self.leftover.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes the key that may be there. Only then, and if it cannot come back, it is forgotten.
    async fn delete(&self, until: Instant, forget: bool) -> Result<(), Undeleted> {
        let Some(key) = self.leftover().clone() else {
            return Ok(());
        };
        timeout_at(until.into(), self.check.store.delete(&key))
            .await
            .map_err(Undeleted::Late)?
            .map_err(Undeleted::Failed)?;
        if forget {
            *self.leftover() = None;
        }
        Ok(())
    }

    fn key(&self) -> String {
        let since = clock::wall().duration_since(UNIX_EPOCH).unwrap_or_default();
        let (prefix, id) = (&self.check.prefix, self.tokens.id());
        format!("{prefix}/{}/{id}", since.as_secs())
    }

    async fn round(
        &self,
        began: Instant,
        until: Instant,
        looks: &mut u32,
        error: &mut Option<AdapterError>,
    ) -> Result<Arrival, Failure> {
        let late = |step| Failure::Late(step, until.saturating_duration_since(began));
        let mut failed = |step, why| {
            *error = Some(why);
            Failure::Failed(step)
        };
        let (key, token) = (self.key(), self.tokens.token());
        // Before it is put: this future may be dropped while it is.
        *self.leftover() = Some(key.clone());
        let sent = clock::instant();
        timeout_at(until.into(), self.check.store.put(&key, token.as_bytes()))
            .await
            .map_err(|_elapsed| late(Step::Put))?
            .map_err(|why| failed(Step::Put, why))?;
        let put = clock::instant();
        let pause = (self.check.propagation / LOOKS).clamp(SHORTEST_PAUSE, LONGEST_PAUSE);
        loop {
            *looks += 1;
            let value = timeout_at(until.into(), self.check.store.get(&key))
                .await
                .map_err(|_elapsed| late(Step::Get))?
                .map_err(|why| failed(Step::Get, why))?;
            let now = clock::instant();
            match value.map(|value| likeness(token.as_bytes(), &value)) {
                Some(Likeness::Same) => {
                    return Ok(Arrival {
                        latency: now.saturating_duration_since(sent),
                        copies: 1,
                    });
                }
                // The key is this run's alone.
                Some(_) => return Err(Failure::Changed),
                None => {}
            }
            let since = now.saturating_duration_since(put);
            if since >= self.check.propagation {
                return Err(Failure::Late(Step::Wait, self.check.propagation));
            }
            if now >= until {
                return Err(late(Step::Wait));
            }
            sleep(pause.min(self.check.propagation.saturating_sub(since))).await;
        }
    }
}
