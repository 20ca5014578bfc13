//! What the service records of its own work, judged without any load of its own.
//!
//! Nothing here calls the service or what it depends on.
//!
//! The feature adds three crates: `hdrhistogram`, and `byteorder` and `num-traits`, on
//! which it stands.

mod rate_check;
mod rate_recorder;
mod sliding_window;

pub use rate_check::RateCheck;
pub use rate_recorder::RateRecorder;
