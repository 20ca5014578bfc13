//! What the example `postgres_lag` decides without any I/O: its flags, and how a follower reads.

pub mod flags;
pub mod table;
