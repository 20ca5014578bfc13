//! Publishes a message and waits for it to come back. How it travels is the `PubSub`'s business.

use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Registration};
use tokio::task::yield_now;
use tokio::time::timeout_at;

use super::record::Record;
use super::round_trip::{Arrival, Failure, Step};
use super::token::{Likeness, Tokens, likeness};
use super::{AdapterError, Messages, PubSub};
use crate::clock;
use crate::invalid::InvalidCheck;
use crate::margin;
use crate::span::{LONGEST, SHORTEST, Span, checked};

const NAME: &str = "pub-sub";
const TOPIC: &str = "health-probe";
const MOST_TOPIC: usize = 256;
const WAIT: Duration = Duration::from_secs(10);
const DEGRADED_AFTER: Duration = Duration::from_secs(1);
/// A quarter of the time of a run is kept for ending the subscription.
const TO_CLOSE: u32 = 4;
/// So many messages of others in a row, and others get their turn.
const TURN: u64 = 32;

/// Publishes a unique message on a topic that it is subscribed to, and waits for it.
///
/// | what comes | it says |
/// |---|---|
/// | the message, unchanged | healthy; degraded from 1 s on |
/// | the message, twice | degraded |
/// | the message, changed | unhealthy, integrity violation |
/// | nothing within 10 s | unhealthy, cause `timeout` |
/// | an error, or the end of the subscription | unhealthy |
///
/// Messages of others on the topic, such as the probes of other replicas, are
/// ignored and counted; the topic should be one that nothing else uses. A second
/// copy is noticed if it is there when the first one is; [`linger`](Self::linger)
/// waits for it. The subscription lasts as long as the run, however it ends.
///
/// Registered as `pub-sub`, a shared dependency, every 60 s, with a timeout of
/// 15 s. Its details are `result` (`ok`, `duplicate`, `corrupt`, `timeout`,
/// `failed`), `foreign_messages`, and what the module says; `latency_ms` is from
/// the publishing to the arrival.
///
/// ```
/// use std::time::Duration;
/// use health_checks::distributed::{InProcessPubSub, PubSubCheck};
///
/// let events = InProcessPubSub::default();
/// let check = PubSubCheck::new(events).topic("probes")?.wait(Duration::from_secs(2))?;
/// # Ok::<(), health_checks::InvalidCheck>(())
/// ```
#[must_use = "a check does nothing until it is registered"]
pub struct PubSubCheck {
    pub_sub: Arc<dyn PubSub>,
    topic: String,
    wait: Duration,
    degraded_after: Duration,
    linger: Duration,
}

impl PubSubCheck {
    /// Probes `pub_sub`, which may be shared as an [`Arc`].
    pub fn new(pub_sub: impl PubSub) -> Self {
        Self {
            pub_sub: Arc::new(pub_sub),
            topic: TOPIC.to_owned(),
            wait: WAIT,
            degraded_after: DEGRADED_AFTER,
            linger: Duration::ZERO,
        }
    }

    /// Another topic than `health-probe`: 1 to 256 bytes.
    pub fn topic(mut self, topic: impl Into<String>) -> Result<Self, InvalidCheck> {
        self.topic = topic.into();
        if self.topic.is_empty() || self.topic.len() > MOST_TOPIC {
            let bytes = self.topic.len();
            return Err(InvalidCheck::new(
                NAME,
                format!("cannot use a topic of {bytes} bytes; give 1 to {MOST_TOPIC}"),
            ));
        }
        Ok(self)
    }

    /// How long a run waits for its message, subscribing and publishing included, in
    /// place of 10 s; at most three quarters of the registration's timeout.
    pub fn wait(mut self, wait: Duration) -> Result<Self, InvalidCheck> {
        self.wait = checked(NAME, "a wait", wait, SHORTEST..=LONGEST)?;
        Ok(self)
    }

    /// Degraded from this latency on, in place of 1 s.
    pub fn degraded_after(mut self, latency: Duration) -> Result<Self, InvalidCheck> {
        self.degraded_after = checked(NAME, "a limit of the latency", latency, SHORTEST..=LONGEST)?;
        Ok(self)
    }

    /// How long to wait for a second copy once the message has come, in place of not at all.
    pub fn linger(mut self, linger: Duration) -> Self {
        self.linger = linger;
        self
    }

    /// The check, ready to be registered or adjusted.
    pub fn registration(self) -> Registration {
        let probe = Probe {
            check: self,
            tokens: Tokens::default(),
            record: Record::default(),
        };
        Registration::new(NAME, probe)
            .description("publishes a message and waits for it")
            .every(Duration::from_mins(1))
            .timeout(Duration::from_secs(15))
            .shared_dependency()
    }

    fn outcome(&self, round: &Round) -> Outcome {
        let topic = &self.topic;
        match round.came {
            Ok(Arrival { copies, .. }) if copies > 1 => {
                Outcome::degraded(format!("topic {topic}: the message came {copies} times"))
            }
            Ok(Arrival { latency, .. }) if latency >= self.degraded_after => {
                Outcome::degraded(format!(
                    "topic {topic}: the message took {}, limit {}",
                    Span(latency),
                    Span(self.degraded_after)
                ))
            }
            Ok(_) if round.left_open => Outcome::degraded(format!(
                "topic {topic}: the subscription could not be ended"
            )),
            Ok(Arrival { latency, .. }) => Outcome::healthy()
                .with_message(format!("topic {topic}: the message took {}", Span(latency))),
            Err(Failure::Late(step, span)) => Outcome::timeout(match step {
                Step::Wait => format!(
                    "topic {topic}: the message did not come within {}",
                    Span(span)
                ),
                step => format!("topic {topic}: {step} took longer than {}", Span(span)),
            }),
            Err(Failure::Changed) => Outcome::unhealthy(format!(
                "topic {topic}: integrity violation, the message came back changed"
            )),
            Err(Failure::Ended) => Outcome::unhealthy(format!(
                "topic {topic}: the subscription ended before the message came"
            )),
            Err(Failure::Failed(step)) => {
                Outcome::unhealthy(format!("topic {topic}: {step} failed"))
            }
        }
        .detail("result", round.result())
        .detail("foreign_messages", round.foreign)
    }
}

impl From<PubSubCheck> for Registration {
    fn from(check: PubSubCheck) -> Self {
        check.registration()
    }
}

/// What became of one message.
struct Round {
    came: Result<Arrival, Failure>,
    /// Messages of others that came meanwhile.
    foreign: u64,
    left_open: bool,
    error: Option<AdapterError>,
}

impl Round {
    fn result(&self) -> &'static str {
        match &self.came {
            Ok(arrival) if arrival.copies > 1 => "duplicate",
            Ok(_) => "ok",
            Err(failure) => failure.result(),
        }
    }
}

struct Probe {
    check: PubSubCheck,
    tokens: Tokens,
    record: Record,
}

#[async_trait]
impl Check for Probe {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let run = self.record.begin();
        let (began, deadline) = (run.started(), cx.deadline());
        let last = margin::before(began, deadline, TO_CLOSE);
        let until = began
            .checked_add(self.check.wait)
            .map_or(last, |wait| last.min(wait));
        let closed_by = margin::before(began, deadline, margin::TO_SAY_SO);
        let mut round = self.round(began, until, closed_by).await;
        let mut outcome = self.check.outcome(&round);
        if let Some(error) = round.error.take() {
            outcome = outcome.with_error(error);
        }
        run.finish(outcome, round.came.ok().map(|arrival| arrival.latency))
    }
}

impl Probe {
    /// Sends one message round. The subscription ends with it: it is closed, or
    /// dropped where this future is.
    async fn round(&self, began: Instant, until: Instant, closed_by: Instant) -> Round {
        let mut round = Round {
            came: Err(Failure::Ended),
            foreign: 0,
            left_open: false,
            error: None,
        };
        let late = |step| Failure::Late(step, until.saturating_duration_since(began));
        let subscribing = self.check.pub_sub.subscribe(&self.check.topic);
        let mut messages = match timeout_at(until.into(), subscribing).await {
            Ok(Ok(messages)) => messages,
            Ok(Err(error)) => {
                round.came = Err(Failure::Failed(Step::Subscribe));
                round.error = Some(error);
                return round;
            }
            Err(_elapsed) => {
                round.came = Err(late(Step::Subscribe));
                return round;
            }
        };
        round.came = match self.send(messages.as_mut(), until, &mut round).await {
            Ok(arrival) => Ok(arrival),
            Err(Failure::Late(step, _)) => Err(late(step)),
            Err(failure) => Err(failure),
        };
        match timeout_at(closed_by.into(), messages.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                round.left_open = true;
                round.error.get_or_insert(error);
            }
            Err(_elapsed) => round.left_open = true,
        }
        round
    }

    async fn send(
        &self,
        messages: &mut dyn Messages,
        until: Instant,
        round: &mut Round,
    ) -> Result<Arrival, Failure> {
        let token = self.tokens.token();
        let sent = clock::instant();
        let late = |step| Failure::Late(step, Duration::ZERO);
        let publishing = self
            .check
            .pub_sub
            .publish(&self.check.topic, token.as_bytes());
        match timeout_at(until.into(), publishing).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                round.error = Some(error);
                return Err(Failure::Failed(Step::Publish));
            }
            Err(_elapsed) => return Err(late(Step::Publish)),
        }
        let listening = listen(messages, token.as_bytes(), round);
        timeout_at(until.into(), listening)
            .await
            .unwrap_or_else(|_elapsed| Err(late(Step::Wait)))?;
        let now = clock::instant();
        let latency = now.saturating_duration_since(sent);
        let again = listen(messages, token.as_bytes(), round);
        let again = match now.checked_add(self.check.linger) {
            // A timer of no length would still wait for its next tick.
            _ if self.check.linger.is_zero() => at_once(again).await,
            end => timeout_at(end.map_or(until, |end| end.min(until)).into(), again)
                .await
                .ok(),
        };
        match again {
            Some(Ok(())) => Ok(Arrival { latency, copies: 2 }),
            Some(Err(Failure::Changed)) => Err(Failure::Changed),
            // Whatever else goes wrong now, the message has come.
            Some(Err(_)) | None => {
                round.error = None;
                Ok(Arrival { latency, copies: 1 })
            }
        }
    }
}

/// Waits for what was sent, past the messages of others.
async fn listen(
    messages: &mut dyn Messages,
    sent: &[u8],
    round: &mut Round,
) -> Result<(), Failure> {
    loop {
        let message = match messages.next().await {
            Ok(Some(message)) => message,
            Ok(None) => return Err(Failure::Ended),
            Err(error) => {
                round.error = Some(error);
                return Err(Failure::Failed(Step::Wait));
            }
        };
        match likeness(sent, &message) {
            Likeness::Same => return Ok(()),
            Likeness::Changed => return Err(Failure::Changed),
            Likeness::Other | Likeness::Foreign => round.foreign = round.foreign.saturating_add(1),
        }
        // A flood would keep this task, and with it the deadline, from its turn.
        if round.foreign.is_multiple_of(TURN) {
            yield_now().await;
        }
    }
}

/// What `future` comes to without waiting.
async fn at_once<F: Future>(future: F) -> Option<F::Output> {
    let mut future = std::pin::pin!(future);
    poll_fn(|task| {
        Poll::Ready(match future.as_mut().poll(task) {
            Poll::Ready(output) => Some(output),
            Poll::Pending => None,
        })
    })
    .await
}
