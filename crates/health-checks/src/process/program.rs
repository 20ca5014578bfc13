//! Finds the program of a command, as a shell would by `PATH`.
//!
//! It starts nothing. It looks for itself because the C library's search hands a
//! file that is no program to `/bin/sh`.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Where programs are if the service has no `PATH`.
pub(super) const USUAL_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Why a command does not run.
#[derive(Debug, Error)]
pub(super) enum StartError {
    #[error("{} is not there", .0.display())]
    NotFound(PathBuf),
    #[error("{} is not executable", .0.display())]
    NotExecutable(PathBuf),
    #[error("{} cannot be started: {source}", program.display())]
    Spawn { program: PathBuf, source: io::Error },
    #[error("no thread for the command: {0}")]
    Thread(io::Error),
    #[error("no pipe for the command: {0}")]
    Pipe(io::Error),
}

/// The file of `program`: an absolute path is itself, a name is looked for in `path`.
/// May block for as long as a file system takes to answer.
pub(super) fn find(program: &Path, path: &OsStr) -> Result<PathBuf, StartError> {
    if program.is_absolute() {
        return executable(program).map(|()| program.to_owned());
    }
    let mut refused = None;
    for directory in std::env::split_paths(path) {
        // What is relative in it depends on where the service happens to be.
        if !directory.is_absolute() {
            continue;
        }
        let candidate = directory.join(program);
        match executable(&candidate) {
            Ok(()) => return Ok(candidate),
            Err(error @ StartError::NotExecutable(_)) => refused = Some(error),
            Err(_) => {}
        }
    }
    Err(refused.unwrap_or_else(|| StartError::NotFound(program.to_owned())))
}

fn executable(file: &Path) -> Result<(), StartError> {
    match file.metadata() {
        Ok(metadata) if metadata.is_file() && metadata.permissions().mode() & 0o111 != 0 => Ok(()),
        Ok(_) => Err(StartError::NotExecutable(file.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(StartError::NotExecutable(file.to_owned()))
        }
        Err(_) => Err(StartError::NotFound(file.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_by_name_and_by_path() {
        for (program, path, found) in [
            ("sh", "/no/such:/bin", Some("/bin/sh")),
            ("/bin/sh", "", Some("/bin/sh")),
            ("sh", "", None),
            ("sh", "bin:.", None),
            ("no-such-program", USUAL_PATH, None),
            ("/no/such", "/bin", None),
        ] {
            let file = find(Path::new(program), OsStr::new(path)).ok();
            assert_eq!(file.as_deref(), found.map(Path::new), "{program} in {path}");
        }
    }

    #[test]
    fn what_is_there_but_not_executable_is_told_apart() {
        for (program, path) in [("passwd", "/etc"), ("/etc/passwd", ""), ("/etc", "/")] {
            let error = find(Path::new(program), OsStr::new(path)).unwrap_err();
            assert!(matches!(error, StartError::NotExecutable(_)), "{error}");
        }
        // A later directory may have it.
        let found = find(Path::new("sh"), OsStr::new("/etc:/bin")).unwrap();
        assert_eq!(found, Path::new("/bin/sh"));
    }
}
