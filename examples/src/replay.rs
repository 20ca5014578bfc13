//! What `lag_replay` decides: its flags, how a trace is read, and what is said of each row.
//!
//! It opens, reads and prints nothing.

pub mod flags;
pub mod report;
pub mod trace;
