//! This process and this machine.
//!
//! Nothing here looks at other processes, or at other machines.
//!
//! A file system may hang, so a disk is asked through
//! [`blocking_fn`](health_core::blocking_fn): that shows as a timeout, and
//! stalls no runtime thread.

mod disk;
mod memory;
mod mount;
mod resident;
mod space;

pub use disk::DiskCheck;
pub use memory::MemoryCheck;
