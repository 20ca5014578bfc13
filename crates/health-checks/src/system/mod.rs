//! This process and this machine.
//!
//! Nothing here looks at other processes, or at other machines.
//!
//! A file system may hang, so a disk or a file is asked through
//! [`blocking_fn`](health_core::blocking_fn): that shows as a timeout, and
//! stalls no runtime thread. All else is answered from memory by the kernel.
//!
//! The feature adds 6 crates on Linux: `sysinfo` with `libc`, `rustix` with
//! `bitflags` and `linux-raw-sys`, and `humantime`.

#[cfg(target_os = "linux")]
mod cgroup;
mod cpu_load;
mod cpu_usage;
mod defaults;
mod descriptors;
mod disk;
mod file_age;
mod machine_memory;
mod memory;
mod memory_limit;
#[cfg(any(not(unix), test))]
mod mount;
mod newest_file;
mod open_files;
mod pressure;
mod ram;
mod resident;
mod resource;
mod space;
mod watched_path;
mod wording;

pub use cpu_load::{CpuLoadCheck, LoadAverage};
pub use defaults::defaults;
pub use descriptors::DescriptorCheck;
pub use disk::DiskCheck;
pub use file_age::FileAgeCheck;
pub use machine_memory::MachineMemoryCheck;
pub use memory::MemoryCheck;
pub use pressure::{PressureAverage, PressureCheck, PressureShare};
pub use resource::ResourceCheck;
