//! Polls a source again and again: how often, for how long, and who is told.
//!
//! It spawns and waits nowhere but in `driver`; whom it knows is in `roster`, when it polls in
//! `pace`.

mod driver;
mod handle;
mod log;
mod pace;
mod roster;
mod state;

use std::sync::Arc;
use std::time::Duration;

pub use handle::{PollWatch, Polling};
pub use state::{FollowerState, PollState};

use crate::sink::LagSink;
use crate::source::LagSource;
use pace::Pace;

/// The longest interval and timeout; a longer one is a mistake.
const LONGEST: Duration = Duration::from_hours(24);

/// A source, and how it is polled.
///
/// Every second, for at most 5 s each time; after failures in a row less often, down to every
/// 10 s. There are never two polls at once: one that hangs is dropped at its deadline, and one
/// that blocks its thread holds the next back. At most 1,000 followers are known at once; one that
/// was silent for an hour is forgotten.
///
/// ```
/// # use async_trait::async_trait;
/// # use health_lag::{FollowerReading, LagSource, Readings, SourceError};
/// # struct Queue;
/// # #[async_trait]
/// # impl LagSource for Queue {
/// #     async fn poll(&self) -> Result<Readings, SourceError> {
/// #         Ok(Readings::new().follower(FollowerReading::new("worker", Ok(Sample::new(7, 7)))))
/// #     }
/// # }
/// use health_lag::{Poller, Sample};
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
/// let polling = Poller::new("queue", Queue).start(move |follower: &str, sample: Sample| {
///     let _ = tell.send((follower.to_owned(), sample));
/// })?;
/// assert_eq!(told.recv().await, Some(("worker".to_owned(), Sample::new(7, 7))));
/// polling.stop().await;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "nothing is polled until it is started"]
pub struct Poller {
    name: String,
    source: Arc<dyn LagSource>,
    pace: Pace,
    timeout: Duration,
    followers: usize,
    forget_after: Duration,
}

impl Poller {
    /// A source, by a name for the log.
    pub fn new(name: impl Into<String>, source: impl LagSource) -> Self {
        Self {
            name: name.into(),
            source: Arc::new(source),
            pace: Pace {
                interval: Duration::from_secs(1),
                slowest: Duration::from_secs(10),
            },
            timeout: Duration::from_secs(5),
            followers: 1_000,
            forget_after: Duration::from_hours(1),
        }
    }

    /// How often, from the begin of one poll to that of the next.
    pub fn every(mut self, interval: Duration) -> Self {
        self.pace.interval = interval;
        self
    }

    /// How long a poll may take.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = limit;
        self
    }

    /// How often at least while polls fail; it is not more often than usual.
    pub fn at_least_every(mut self, interval: Duration) -> Self {
        self.pace.slowest = interval;
        self
    }

    /// How many followers are known at once. One more takes the place of that which has been
    /// silent for longest; if none is silent it is refused, and counted.
    pub fn followers_at_most(mut self, count: usize) -> Self {
        self.followers = count;
        self
    }

    /// After how long a silence a follower is forgotten.
    pub fn forget_after(mut self, silence: Duration) -> Self {
        self.forget_after = silence;
        self
    }

    /// Polls from now on until the handle is dropped, and tells `sink`.
    ///
    /// # Errors
    ///
    /// Refuses an interval or a timeout of zero or more than a day, and to start outside of a tokio
    /// runtime.
    pub fn start(self, sink: impl LagSink) -> Result<Polling, PollerError> {
        for (what, time) in [("interval", self.pace.interval), ("timeout", self.timeout)] {
            if time.is_zero() || time > LONGEST {
                return Err(PollerError::Time(what, time));
            }
        }
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| PollerError::NoRuntime)?;
        Ok(driver::start(&runtime, self, Box::new(sink)))
    }
}

/// Why polling cannot start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PollerError {
    /// A time that is none to wait.
    #[error("{0}: {1:?} is no time to wait; give more than zero, and at most a day")]
    Time(&'static str, Duration),
    /// Nothing runs here.
    #[error("a source is polled within a tokio runtime; start it there")]
    NoRuntime,
}
