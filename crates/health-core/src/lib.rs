//! What health *is*: statuses, checks, components, aggregation, history, and
//! the monitor that runs checks and answers probes.
//!
//! Serving health over HTTP, ready-made checks and shutdown are other crates'
//! business; this one opens no socket, and reads nothing but the clock.
//!
//! ```
//! use std::time::Duration;
//! use health_core::{ComponentSpec, Health, Outcome, Probe, check_fn};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let health = Health::builder().node_id("node-1").version("1.4.2").build();
//!
//! // Pulled: a check, run in the background, isolated from all others.
//! health.register(
//!     check_fn("queue", |_| async { Outcome::healthy().detail("depth", 3) })
//!         .critical()
//!         .every(Duration::from_secs(5)),
//! )?;
//! // Pushed: a part of the service that knows its own state.
//! let ingest = health.component(ComponentSpec::new("ingest").critical())?;
//!
//! health.start()?;
//! ingest.ready();
//! health.ask("queue").await?;
//! assert!(health.verdict(Probe::Ready).passing);
//! # Ok(()) }
//! ```
//!
//! # What it promises
//!
//! - Nothing unproven reads as healthy: a check that has not run, hangs,
//!   panics, is late, or whose scheduler died is not healthy, and says why.
//! - Reads never run checks, never wait for writers, and a verdict costs the
//!   same for any number of checks. The one exception is an on-demand check
//!   past its max age, see [`Health::demand`].
//! - Everything is bounded, and what a bound drops is counted.
//! - Credentials are taken out of messages, details and errors before they are
//!   stored, logged or served: [`Redaction`].
//! - A panic is isolated; that needs `panic = "unwind"`.
//!
//! The one feature, `testing` (off by default), adds `testing`: checks that do as
//! a test tells them. The crate pulls in tokio (`rt`, `sync`, `time`), `arc-swap`,
//! `atomic-waker`, `serde`, `serde_json`, `tracing`, `thiserror` and `async-trait`.

mod aggregate;
mod ask;
mod blocking;
mod builder;
mod cell;
mod check;
mod clock;
mod component;
mod directory;
mod driver;
mod engine;
mod event;
mod evidence;
mod exclusion;
mod group;
mod guard;
mod health;
mod history;
mod hysteresis;
mod isolation;
mod log;
mod log_gate;
mod moment;
mod name;
mod observer;
mod outcome;
mod pace;
mod pacemaker;
mod reader;
mod redact;
mod registration;
mod report;
mod row;
mod runner;
mod scope;
mod secret_span;
mod section;
mod slot;
mod slots;
mod spec;
mod state;
mod status;
mod subscription;
mod summary;
mod tallies;
mod tasks;
mod timer;
mod unwind;
mod verdict;
mod wake;
mod wording;

#[cfg(test)]
mod simulator;

#[cfg(feature = "testing")]
pub mod testing;

pub use aggregate::{Aggregate, Aggregation};
pub use ask::AskError;
pub use blocking::{BlockingPool, blocking_fn};
pub use builder::{HealthBuilder, MAX_IDENTITY};
pub use check::{Check, CheckContext, check_fn};
pub use component::{Component, ComponentSpec};
pub use engine::RegisterError;
pub use event::{Event, EventKind};
pub use evidence::{MAX_DEPTH, MAX_DETAILS, MAX_MESSAGE};
pub use group::{Group, GroupError};
pub use guard::{CriticalFailure, Guard, Veto};
pub use health::{Health, StartError, UnknownCheck};
pub use history::{History, HistoryEntry, Totals};
pub use hysteresis::Thresholds;
pub use isolation::{contained, isolated};
pub use log::Unlogged;
pub use name::{MAX_NAME, NameError};
pub use observer::Observer;
pub use outcome::Outcome;
pub use pacemaker::Pacemaker;
pub use redact::{MASK, Redaction};
pub use registration::Registration;
pub use report::Report;
pub use row::{Field, NamedField, Row, Series};
pub use section::{
    MAX_FIELDS, MAX_POINTS, MAX_ROWS, MAX_SECTIONS, Section, SectionError, SectionSpec,
    SectionState,
};
pub use spec::{MAX_DESCRIPTION, MAX_HISTORY, MAX_TAGS, Schedule, Spec, SpecError};
pub use state::CheckState;
pub use status::{Cause, CheckStatus, Impact, Kind, Lifecycle, NodeStatus, Probe, Probes, Status};
pub use subscription::{Notice, Subscription};
pub use summary::Summary;
pub use tallies::Tallies;
pub use unwind::is_isolated;
pub use verdict::Verdict;
