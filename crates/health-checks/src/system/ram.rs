//! Reads how much memory the machine has, and what of it is left.
//!
//! It judges nothing, and knows no cgroup (see `cgroup`).

use sysinfo::System;
use thiserror::Error;

/// The memory of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ram {
    pub(crate) total_bytes: u64,
    /// What programs can still have without swapping: caches count, as they give way.
    pub(crate) available_bytes: u64,
    pub(crate) swap_total_bytes: u64,
    pub(crate) swap_used_bytes: u64,
}

/// Why the memory of the machine is not known.
#[derive(Debug, Error)]
pub(crate) enum RamError {
    #[error("the system does not say: {0}")]
    System(sysinfo::Error),
    #[error("the system says that it has no memory; mount /proc")]
    Nothing,
}

/// The memory as it is now.
pub(crate) fn read() -> Result<Ram, RamError> {
    // Made anew for each run, because one whose refresh fails keeps its old figures.
    let mut system = System::new().map_err(RamError::System)?;
    system.refresh_memory();
    if system.total_memory() == 0 {
        return Err(RamError::Nothing);
    }
    Ok(Ram {
        total_bytes: system.total_memory(),
        available_bytes: system.available_memory(),
        swap_total_bytes: system.total_swap(),
        swap_used_bytes: system.used_swap(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_a_part_of_what_there_is() {
        let ram = read().unwrap();
        assert!(ram.total_bytes > 16 << 20, "{ram:?}");
        assert!(ram.available_bytes <= ram.total_bytes, "{ram:?}");
        assert!(ram.swap_used_bytes <= ram.swap_total_bytes, "{ram:?}");
    }
}
