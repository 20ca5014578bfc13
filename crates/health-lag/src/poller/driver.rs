//! The one place of this crate that polls, waits and tells. It decides nothing.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the file the ban points to"
)]

use std::sync::Arc;
use std::time::Duration;

use health_core::{MAX_MESSAGE, contained};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout};

use super::Poller;
use super::handle::Polling;
use super::log::Log;
use super::roster::{Effect, Roster};
use super::state::PollState;
use crate::clock;
use crate::sink::LagSink;
use crate::source::{FollowerReading, LagSource, Readings};
use crate::source_error::{self, SourceError};

type Answer = Result<Readings, SourceError>;

pub(super) fn start(runtime: &Handle, poller: Poller, sink: Box<dyn LagSink>) -> Polling {
    let (publish, state) = watch::channel(Arc::default());
    Polling {
        task: runtime.spawn(run(poller, sink, publish)),
        state,
    }
}

async fn run(poller: Poller, sink: Box<dyn LagSink>, publish: watch::Sender<Arc<PollState>>) {
    let mut roster = Roster::new(poller.followers, poller.forget_after);
    let mut told = Told {
        name: poller.name,
        sink,
        state: PollState::default(),
        log: Log::default(),
    };
    let mut underway = JoinSet::new();
    let mut failures = 0_u32;
    loop {
        let begin = clock::instant();
        let answer = poll(&mut underway, &poller.source, poller.timeout).await;
        let now = clock::instant();
        failures = if answer.is_ok() {
            0
        } else {
            failures.saturating_add(1)
        };
        match answer.map_err(presentable) {
            Ok(readings) => {
                told.log(None);
                let leader = readings.leader;
                told.state.ended(None);
                for effect in roster.settle(readings, now) {
                    told.follow(effect).await;
                }
                if let Some(leader) = leader {
                    told.state.leader = Some(leader);
                    told.call(|sink| sink.leader(leader.position, leader.epoch))
                        .await;
                }
            }
            Err(error) => {
                told.log(Some(&error));
                told.state.ended(Some(error.clone()));
                told.call(|sink| sink.failed(None, &error)).await;
            }
        }
        publish.send_replace(Arc::new(told.state.clone()));
        let next = poller.pace.next(begin, now, poller.timeout, failures);
        sleep_until(next.into()).await;
    }
}

/// One poll, in a task of its own: one that blocks its thread is abandoned too. None is begun
/// before the one before has ended.
async fn poll(
    underway: &mut JoinSet<Result<Answer, String>>,
    source: &Arc<dyn LagSource>,
    limit: Duration,
) -> Answer {
    if !underway.is_empty() {
        let ended = timeout(limit, underway.join_next()).await;
        ended.map_err(|_| SourceError::still_running())?;
    }
    let source = source.clone();
    underway.spawn(async move { contained(|| source.poll()).await });
    match timeout(limit, underway.join_next()).await {
        Ok(Some(Ok(Ok(answer)))) => answer,
        Ok(Some(Ok(Err(text)))) => Err(SourceError::panicked(&text)),
        Ok(_) => Err(SourceError::new("the poll was ended by the runtime")),
        Err(_) => {
            underway.abort_all();
            Err(SourceError::late(limit))
        }
    }
}

/// Without credentials, and of a bounded length.
fn presentable(error: SourceError) -> SourceError {
    let message = bounded(error.message());
    error.reworded(message)
}

fn bounded(text: &str) -> String {
    source_error::bounded(text, MAX_MESSAGE)
}

/// The sink, and what is kept of what it was told.
struct Told {
    name: String,
    sink: Box<dyn LagSink>,
    state: PollState,
    log: Log,
}

impl Told {
    async fn follow(&mut self, effect: Effect) {
        match effect {
            Effect::Tell(reading) => self.tell(reading).await,
            Effect::Forget(follower) => {
                self.state.forget(&follower);
                self.call(|sink| sink.forgotten(&follower)).await;
            }
            Effect::Refuse => {
                self.state.refused += 1;
                if self.state.refused.is_power_of_two() {
                    tracing::warn!(
                        source = %self.name,
                        refused = self.state.refused,
                        "no room for a follower, or its name is too long or empty; raise followers_at_most"
                    );
                }
            }
        }
    }

    async fn tell(&mut self, mut reading: FollowerReading) {
        reading.sample = reading.sample.map_err(presentable);
        reading.remark = reading.remark.map(|remark| bounded(&remark));
        let follower = &reading.follower;
        match &reading.sample {
            Ok(sample) => self.call(|sink| sink.sample(follower, *sample)).await,
            Err(error) => self.call(|sink| sink.failed(Some(follower), error)).await,
        }
        self.state.told(reading);
    }

    /// A panic of the sink is its own.
    async fn call(&mut self, call: impl FnOnce(&mut dyn LagSink)) {
        let sink = self.sink.as_mut();
        if let Err(text) = contained(|| async { call(sink) }).await {
            self.state.sink_panicked += 1;
            if self.state.sink_panicked.is_power_of_two() {
                tracing::error!(
                    source = %self.name,
                    panics = self.state.sink_panicked,
                    "the sink of a lag source panicked: {}",
                    bounded(&text)
                );
            }
        }
    }

    fn log(&mut self, error: Option<&SourceError>) {
        let Some(suppressed) = self
            .log
            .admit(error.map(SourceError::message), clock::instant())
        else {
            return;
        };
        let name = &self.name;
        if let Some(error) = error {
            let private = error.error().map(|it| bounded(&it.to_string()));
            tracing::warn!(source = %name, suppressed, error = private, "no lag is known: {error}");
        } else {
            tracing::info!(source = %name, suppressed, "lag is known again");
        }
    }
}
