//! Ordered graceful shutdown: the last thing a service does, so it must never be
//! the thing that hangs.
//!
//! ```no_run
//! use std::process::ExitCode;
//! use health_core::Health;
//! use health_shutdown::{Component, Shutdown, Signals};
//!
//! #[tokio::main]
//! async fn main() -> Result<ExitCode, Box<dyn std::error::Error>> {
//!     let health = Health::new();
//!     // First of all: a signal during a slow start ends it through the same phases.
//!     let shutdown = Shutdown::of(&health)
//!         .signals(Signals::default())
//!         .watchdog()
//!         .install()?;
//!
//!     let plan = shutdown
//!         .plan()
//!         .flush(Component::new("queue", |_| async { std::fs::File::open("queue")?.sync_all() }))
//!         .build()?;
//!     health.start()?;
//!     let report = shutdown.run(plan).await;
//!     report.print();
//!     Ok(report.exit())
//! }
//! ```
//!
//! # What it promises
//!
//! - Readiness fails first, and is seen to fail before anything stops; liveness holds while
//!   it drains; what is planned as the last goes last.
//! - Whatever fails, panics or hangs never stops the sequence. Each component has a deadline:
//!   the least of its own, its phase's, and what is left of the whole. Then it is asked to
//!   hurry, given a moment (500 ms, or a tenth of the whole), aborted, and reported.
//! - With the watchdog the process ends at the deadline even if every runtime is blocked and
//!   nobody reads its output.
//! - Nothing is installed that was not asked for by name: signal handlers, watchdog, panic hook.
//! - A critical failure begins a shutdown only by an explicit policy, never for a shared
//!   dependency, and a [`Guard`](health_core::Guard) may veto it.
//!
//! # Setting the times
//!
//! The drain delay must be at least the prober's interval times its failure threshold (a
//! kubelet's `periodSeconds` × `failureThreshold`), else traffic still comes when the intake
//! closes. The deadline must be below the orchestrator's own patience
//! (`terminationGracePeriodSeconds`, systemd's `TimeoutStopSec`).
//!
//! # Exit codes
//!
//! | code | meaning |
//! |---|---|
//! | 0 | all ended as it should |
//! | 70 | so it did, and critical health had begun it |
//! | 71 | a component failed, panicked or was aborted; or a task's panic had begun it |
//! | 124 | the deadline of the whole passed |
//! | 128 + n | a second signal, number n, ended it at once |
//!
//! # Features
//!
//! | feature | brings | crates it adds on Linux |
//! |---|---|---|
//! | (none) | all but the rest of this table | over `health-core`: `tokio-util`, `signal-hook`, `rustix`, `humantime` and what they need |
//! | `hyper` | [`hyper::HyperServer`] | `hyper` (http1, server), `hyper-util`, `socket2` |
//! | `systemd` | [`ShutdownBuilder::systemd`] | `sd-notify` |
//! | `prometheus` | [`ShutdownCollector`] | `prometheus` |
//!
//! # Known limits
//!
//! - Time in which the process is suspended counts towards the deadline: continued past it, it
//!   ends at once, with 124.
//! - A critical failure is judged when something is reported: its jitter, and the pause after a
//!   veto, last until the next result of any check.
//! - A log that blocks (a full pipe that nobody reads) holds up the sequence; the watchdog ends it.
//!
//! Signals are heard on Unix only so far; elsewhere `install` with signals fails, and
//! [`Shutdown::request`] is the way.

mod clock;
#[cfg(feature = "prometheus")]
mod collector;
mod component;
mod critical;
mod driver;
mod ending;
#[cfg(feature = "hyper")]
pub mod hyper;
mod isolation;
mod last_words;
mod panic_hook;
mod phase;
mod plan;
mod process;
mod progress;
mod reason;
mod report;
mod sequence;
mod shutdown;
mod signals;
mod standing;
mod stop;
#[cfg(feature = "systemd")]
mod systemd;
mod trigger;
mod watchdog;

#[cfg(feature = "prometheus")]
pub use collector::ShutdownCollector;
pub use component::{Component, Stopped};
pub use critical::{CriticalPolicy, Mode};
pub use ending::Ending;
pub use phase::Phase;
pub use plan::{Plan, PlanBuilder, PlanError};
pub use reason::Reason;
pub use report::{ComponentReport, EXIT_COMPONENT, EXIT_CRITICAL, EXIT_DEADLINE, Report};
pub use shutdown::{InstallError, Shutdown, ShutdownBuilder};
pub use signals::Signals;
pub use stop::Stop;
