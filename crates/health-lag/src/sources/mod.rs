//! Sources of samples: real servers that are asked how far they are.
//!
//! Nothing here judges a lag, or decides when to ask.

// Each source uses some of these.
mod invalid;
#[allow(dead_code, reason = "a source may be left out")]
mod kept;
#[allow(dead_code, reason = "a source may be left out")]
mod silence;
#[allow(dead_code, reason = "a source may be left out")]
mod trouble;

#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "openraft")]
pub mod openraft;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "redis")]
pub mod redis;

pub use invalid::InvalidSource;
