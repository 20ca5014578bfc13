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
//!     println!("{}", report.to_json());
//!     Ok(report.exit())
//! }
//! ```

mod clock;
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
mod stop;
#[cfg(feature = "systemd")]
mod systemd;
mod trigger;
mod watchdog;

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
