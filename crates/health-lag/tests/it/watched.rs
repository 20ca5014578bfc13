//! A source that is polled in haste, and waited for. What is expected of it, the tests say.

use std::sync::Arc;
use std::time::Duration;

use health_lag::{FollowerReading, LagSource, PollState, PollWatch, Poller, Polling, Sample};
use tokio::time::{Instant, timeout_at};

/// Long enough for the slowest machine; reached only by a test that fails.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Watched {
    // Polls until it is dropped.
    _polling: Polling,
    watch: PollWatch,
}

impl Watched {
    pub(crate) fn start(source: impl LagSource) -> Self {
        Self::start_with(source, Duration::from_secs(10))
    }

    /// With a limit for each poll.
    pub(crate) fn start_with(source: impl LagSource, limit: Duration) -> Self {
        let polling = Poller::new("test", source)
            .every(Duration::from_millis(20))
            .at_least_every(Duration::from_millis(20))
            .timeout(limit)
            .start(|_: &str, _: Sample| {})
            .unwrap();
        Self {
            watch: polling.watch(),
            _polling: polling,
        }
    }

    /// The state after a poll that began after this call, and is as it is expected.
    pub(crate) async fn until(
        &mut self,
        what: &str,
        expected: impl Fn(&PollState) -> bool,
    ) -> Arc<PollState> {
        let end = Instant::now() + PATIENCE;
        let mut last = None;
        // One may be under way.
        let mut fresh = false;
        loop {
            let Ok(state) = timeout_at(end, self.watch.next()).await else {
                panic!("waited in vain for {what}: {last:?}")
            };
            let state = state.unwrap();
            if fresh && expected(&state) {
                return state;
            }
            fresh = true;
            last = Some(state);
        }
    }

    /// A sample of this follower that is as it is expected.
    pub(crate) async fn sample(
        &mut self,
        follower: &str,
        what: &str,
        expected: impl Fn(&Sample) -> bool,
    ) -> Sample {
        let state = self
            .until(what, |state| {
                sample(state, follower).is_some_and(|it| expected(&it))
            })
            .await;
        sample(&state, follower).unwrap()
    }

    /// That nothing is known of this follower, in these words.
    pub(crate) async fn unknown(&mut self, follower: &str, words: &str) {
        self.until(words, |state| {
            reading(state, follower).is_some_and(|reading| match &reading.sample {
                Ok(_) => false,
                Err(error) => error.message().contains(words),
            })
        })
        .await;
    }

    /// That a poll brings nothing, in these words.
    pub(crate) async fn failed(&mut self, words: &str) {
        self.until(words, |state| {
            let error = state.error.as_ref();
            error.is_some_and(|error| error.message().contains(words))
        })
        .await;
    }

    /// That nothing is known of this follower, whatever the reason.
    pub(crate) async fn failed_or_unknown(&mut self, follower: &str) {
        self.until("no sample", |state| sample(state, follower).is_none())
            .await;
    }

    /// That a follower has all its leader has.
    pub(crate) async fn caught_up(&mut self, follower: &str) -> Sample {
        self.sample(follower, "a follower that has caught up", |sample| {
            sample.leader == sample.applied
        })
        .await
    }
}

pub(crate) fn reading<'a>(state: &'a PollState, follower: &str) -> Option<&'a FollowerReading> {
    Some(state.followers.get(follower)?.reading())
}

pub(crate) fn sample(state: &PollState, follower: &str) -> Option<Sample> {
    reading(state, follower)?.sample.as_ref().ok().copied()
}
