//! Measures the resident memory of this process.
//!
//! It looks at no other process, and judges nothing.

use thiserror::Error;

/// Why the memory is not known.
#[derive(Debug, Error)]
pub(crate) enum ResidentMemoryError {
    #[cfg(target_os = "linux")]
    #[error("cannot read /proc/self/statm, mount /proc: {0}")]
    Statm(std::io::Error),
    #[cfg(target_os = "linux")]
    #[error("/proc/self/statm says `{0}`, which is not the memory of a process")]
    Nonsense(String),
    #[cfg(not(target_os = "linux"))]
    #[error("the system does not say: {0}")]
    System(sysinfo::Error),
    #[cfg(not(target_os = "linux"))]
    #[error("this process is not in the list of processes")]
    NoSuchProcess,
}

/// The bytes now resident. Read here, as one file of one line; `sysinfo` reads five.
#[cfg(target_os = "linux")]
pub(crate) fn read() -> Result<u64, ResidentMemoryError> {
    let statm = std::fs::read_to_string("/proc/self/statm").map_err(ResidentMemoryError::Statm)?;
    pages(&statm)
        .and_then(|pages| pages.checked_mul(rustix::param::page_size() as u64))
        .ok_or(ResidentMemoryError::Nonsense(statm))
}

/// The second number is that of resident pages; a running process has some.
#[cfg(target_os = "linux")]
fn pages(statm: &str) -> Option<u64> {
    let pages = statm.split_ascii_whitespace().nth(1)?.parse().ok()?;
    (pages > 0).then_some(pages)
}

/// The bytes now resident.
#[cfg(not(target_os = "linux"))]
pub(crate) fn read() -> Result<u64, ResidentMemoryError> {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

    let pid = sysinfo::get_current_pid().map_err(ResidentMemoryError::System)?;
    let mut system = System::new().map_err(ResidentMemoryError::System)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_shows() {
        const TAKEN: usize = 64 << 20;
        let before = read().unwrap();
        let taken = vec![1_u8; TAKEN];
        let after = read().unwrap();
        assert!(taken.iter().all(|byte| *byte == 1));
        // Half of it, as other tests give memory back meanwhile.
        assert!(after > before + TAKEN as u64 / 2, "{before} to {after}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn resident_pages() {
        for (statm, expected) in [
            ("5123 321 200 4 0 90 0\n", Some(321)),
            ("5123 0 0 0 0 0 0\n", None),
            ("5123", None),
            ("", None),
            ("1 -3 0", None),
            ("1 99999999999999999999 0", None),
        ] {
            assert_eq!(pages(statm), expected, "{statm}");
        }
    }
}
