//! Checks that do as a test tells them: what a service uses to test what it does about health.
//!
//! They run like any other check; nothing here runs or judges one.
//!
//! Behind the feature `testing`, meant for `[dev-dependencies]`. Under tokio's
//! paused time a test of minutes takes none:
//!
//! ```
//! use std::time::Duration;
//! use health_core::{Health, Outcome, Probe, testing};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // In a test: #[tokio::test(start_paused = true)] async fn …
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(async {
//! let (check, database) = testing::manual("database", Outcome::healthy());
//! let health = Health::new();
//! health.register(check.critical().every(Duration::from_secs(15)))?;
//! health.start()?;
//! tokio::time::sleep(Duration::from_secs(1)).await;
//! assert!(health.verdict(Probe::Ready).passing);
//!
//! database.set(Outcome::unhealthy("connection refused"));
//! tokio::time::sleep(Duration::from_secs(16)).await;
//! assert!(!health.verdict(Probe::Ready).passing);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?; Ok(()) }
//! ```

mod broken;
mod flapping;
mod manual;
mod scripted;

pub use broken::{hanging, panicking};
pub use flapping::flapping;
pub use manual::{Manual, manual};
pub use scripted::scripted;
