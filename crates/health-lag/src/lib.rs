//! Replication lag: measured, judged, predicted, alerted.
//!
//! ```
//! use std::time::Duration;
//! use health_core::Health;
//! use health_lag::{FollowerSpec, LagMonitor, Sample};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let monitor = LagMonitor::builder()
//!     .warning(Duration::from_secs(5))
//!     .critical(Duration::from_secs(30))
//!     .build()?;
//! monitor.watch()?; // finds out in time what no sample tells: silence, a stall
//!
//! // Several followers share what is known of their leader.
//! let follower = monitor.follower(FollowerSpec::new("standby-1").of("primary"))?;
//! follower.push(Sample::new(132_651_720, 132_651_720))?; // wherever both positions are known
//!
//! let health = Health::new();
//! health.register(follower.registration())?; // critical: unhealthy; warning, breach ahead: degraded
//!
//! let status = follower.status().ok_or("unregistered")?;
//! assert_eq!(status.explain(), "caught up"); // or "lag 12.3 s, growing 0.61 s/s, reaches 30 s in 29 s (22–41 s)"
//! let forecast = follower.forecast(Duration::from_secs(30), 0.9); // value, interval, method, quality
//! let alerts = monitor.alerts().since(1); // numbered, bounded; or a stream: monitor.alerts().subscribe()
//! let all = monitor.statistics(); // counts by level and condition, mean, max, p50, p99
//! # Ok(()) }
//! ```
//!
//! The example `lag_demo` draws [this plot][plot] of a follower that is slowed, stopped and resumed;
//! `lag_replay` replays a recorded trace; `postgres_lag` watches a real primary.
//!
//! [plot]: https://github.com/health-toolkit/health/blob/main/docs/images/lag_demo.svg
//!
//! # What it promises
//!
//! - Lag is time: the age of the oldest entry that is not applied yet, from positions and when the
//!   leader was where. It is interpolated, never extrapolated: what is older than all that is known
//!   is *at least* so old.
//! - Level and conditions are two things: a follower may be at a normal lag and stalled.
//!   [`Condition`] says which there are.
//! - Nothing unproven reads as healthy: without a sample there is no data, and that is unhealthy.
//! - What is refused (NaN, times that go back) is counted and changes nothing.
//! - Everything is bounded, at any rate of samples: 6 KiB a follower, 16 KiB a leader, a log of
//!   alerts that counts what it drops. A sample allocates nothing unless something changes.
//! - The core is synchronous and takes the time as an argument: [`Follower::push_at`] replays a
//!   recording as it was.
//!
//! # Features
//!
//! | feature | brings | crates it adds on Linux |
//! |---|---|---|
//! | (none) | all but the rest of this table | over `health-core`: none |
//! | `prometheus` | [`LagCollector`] | `prometheus` |
//! | `postgres` | [standbys](postgres::PostgresPrimary), [a standby by itself](postgres::PostgresStandby), [slots](postgres::PostgresSlots) | 49: `tokio-postgres`, … |
//! | `redis` | [replicas](redis::RedisPrimary), [a replica by itself](redis::RedisReplica) | 44: `redis`, … |
//! | `mysql` | [a replica by ids or files](mysql::MysqlReplica), [a heartbeat](mysql::MysqlHeartbeat), of MariaDB and MySQL | 78: `mysql_async`, … |
//! | `openraft` | [followers of a Raft leader](openraft::OpenraftLeader) | 44: `openraft`, … |
//!
//! The last four are sources, to be polled into a monitor; so is anything that implements
//! [`LagSource`]. One that fails, hangs or panics leaves its followers without data, never at zero:
//!
//! ```no_run
//! # #[cfg(feature = "postgres")] mod service {
//! use health_lag::{LagMonitor, Poller, postgres::PostgresPrimary};
//!
//! # fn begin() -> Result<(), Box<dyn std::error::Error>> {
//! let monitor = LagMonitor::new();
//! monitor.watch()?;
//! let primary = PostgresPrimary::connect("postgres://watcher:secret@db1/postgres")?;
//! // `standby-1` must be there; others are taken as they are named.
//! let polling = Poller::new("db1", primary).start(monitor.sink("db1").expect("standby-1")?)?;
//! # Ok(()) }
//! # }
//! ```
//!
//! # Known limits
//!
//! - Time in which the process could not run is no silence, if the monitor is
//!   [watched](LagMonitor::watch); else its followers have no data when it wakes, until their next
//!   sample. A runtime that stalls for more than a second passes for a suspension, once until it
//!   goes on: from the next look on all time counts.
//! - A sample is as good as its source: one that reads the leader's position before the follower's
//!   may see it ahead of its leader.

mod alert;
mod alert_log;
mod alerting;
mod alerts;
mod board;
mod breach;
mod builder;
mod check;
mod clock;
#[cfg(feature = "prometheus")]
mod collector;
pub mod compat;
mod condition;
mod driver;
mod estimate;
mod events;
mod explain;
mod follower;
mod forecast;
mod foresight;
mod group;
mod history;
mod judge;
mod lag;
mod leader;
mod level;
mod member;
mod monitor;
mod monitor_sink;
mod policy;
mod poller;
mod pulse;
mod rate;
mod registry;
mod roll;
mod rulebook;
mod sample;
mod section;
mod sink;
mod source;
mod source_error;
mod sources;
mod spec;
mod statistics;
mod status;
mod timeline;
mod watch;

pub use alert::{ActiveAlert, Alert, AlertEvent, AlertKind};
pub use alert_log::AlertPage;
pub use alerts::Alerts;
pub use board::ShowError;
pub use breach::Crossing;
pub use builder::LagMonitorBuilder;
#[cfg(feature = "prometheus")]
pub use collector::LagCollector;
pub use condition::{Condition, Conditions};
pub use estimate::{Estimator, Reading};
pub use events::{LagEvent, LagNotice, LagObserver, LagSubscription, Transition};
pub use follower::Follower;
pub use forecast::{Forecast, Interval, Method, Quality};
pub use history::HistorySpan;
pub use judge::Standing;
pub use lag::{Lag, Rates};
pub use level::Level;
pub use monitor::LagMonitor;
pub use monitor_sink::MonitorSink;
pub use policy::{LagPolicy, PolicyError};
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
pub use spec::{FollowerSpec, MAX_FOLLOWERS, MAX_NAME, RegisterError, UnknownFollower};
pub use statistics::Statistics;
pub use status::Status;
pub use timeline::{Timeline, WentBack};
pub use watch::WatchError;
