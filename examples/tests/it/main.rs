//! The examples as processes: their flags, their lines, every state from outside, their ends.
//!
//! Cargo names no path for examples, so they are found beside this test's own: `cargo test`
//! builds both. Nothing here judges the wire format, which has tests of its own.
#![cfg(unix)]
#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod flags;
mod graceful;
mod lag_demo;
mod lag_replay;
mod node;
mod operations;
mod page;
mod postgres_lag;
mod process;
