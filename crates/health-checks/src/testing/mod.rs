//! In-memory publish/subscribe and key-value with faults, for the tests of users.
//!
//! Scripted checks are in the core crate's `testing`. What behaves well is in
//! [`distributed`](crate::distributed).
//!
//! The feature adds no crate; it switches on the feature `distributed`, and
//! `testing` of the core crate. It is meant for `[dev-dependencies]`.
//!
//! Under tokio's paused time a test of minutes takes none:
//!
//! ```
//! use health_checks::distributed::PubSubCheck;
//! use health_checks::testing::{Fault, FaultyPubSub};
//! use health_core::{Cause, Health};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // In a test: #[tokio::test(start_paused = true)] async fn …
//! # tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?.block_on(async {
//! let broker = FaultyPubSub::default();
//! let health = Health::new();
//! health.register(PubSubCheck::new(broker.clone()))?;
//! health.start()?;
//! assert!(health.ask("pub-sub").await?.healthy());
//!
//! broker.on_publish().always(Fault::Drop);
//! assert_eq!(health.ask("pub-sub").await?.cause, Cause::Timeout);
//! assert_eq!(broker.subscriptions(), 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?; Ok(()) }
//! ```

mod fault;
mod faulty_key_value;
mod faulty_pub_sub;

pub use fault::{Fault, Faults};
pub use faulty_key_value::FaultyKeyValue;
pub use faulty_pub_sub::FaultyPubSub;
