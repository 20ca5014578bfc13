//! What the examples decide without any I/O: their flags, and how a result reads.
//!
//! It opens and runs nothing, and prints no more than help and complaints (`program.rs`); the
//! programs beside it do.

pub mod command_line;
pub mod demo;
pub mod duration;
pub mod file_check;
pub mod flags;
pub mod graceful;
pub mod postgres_lag;
pub mod program;
pub mod replay;
pub mod shutdown_flags;
pub mod stores;
pub mod verdict_table;
