//! What `health-core` promises, over its public API: the one integration binary.
//!
//! Decisions have their tables beside them in `src`; here everything runs.
#![allow(
    clippy::disallowed_methods,
    reason = "a test plays the application, which reads clocks and spawns as it likes"
)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what is wrong by failing"
)]

mod blocking;
mod component;
mod disclosure;
mod events;
mod group;
mod isolation;
mod leaks;
mod lifecycle;
mod on_demand;
mod outcome;
mod panics;
mod registry;
mod repeats;
mod runs;
mod scale;
mod stage;
mod staleness;
mod storm;
mod suspension;
#[cfg(feature = "testing")]
mod testing;
