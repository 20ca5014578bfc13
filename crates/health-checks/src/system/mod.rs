//! This process and this machine.
//!
//! Nothing here looks at other processes, or at other machines.
//!
//! A file system may hang, so a disk or a file is asked through
//! [`blocking_fn`](health_core::blocking_fn): that shows as a timeout, and
//! stalls no runtime thread. All else is answered from memory by the kernel.

#[cfg(target_os = "linux")]
mod cgroup;
mod disk;
mod machine_memory;
mod memory;
mod memory_limit;
#[cfg(any(not(unix), test))]
mod mount;
mod ram;
mod resident;
mod space;
mod wording;

pub use disk::DiskCheck;
pub use machine_memory::MachineMemoryCheck;
pub use memory::MemoryCheck;
