//! Replication lag: measured, judged, predicted, alerted.

mod alert;
mod breach;
#[allow(dead_code, reason = "a monitor reads the rest")]
mod clock;
mod condition;
mod forecast;
mod lag;
mod level;
mod poller;
mod sample;
mod sink;
mod source;
mod source_error;
mod sources;

pub use alert::{Alert, AlertEvent, AlertKind};
pub use breach::Crossing;
pub use condition::{Condition, Conditions};
pub use forecast::{Forecast, Interval, Method, Quality};
pub use lag::{Lag, Rates};
pub use level::Level;
pub use poller::{FollowerState, PollState, PollWatch, Poller, PollerError, Polling};
pub use sample::{Sample, SampleError};
pub use sink::LagSink;
pub use source::{FollowerReading, LagSource, LeaderReading, Readings};
pub use source_error::SourceError;
pub use sources::InvalidSource;
#[cfg(feature = "mysql")]
pub use sources::mysql;
#[cfg(feature = "openraft")]
pub use sources::openraft;
#[cfg(feature = "postgres")]
pub use sources::postgres;
#[cfg(feature = "redis")]
pub use sources::redis;
