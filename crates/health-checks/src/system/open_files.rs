//! Counts the open descriptors of this process, and reads their limit. It judges nothing.

use thiserror::Error;

/// How many are open, and how many may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenFiles {
    pub(crate) open: u64,
    pub(crate) limit: Option<u64>,
}

/// Why they are not counted.
#[cfg(target_os = "linux")]
#[derive(Debug, Error)]
#[error("cannot read /proc/self/fd: {0}")]
pub(crate) struct OpenFilesError(pub(crate) std::io::Error);

#[cfg(target_os = "linux")]
mod counted {
    use std::io;
    use std::os::unix::fs::MetadataExt;

    use rustix::process::{Resource, getrlimit};

    use super::{OpenFiles, OpenFilesError};

    const OWN: &str = "/proc/self/fd";

    impl OpenFilesError {
        /// Whether this process has no descriptor left.
        pub(crate) fn at_the_limit(&self) -> bool {
            self.0.raw_os_error() == Some(rustix::io::Errno::MFILE.raw_os_error())
        }
    }

    /// Whether counting costs the same for any number of descriptors.
    pub(crate) fn is_cheap() -> bool {
        told().is_ok_and(|told| told.is_some())
    }

    pub(crate) fn count() -> Result<OpenFiles, OpenFilesError> {
        let open = match told().map_err(OpenFilesError)? {
            Some(open) => open,
            None => listed().map_err(OpenFilesError)?,
        };
        let limit = getrlimit(Resource::Nofile).current;
        Ok(OpenFiles { open, limit })
    }

    /// Since Linux 6.2 the size of the directory is the number of descriptors; it opens none. A
    /// process without any looks like an older kernel, and is listed.
    fn told() -> io::Result<Option<u64>> {
        let size = std::fs::metadata(OWN)?.size();
        Ok((size > 0).then_some(size))
    }

    /// All but the one that lists them.
    pub(super) fn listed() -> io::Result<u64> {
        let mut open: u64 = 0;
        for entry in std::fs::read_dir(OWN)? {
            entry?;
            open += 1;
        }
        Ok(open.saturating_sub(1))
    }
}

/// Why they are not counted.
#[cfg(not(target_os = "linux"))]
#[derive(Debug, Error)]
pub(crate) enum OpenFilesError {
    #[error("the system does not say: {0}")]
    System(sysinfo::Error),
    #[error("the system does not tell the open files of a process")]
    NotTold,
}

#[cfg(not(target_os = "linux"))]
mod counted {
    use sysinfo::{ProcessRefreshKind, ProcessesToUpdate, System};

    use super::{OpenFiles, OpenFilesError};

    impl OpenFilesError {
        #[expect(clippy::unused_self, reason = "it is told on Linux")]
        pub(crate) fn at_the_limit(&self) -> bool {
            false
        }
    }

    pub(crate) fn is_cheap() -> bool {
        false
    }

    pub(crate) fn count() -> Result<OpenFiles, OpenFilesError> {
        let pid = sysinfo::get_current_pid().map_err(OpenFilesError::System)?;
        let mut system = System::new().map_err(OpenFilesError::System)?;
        system.refresh_processes_specifics(
            ProcessesToUpdate::Some(&[pid]),
            true,
            ProcessRefreshKind::nothing(),
        );
        let process = system.process(pid).ok_or(OpenFilesError::NotTold)?;
        let open = process.open_files().ok_or(OpenFilesError::NotTold)?;
        Ok(OpenFiles {
            open: open as u64,
            limit: process.open_files_limit().map(|limit| limit as u64),
        })
    }
}

pub(crate) use counted::{count, is_cheap};

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_shows_either_way() {
        const OPENED: u64 = 200;
        let before = (count().unwrap().open, counted::listed().unwrap());
        let opened: Vec<_> = (0..OPENED)
            .map(|_| std::fs::File::open("/dev/null").unwrap())
            .collect();
        let after = (count().unwrap().open, counted::listed().unwrap());
        drop(opened);
        // Half of them, as other tests close theirs meanwhile.
        assert!(after.0 > before.0 + OPENED / 2, "{before:?} to {after:?}");
        assert!(after.1 > before.1 + OPENED / 2, "{before:?} to {after:?}");
    }
}
