//! Looks when a file, or the newest file of a directory, was written.
//!
//! It judges nothing. It may block for as long as the file system takes to answer.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use thiserror::Error;

/// The most entries of a directory that are looked at.
pub(crate) const MOST_ENTRIES: usize = 10_000;

/// A file, as its file system knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) modified: SystemTime,
    pub(crate) size_bytes: u64,
    /// Its name, and how many files were looked at, if it is the newest of several.
    pub(crate) among: Option<(String, usize)>,
}

/// Why there is none.
#[derive(Debug, Error)]
pub(crate) enum FileError {
    #[error("cannot look at {}: {source}", path.display())]
    Look { path: PathBuf, source: io::Error },
    #[error("{} is a directory", .0.display())]
    Directory(PathBuf),
    #[error("{} holds no file", .0.display())]
    Empty(PathBuf),
    #[error("{} holds more than {MOST_ENTRIES} entries", .0.display())]
    TooMany(PathBuf),
    #[error("no time is kept of {}: {source}", path.display())]
    NoTime { path: PathBuf, source: io::Error },
}

/// The file at `path`.
pub(crate) fn file(path: &Path) -> Result<File, FileError> {
    let metadata = fs::metadata(path).map_err(look(path))?;
    if metadata.is_dir() {
        return Err(FileError::Directory(path.to_owned()));
    }
    dated(path, &metadata)
}

/// The newest file in `directory` whose name ends in `ending`.
pub(crate) fn newest_in(directory: &Path, ending: &str) -> Result<File, FileError> {
    let mut newest: Option<File> = None;
    let mut files = 0;
    for (number, entry) in fs::read_dir(directory)
        .map_err(look(directory))?
        .enumerate()
    {
        if number >= MOST_ENTRIES {
            return Err(FileError::TooMany(directory.to_owned()));
        }
        let entry = entry.map_err(look(directory))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.ends_with(ending) {
            continue;
        }
        let path = entry.path();
        let metadata = match fs::metadata(&path) {
            // Deleted meanwhile, or a link to nowhere.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            metadata => metadata.map_err(look(&path))?,
        };
        if !metadata.is_file() {
            continue;
        }
        files += 1;
        let file = dated(&path, &metadata)?;
        if newest
            .as_ref()
            .is_none_or(|newest| file.modified > newest.modified)
        {
            newest = Some(File {
                among: Some((name, 0)),
                ..file
            });
        }
    }
    let mut newest = newest.ok_or_else(|| FileError::Empty(directory.to_owned()))?;
    if let Some((_, among)) = &mut newest.among {
        *among = files;
    }
    Ok(newest)
}

fn dated(path: &Path, metadata: &Metadata) -> Result<File, FileError> {
    let modified = metadata.modified().map_err(|source| FileError::NoTime {
        path: path.to_owned(),
        source,
    })?;
    Ok(File {
        modified,
        size_bytes: metadata.len(),
        among: None,
    })
}

fn look(path: &Path) -> impl FnOnce(io::Error) -> FileError {
    let path = path.to_owned();
    |source| FileError::Look { path, source }
}
