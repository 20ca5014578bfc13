//! What `lag_demo` decides: its flags, the story that it tells, what it records, and the plot of it.
//!
//! It waits, prints and writes nothing.

pub mod flags;
pub mod plot;
pub mod record;
pub mod story;
