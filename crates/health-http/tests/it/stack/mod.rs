//! The whole stack: a server with real checks behind it, under load, abuse and trouble.
//!
//! The transport's own bounds, and the service's own answers, have tests beside this.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its clients live in threads of the test"
)]

mod addresses;
mod connection;
mod events;
pub(crate) mod golden;
mod load;
mod mutated;
mod mutation;
mod negotiated;
mod node;
mod process;
#[cfg(feature = "prometheus")]
mod scrape;
mod secrecy;
mod stall;
mod suspension;
mod trouble;
