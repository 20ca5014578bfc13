//! The example `node` as a process: its flags, its one line, every state from outside, its end.
//!
//! Cargo names no path for examples, so it is found beside this test's own: `cargo test` builds
//! both. Nothing here judges the wire format, which has tests of its own.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod closing;
mod end;
mod process;
mod refusals;
mod states;
mod suspension;
