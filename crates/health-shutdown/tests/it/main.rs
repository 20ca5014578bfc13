//! Shutdowns as a service sees them: run on a runtime, under paused time where time matters.
//!
//! The order has its tables and laws beside the sequence; processes are tested through the examples.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "tests spawn what they stop, and read the paused clock"
)]

mod blocked;
#[cfg(feature = "prometheus")]
mod collector;
mod components;
mod critical;
mod critical_life;
mod deadlines;
#[cfg(feature = "hyper")]
mod hyper;
mod journal;
mod life;
mod lines;
mod panics;
mod section;
