//! Measures the file system that holds a path: its space, and its inodes.
//!
//! It judges nothing. It may block for as long as that file system takes to answer.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::wording::used_fraction;

/// What a file system has, and what of it is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    pub(crate) total_bytes: u64,
    pub(crate) used_bytes: u64,
    /// What a process without privileges may still write.
    pub(crate) available_bytes: u64,
    /// `None` where inodes are made as they are needed (btrfs), or not known.
    pub(crate) inodes: Option<Inodes>,
}

impl Space {
    /// The used part of what is used or may be, as `df` counts it: what only a privileged
    /// process may write is left out, so that 1 is where the service's own writes fail.
    pub(crate) fn used_fraction(&self) -> f64 {
        let usable = self.used_bytes.saturating_add(self.available_bytes);
        used_fraction(usable, self.available_bytes)
    }
}

/// How many files a file system can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inodes {
    pub(crate) total: u64,
    /// What a process without privileges may still create.
    pub(crate) available: u64,
}

/// Why the space is not known.
#[derive(Debug, Error)]
pub(crate) enum SpaceError {
    #[error("cannot look at {}: {source}", path.display())]
    Path { path: PathBuf, source: io::Error },
    #[error("the file system of {} does not say its size", .0.display())]
    NoSize(PathBuf),
    #[cfg(not(unix))]
    #[error("the disks cannot be listed: {0}")]
    List(sysinfo::Error),
    #[cfg(not(unix))]
    #[error("no disk holds {}", .0.display())]
    NoDisk(PathBuf),
}

/// Measures the file system that holds `path`, which must exist; links are followed. The kernel
/// knows which one that is, whatever is mounted where.
#[cfg(unix)]
pub(crate) fn measure(path: &Path) -> Result<Space, SpaceError> {
    let answer = rustix::fs::statvfs(path).map_err(|source| SpaceError::Path {
        path: path.to_owned(),
        source: source.into(),
    })?;
    // A kind without contents on a disk, such as that of /proc.
    if answer.f_blocks == 0 {
        return Err(SpaceError::NoSize(path.to_owned()));
    }
    Ok(Space {
        total_bytes: answer.f_blocks.saturating_mul(answer.f_frsize),
        used_bytes: answer
            .f_blocks
            .saturating_sub(answer.f_bfree)
            .saturating_mul(answer.f_frsize),
        available_bytes: answer.f_bavail.saturating_mul(answer.f_frsize),
        inodes: (answer.f_files > 0).then_some(Inodes {
            total: answer.f_files,
            available: answer.f_favail,
        }),
    })
}

/// Measures the file system that holds `path`, which must exist; links are followed.
#[cfg(not(unix))]
pub(crate) fn measure(path: &Path) -> Result<Space, SpaceError> {
    use sysinfo::{DiskRefreshKind, Disks};

    let path = canonical(path)?;
    // Made anew for each run, because a disk whose refresh fails keeps its old figures.
    let mut disks = Disks::new_with_refreshed_list_specifics(DiskRefreshKind::nothing())
        .map_err(SpaceError::List)?;
    let points = disks.iter().map(sysinfo::Disk::mount_point);
    let point = super::mount::holding(&path, points).map(Path::to_owned);
    let disk = disks
        .iter_mut()
        .find(|disk| Some(disk.mount_point()) == point.as_deref());
    let Some(disk) = disk else {
        return Err(SpaceError::NoDisk(path));
    };
    disk.refresh_specifics(DiskRefreshKind::nothing().with_storage());
    if disk.total_space() == 0 {
        return Err(SpaceError::NoSize(path));
    }
    Ok(Space {
        total_bytes: disk.total_space(),
        used_bytes: disk.total_space().saturating_sub(disk.available_space()),
        available_bytes: disk.available_space(),
        inodes: None,
    })
}

#[cfg(not(unix))]
fn canonical(path: &Path) -> Result<PathBuf, SpaceError> {
    let canonical = path.canonicalize().map_err(|source| SpaceError::Path {
        path: path.to_owned(),
        source,
    })?;
    // Windows says `\\?\C:\`, while its disks are listed as `C:\`.
    match canonical.to_str().and_then(|p| p.strip_prefix(r"\\?\")) {
        Some(plain) => Ok(plain.into()),
        None => Ok(canonical),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn kinds_without_contents_are_an_error() {
        for path in ["/proc/self/status", "/sys"] {
            let error = measure(Path::new(path)).unwrap_err();
            assert!(matches!(error, SpaceError::NoSize(_)), "{path}: {error}");
        }
    }

    #[test]
    fn a_missing_path_is_an_error() {
        for path in ["", "/no/such/path", "/etc/hostname/below-a-file", "a\0b"] {
            let error = measure(Path::new(path)).unwrap_err();
            assert!(matches!(error, SpaceError::Path { .. }), "{path}: {error}");
        }
    }

    #[test]
    fn memory_file_systems_are_not_taken_for_the_disk_around_them() {
        let shm = measure(Path::new("/dev/shm")).unwrap();
        let root = measure(Path::new("/")).unwrap();
        assert_ne!(shm.total_bytes, root.total_bytes);
    }
}
