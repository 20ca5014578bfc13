//! Measures the space of the file system that holds a path.
//!
//! It judges nothing. It may block for as long as that file system takes to answer.

use std::io;
use std::path::{Path, PathBuf};

use sysinfo::{DiskRefreshKind, Disks};
use thiserror::Error;

use super::mount::{self, Mount};

/// The space of a file system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Space {
    pub(crate) total_bytes: u64,
    /// What a process without privileges may still write.
    pub(crate) available_bytes: u64,
}

/// Why the space is not known.
#[derive(Debug, Error)]
pub(crate) enum SpaceError {
    #[error("cannot resolve {}: {source}", path.display())]
    Path { path: PathBuf, source: io::Error },
    #[cfg(target_os = "linux")]
    #[error("cannot read /proc/self/mounts, mount /proc: {0}")]
    Table(io::Error),
    #[error("the disks cannot be listed: {0}")]
    List(sysinfo::Error),
    #[error("no mount holds {}", .0.display())]
    NoMount(PathBuf),
    #[error("the {kind} at {} is of a kind that is not measured", point.display())]
    NotMeasured { point: PathBuf, kind: String },
    #[error("the {kind} at {} does not say its size", point.display())]
    NoSize { point: PathBuf, kind: String },
}

/// Measures the file system that holds `path`, which must exist; links are followed.
pub(crate) fn measure(path: &Path) -> Result<Space, SpaceError> {
    let path = canonical(path)?;
    // Made anew for each run, because a disk whose refresh fails keeps its old figures.
    let mut disks = Disks::new_with_refreshed_list_specifics(DiskRefreshKind::nothing())
        .map_err(SpaceError::List)?;
    let mounts = mounts(&disks)?;
    let Some(mount) = mount::holding(&path, &mounts) else {
        return Err(SpaceError::NoMount(path));
    };
    let (point, kind) = (mount.point.clone(), mount.kind.clone());
    let disk = disks.iter_mut().find(|disk| disk.mount_point() == point);
    let Some(disk) = disk else {
        return Err(SpaceError::NotMeasured { point, kind });
    };
    disk.refresh_specifics(DiskRefreshKind::nothing().with_storage());
    let space = Space {
        total_bytes: disk.total_space(),
        available_bytes: disk.available_space(),
    };
    if space.total_bytes == 0 {
        return Err(SpaceError::NoSize { point, kind });
    }
    Ok(space)
}

/// All mounts. The list of disks leaves some kinds out; a path on one of those would be taken for
/// one on the mount around it.
#[cfg(target_os = "linux")]
fn mounts(_disks: &Disks) -> Result<Vec<Mount>, SpaceError> {
    let table = std::fs::read("/proc/self/mounts").map_err(SpaceError::Table)?;
    Ok(mount::parse(&table))
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "it fails on Linux")]
fn mounts(disks: &Disks) -> Result<Vec<Mount>, SpaceError> {
    let mount = |disk: &sysinfo::Disk| Mount {
        point: disk.mount_point().to_owned(),
        kind: disk.file_system().to_string_lossy().into_owned(),
    };
    Ok(disks.iter().map(mount).collect())
}

fn canonical(path: &Path) -> Result<PathBuf, SpaceError> {
    let canonical = path.canonicalize().map_err(|source| SpaceError::Path {
        path: path.to_owned(),
        source,
    })?;
    // Windows says `\\?\C:\`, while its disks are listed as `C:\`.
    #[cfg(windows)]
    if let Some(plain) = canonical.to_str().and_then(|p| p.strip_prefix(r"\\?\")) {
        return Ok(plain.into());
    }
    Ok(canonical)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_are_not_measured_are_an_error() {
        for path in ["/proc/self/status", "/sys"] {
            let error = measure(Path::new(path)).unwrap_err();
            assert!(
                matches!(error, SpaceError::NotMeasured { .. }),
                "{path}: {error}"
            );
        }
    }

    #[test]
    fn a_missing_path_is_an_error() {
        for path in ["", "/no/such/path"] {
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
