//! The transport, spoken to over raw sockets.

#![allow(
    clippy::disallowed_methods,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, and its clients live in threads of the test"
)]

mod binding;
mod closing;
mod endless;
mod eviction;
mod harness;
mod hostile;
mod limits;
mod own_thread;
mod requests;
