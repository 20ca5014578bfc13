//! Measures the resident memory of this process.
//!
//! It looks at no other process, and judges nothing.

use std::sync::{Mutex, PoisonError};

use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};
use thiserror::Error;

/// Why the memory is not known.
#[derive(Debug, Error)]
pub(crate) enum ResidentMemoryError {
    #[error("the system does not say: {0}")]
    System(sysinfo::Error),
    #[error("this process is not in the process table; mount /proc")]
    NoSuchProcess,
    #[cfg(target_os = "linux")]
    #[error("/proc is that of another PID namespace; mount the one of this process")]
    ForeignProcessTable,
}

/// Reads the resident memory, again and again. What the reader needs is kept
/// between runs, as making it costs more than a run does.
#[derive(Default)]
pub(crate) struct ResidentMemory {
    system: Mutex<Option<System>>,
}

impl ResidentMemory {
    /// The bytes now resident.
    pub(crate) fn read(&self) -> Result<u64, ResidentMemoryError> {
        #[cfg(target_os = "linux")]
        own_process_table()?;
        let pid = sysinfo::get_current_pid().map_err(ResidentMemoryError::System)?;
        let mut kept = self.system.lock().unwrap_or_else(PoisonError::into_inner);
        let system = match kept.as_mut() {
            Some(system) => system,
            None => kept.insert(System::new().map_err(ResidentMemoryError::System)?),
        };
        // Removing what was not found is what tells a failed read from the last one.
        system.refresh_processes_specifics(
            ProcessesToUpdate::Some(&[pid]),
            true,
            ProcessRefreshKind::nothing().with_memory(),
        );
        match system.process(pid).map(sysinfo::Process::memory) {
            Some(bytes) if bytes > 0 => Ok(bytes),
            _ => Err(ResidentMemoryError::NoSuchProcess),
        }
    }
}

/// A process number means another process in the `/proc` of another namespace.
#[cfg(target_os = "linux")]
fn own_process_table() -> Result<(), ResidentMemoryError> {
    let own = std::fs::read_link("/proc/self").map_err(|_| ResidentMemoryError::NoSuchProcess)?;
    if own.to_str() == Some(&std::process::id().to_string()) {
        Ok(())
    } else {
        Err(ResidentMemoryError::ForeignProcessTable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_shows() {
        const TAKEN: usize = 64 << 20;
        let resident = ResidentMemory::default();
        let before = resident.read().unwrap();
        let taken = vec![1_u8; TAKEN];
        let after = resident.read().unwrap();
        assert!(taken.iter().all(|byte| *byte == 1));
        // Half of it, as other tests give memory back meanwhile.
        assert!(after > before + TAKEN as u64 / 2, "{before} to {after}");
    }
}
