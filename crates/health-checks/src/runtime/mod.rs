//! The tokio runtime, and loops that must go on.
//!
//! What happens on a runtime that is wholly blocked, a check that runs on it can
//! tell afterwards only. Meanwhile its last result grows stale, and a server on a
//! thread of its own sees the stall. A check that runs on another runtime tells
//! it at once: [`RuntimeStallCheck::of`].
//!
//! The feature adds no crate.

mod load;
mod stall;
mod ticker;
mod watchdog;

pub use load::RuntimeLoadCheck;
pub use stall::RuntimeStallCheck;
pub use watchdog::{Heartbeat, WatchdogCheck};
