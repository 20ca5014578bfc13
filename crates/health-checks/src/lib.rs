//! Ready-made health checks that really measure.
//!
//! Each converts into a [`Registration`](health_core::Registration) with fitting
//! defaults, any of which may be overridden. Nothing here runs, schedules or
//! serves a check.
//!
//! ```
//! # #[cfg(feature = "system")] {
//! use health_checks::system::{DiskCheck, MemoryCheck};
//! use health_core::Health;
//!
//! let health = Health::new();
//! health.register(MemoryCheck::new(512.0)?)?;
//! health.register(DiskCheck::new("/").registration().named("disk-root").critical())?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Families
//!
//! One module each, behind a feature of its name.
//!
//! Without any feature the crate is empty, and depends on `health-core` alone.

mod invalid;

// Each family uses some of these.
#[allow(dead_code, reason = "a family may be left out")]
mod clock;
#[allow(dead_code, reason = "a family may be left out")]
mod kept;
#[allow(dead_code, reason = "a family may be left out")]
mod limits;
#[allow(dead_code, reason = "a family may be left out")]
mod margin;
#[allow(dead_code, reason = "a family may be left out")]
mod pace;
#[allow(dead_code, reason = "a family may be left out")]
mod span;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod sql;

#[cfg(feature = "distributed")]
pub mod distributed;
#[cfg(feature = "etcd")]
pub mod etcd;
#[cfg(feature = "mysql")]
pub mod mysql;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(feature = "net")]
pub mod net;
#[cfg(feature = "passive")]
pub mod passive;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(feature = "process")]
pub mod process;
#[cfg(feature = "redis")]
pub mod redis;
#[cfg(feature = "runtime")]
pub mod runtime;
#[cfg(feature = "system")]
pub mod system;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "time")]
pub mod time;
#[cfg(feature = "wrap")]
pub mod wrap;

pub use invalid::InvalidCheck;
