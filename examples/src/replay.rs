//! What `lag_replay` decides: its flags, how a trace is read, and what is said of each row.
//!
//! It opens and prints nothing; what it reads is given to it.

pub mod flags;
pub mod lines;
pub mod records;
pub mod report;
pub mod trace;
