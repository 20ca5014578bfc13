//! What the example `node` decides without any I/O: its flags.
//!
//! It opens, runs and prints nothing; that is in `node/`.

pub mod duration;
pub mod file_check;
pub mod flags;
