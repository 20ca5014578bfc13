//! Ready-made health checks that really measure: the process's memory, a disk.
//!
//! Each converts into a [`Registration`](health_core::Registration) with fitting
//! defaults, any of which may be overridden. Nothing here runs, schedules or
//! serves a check.
//!
//! ```
//! use health_checks::{DiskCheck, MemoryCheck};
//! use health_core::Health;
//!
//! let health = Health::new();
//! health.register(MemoryCheck::new(512.0)?)?;
//! health.register(DiskCheck::new("/").registration().named("disk-root").critical())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A file system may hang, so a disk is asked through
//! [`blocking_fn`](health_core::blocking_fn): that shows as a timeout, and
//! stalls no runtime thread.
//!
//! # Features
//!
//! | feature | brings | crates it adds on Linux |
//! |---|---|---|
//! | `system` (default) | [`MemoryCheck`], [`DiskCheck`] | 2: `sysinfo`, `libc` |
//! | `network-mounts` | disks on NFS and CIFS (Linux) | none |
//!
//! Without any it is empty, and depends on `health-core` alone.
//!
//! Without `network-mounts` no network mount is ever touched, and a path on one
//! is an error. With it, a network mount that hangs while the mounts are listed
//! lets every [`DiskCheck`] of the process time out.

#[cfg(feature = "system")]
mod disk;
#[cfg(feature = "system")]
mod memory;
#[cfg(feature = "system")]
mod mount;
#[cfg(feature = "system")]
mod resident;
#[cfg(feature = "system")]
mod space;

#[cfg(feature = "system")]
pub use disk::{DiskCheck, DiskThresholdError};
#[cfg(feature = "system")]
pub use memory::{MemoryCheck, MemoryLimitError};
