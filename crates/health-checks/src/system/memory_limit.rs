//! How much memory this process may have: what the machine has, or its cgroup allows.
//!
//! It judges nothing.

use thiserror::Error;

#[cfg(target_os = "linux")]
use super::cgroup::MemoryGroups;
use super::ram::{self, RamError};

/// Who sets the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LimitSource {
    Machine,
    Cgroup,
}

/// Why the limit is not known.
#[derive(Debug, Error)]
pub(crate) enum LimitError {
    #[error(transparent)]
    Machine(#[from] RamError),
    #[cfg(target_os = "linux")]
    #[error("cannot read the cgroup of this process: {0}")]
    Cgroup(std::io::Error),
}

/// Reads the limit, again and again; keeps where it was found.
#[derive(Debug)]
pub(crate) struct MemoryLimit {
    #[cfg(target_os = "linux")]
    groups: MemoryGroups,
}

impl Default for MemoryLimit {
    fn default() -> Self {
        Self {
            #[cfg(target_os = "linux")]
            groups: MemoryGroups::new("/"),
        }
    }
}

impl MemoryLimit {
    /// The bytes, and whose limit they are: `machine` or `cgroup`.
    pub(crate) fn read(&self, source: LimitSource) -> Result<(u64, &'static str), LimitError> {
        let machine = ram::read()?.total;
        let group = match source {
            LimitSource::Machine => None,
            LimitSource::Cgroup => self.group()?,
        };
        Ok(tighter(machine, group))
    }

    #[cfg(target_os = "linux")]
    fn group(&self) -> Result<Option<u64>, LimitError> {
        self.groups.limit().map_err(LimitError::Cgroup)
    }

    #[cfg(not(target_os = "linux"))]
    #[expect(
        clippy::unused_self,
        clippy::unnecessary_wraps,
        reason = "it reads on Linux"
    )]
    fn group(&self) -> Result<Option<u64>, LimitError> {
        Ok(None)
    }
}

/// A group that may have more than there is has no limit of its own.
fn tighter(machine: u64, group: Option<u64>) -> (u64, &'static str) {
    match group {
        Some(group) if group < machine => (group, "cgroup"),
        _ => (machine, "machine"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tighter_of_the_two() {
        for (group, expected) in [
            (None, (1000, "machine")),
            (Some(999), (999, "cgroup")),
            (Some(1000), (1000, "machine")),
            (Some(u64::MAX), (1000, "machine")),
            (Some(0), (0, "cgroup")),
        ] {
            assert_eq!(tighter(1000, group), expected);
        }
    }
}
