//! Measures how busy the processors of the machine were between two looks.
//!
//! It judges nothing. It blocks for a fifth of a second where there was no look before.

use std::sync::{Mutex, PoisonError};

use sysinfo::{MINIMUM_CPU_UPDATE_INTERVAL, System};
use thiserror::Error;

/// Why it is not known.
#[derive(Debug, Error)]
pub(crate) enum CpuUsageError {
    #[error("the system does not say: {0}")]
    System(sysinfo::Error),
    #[error("the system lists no core; mount /proc")]
    NoCore,
}

/// Keeps the last look.
#[derive(Default)]
pub(crate) struct CpuUsage {
    last: Mutex<Option<System>>,
}

impl CpuUsage {
    /// The busy part of all cores since the last call; the first one looks twice. Nearer than
    /// a fifth of a second to the last call it is the figure of that.
    pub(crate) fn read(&self) -> Result<f64, CpuUsageError> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let mut system = match last.take() {
            Some(system) => system,
            None => first_look()?,
        };
        system.refresh_cpu_usage();
        if system.cpus().is_empty() {
            return Err(CpuUsageError::NoCore);
        }
        let usage = f64::from(system.global_cpu_usage()) / 100.0;
        *last = Some(system);
        Ok(usage)
    }
}

fn first_look() -> Result<System, CpuUsageError> {
    let mut system = System::new().map_err(CpuUsageError::System)?;
    system.refresh_cpu_usage();
    std::thread::sleep(MINIMUM_CPU_UPDATE_INTERVAL);
    Ok(system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_look_has_a_figure() {
        let usage = CpuUsage::default().read().unwrap();
        assert!((0.0..=1.0).contains(&usage), "{usage}");
    }
}
