//! Ordered graceful shutdown: the last thing a service does, so it must never be
//! the thing that hangs.
//!
//! ```no_run
//! use std::process::ExitCode;
//! use health_core::{Health, StartError};
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
//!     match health.start() {
//!         // A signal came before; what there is ends in order all the same.
//!         Ok(()) | Err(StartError::Stopped) => {}
//!         Err(error) => return Err(error.into()),
//!     }
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
//! # For people
//!
//! [`ShutdownBuilder::section`] shows a shutdown under way as a section of the node, which the page
//! of `health-http` draws: what has ended and how, what is left, and how much of the deadline.
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
//! | (none) | all but the rest of this table | over `health-core`: `tokio-util`, `signal-hook`, `rustix`, `humantime`, `futures-util` and what they need |
//! | `hyper` | [`hyper::HyperServer`] | `hyper` (http1, server), `hyper-util`, `socket2` |
//! | `systemd` | [`ShutdownBuilder::systemd`] | `sd-notify` |
//! | `prometheus` | [`ShutdownCollector`] | `prometheus` |
//!
//! # The log
//!
//! All that is said of a shutdown, and of critical failures, is written by a thread of its own,
//! to the subscriber of whoever says it: a subscriber that blocks, as on a full pipe that nobody
//! reads, holds up no shutdown. At most 256 lines wait; further ones are dropped, and counted.
//! The end of [`Shutdown::run`] waits for the last of them, 50 ms at most. While nobody
//! subscribes to `tracing`, there is no such thread, and its feature `log` works as ever.
//!
//! # Critical failures
//!
//! A failure is followed by its check's runs and by time, whichever comes first: the sustained
//! time, the grace, the jitter and the pause after a veto end without a further result. Before
//! it leads to anything the check is looked at again. It is over, and counts anew, when the check
//! recovers, has no fresh evidence, or is disabled, replaced or taken away. Time in which the
//! process was suspended, or its runtime stalled for over a second, counts for none of it. A
//! check that flaps is spoken of once in 10 s.
//!
//! # Known limits
//!
//! - Time in which the process is suspended counts towards the drain delay and the deadline:
//!   continued past the deadline, it ends at once, with 124.
//! - The message of a panic is written by the panic hook, in the thread that panics: if stderr
//!   blocks, that component hangs, until its deadline.
//! - An [`Aggregate`](health_core::Aggregate) that hangs keeps readiness from failing; after a
//!   second, or a tenth of the deadline, the shutdown goes on without.
//! - A SIGHUP that is ignored at the start (`nohup`) stays so on Linux alone; see [`Signals`].
//! - The code for Windows (Ctrl-C, Ctrl-Break, the closing of the console) was compiled and tried
//!   nowhere so far. There is no SIGTERM for a child there: it is killed at once.

mod board;
mod builder;
mod clock;
#[cfg(feature = "prometheus")]
mod collector;
mod component;
mod counted_time;
mod critical;
mod driver;
mod ending;
mod failure;
#[cfg(feature = "hyper")]
pub mod hyper;
mod isolation;
mod last_words;
mod line;
mod log;
mod panic_hook;
mod phase;
mod plan;
mod policy;
mod process;
mod progress;
mod reason;
mod report;
mod section;
mod sequence;
mod shutdown;
mod sighting;
mod signals;
mod standing;
mod stop;
mod streak;
#[cfg(all(feature = "systemd", unix))]
mod systemd;
mod task;
#[cfg(all(feature = "systemd", unix))]
mod teller;
mod trigger;
mod watchdog;

pub use builder::ShutdownBuilder;
#[cfg(feature = "prometheus")]
pub use collector::ShutdownCollector;
pub use component::{Component, Stopped};
pub use ending::Ending;
pub use phase::Phase;
pub use plan::{Plan, PlanBuilder, PlanError};
pub use policy::{CriticalPolicy, Mode};
pub use reason::Reason;
pub use report::{ComponentReport, EXIT_COMPONENT, EXIT_CRITICAL, EXIT_DEADLINE, Report};
pub use shutdown::{InstallError, Shutdown};
pub use signals::Signals;
pub use stop::Stop;
