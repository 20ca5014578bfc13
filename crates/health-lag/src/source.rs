//! Where samples are polled from, and what one poll brings.
//!
//! It polls nothing; see `poller`. Sources of real servers are in `sources`.

use async_trait::async_trait;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::sample::Sample;
use crate::source_error::SourceError;

/// Something that knows how far a leader and its followers are.
///
/// A poll is dropped at its deadline: what it holds across an await must be safe to drop there. It
/// must not block the thread. What it cannot know is an error, never a position that was made up:
/// an error, a hang and a panic alike are no data, and never a lag of zero.
///
/// ```
/// use async_trait::async_trait;
/// use health_lag::{FollowerReading, LagSource, Readings, Sample, SourceError};
///
/// struct Queue;
///
/// #[async_trait]
/// impl LagSource for Queue {
///     async fn poll(&self) -> Result<Readings, SourceError> {
///         let written = 132_651_720;
///         let applied: Option<u64> = None;
///         let sample = applied
///             .map(|applied| Sample::new(written, applied))
///             .ok_or_else(|| SourceError::new("the worker has not said how far it is; start it"));
///         Ok(Readings::new().follower(FollowerReading::new("worker", sample)))
///     }
/// }
/// ```
#[async_trait]
pub trait LagSource: Send + Sync + 'static {
    /// Finds out how far they are now. Where both are not read at once, the followers come first:
    /// else a follower seems to be ahead.
    async fn poll(&self) -> Result<Readings, SourceError>;
}

/// What one poll brought.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Readings {
    pub(crate) followers: Vec<FollowerReading>,
    pub(crate) leader: Option<LeaderReading>,
    pub(crate) complete: bool,
}

impl Readings {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// And of this follower.
    pub fn follower(mut self, reading: FollowerReading) -> Self {
        self.followers.push(reading);
        self
    }

    /// And how far the leader itself is, after all of the samples: so that its progress is known
    /// while no follower is there.
    pub fn leader(mut self, position: u64, epoch: u64) -> Self {
        self.leader = Some(LeaderReading { position, epoch });
        self
    }

    /// Followers that are not named do not exist any more, and are forgotten at once. Without it
    /// they have merely gone silent.
    pub fn complete(mut self) -> Self {
        self.complete = true;
        self
    }

    /// Those named.
    pub fn followers(&self) -> &[FollowerReading] {
        &self.followers
    }
}

/// How far a leader is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LeaderReading {
    /// How far it has written.
    pub position: u64,
    /// Which history it is; see [`Sample::epoch`].
    pub epoch: u64,
}

/// What one poll brought of one follower.
#[derive(Clone, Debug, Serialize)]
pub struct FollowerReading {
    /// Its name, which stays the same from poll to poll.
    pub follower: String,
    /// How far it is, or why that is not known.
    pub sample: Result<Sample, SourceError>,
    /// What is wrong besides, in a sentence for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<String>,
    /// What else is known of it.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub details: Map<String, Value>,
}

impl FollowerReading {
    /// A reading without remark and details.
    pub fn new(follower: impl Into<String>, sample: Result<Sample, SourceError>) -> Self {
        Self {
            follower: follower.into(),
            sample,
            remark: None,
            details: Map::new(),
        }
    }

    /// What is wrong besides the lag.
    pub fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remark = Some(remark.into());
        self
    }

    /// Something else that is known of it.
    pub fn detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }
}
