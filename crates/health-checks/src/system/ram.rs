//! Reads how much memory the machine has, and what of it is left.
//!
//! It judges nothing, and knows no cgroup (see `cgroup`).

use sysinfo::System;
use thiserror::Error;

/// The memory of the machine, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ram {
    pub(crate) total: u64,
    /// What programs can still have without swapping: caches count, as they give way.
    pub(crate) available: u64,
    pub(crate) swap_total: u64,
    pub(crate) swap_used: u64,
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
        total: system.total_memory(),
        available: system.available_memory(),
        swap_total: system.total_swap(),
        swap_used: system.used_swap(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_is_a_part_of_what_there_is() {
        let ram = read().unwrap();
        assert!(ram.total > 16 << 20, "{ram:?}");
        assert!(ram.available <= ram.total, "{ram:?}");
        assert!(ram.swap_used <= ram.swap_total, "{ram:?}");
    }
}
