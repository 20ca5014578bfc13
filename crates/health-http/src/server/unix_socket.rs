//! The file of a Unix socket: taken over from the dead, never from the living, removed at the end.
//!
//! It accepts nothing.

use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, SockRef, Type};

use super::address::Address;
use super::limits::Limits;
use super::listener::{BindError, prepare};

/// A socket file that is removed when this is dropped, unless another has taken its place.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    identity: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            // The file may be gone already, and there is nobody to tell.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    std::fs::symlink_metadata(path).map(|file| (file.dev(), file.ino()))
}

/// Binds and listens at a path.
pub(crate) fn bind(path: &Path, limits: &Limits) -> Result<(UnixListener, SocketFile), BindError> {
    let address = Address::unix(path);
    clear(path, &address)?;
    let listen = || {
        let socket = socket2::Socket::new(Domain::UNIX, Type::STREAM, None)?;
        prepare(&SockRef::from(&socket), limits)?;
        socket.bind(&SockAddr::unix(path)?)?;
        let file = SocketFile {
            path: std::path::absolute(path)?,
            identity: identity(path)?,
        };
        socket.listen(i32::from(limits.backlog))?;
        socket.set_nonblocking(true)?;
        Ok((socket.into(), file))
    };
    listen().map_err(|error| BindError::from_io(&address, error))
}

/// Removes a socket on which nobody listens.
fn clear(path: &Path, address: &Address) -> Result<(), BindError> {
    let failed = |error| BindError::from_io(address, error);
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
        Ok(file) if !file.file_type().is_socket() => {
            return Err(BindError::NotASocket {
                address: address.to_string(),
            });
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            std::fs::remove_file(path).map_err(failed)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Err(failed(error)),
        // Whoever answers, even with a full queue, is alive.
        Ok(_) | Err(_) => Err(BindError::InUse {
            address: address.to_string(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("health-http-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    #[test]
    fn a_dead_socket_is_replaced_and_a_living_one_refused() {
        let directory = directory("dead");
        let path = directory.join("s");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists(), "a dead socket leaves its file");

        let (_listener, file) = bind(&path, &Limits::default()).unwrap();
        assert!(matches!(
            bind(&path, &Limits::default()),
            Err(BindError::InUse { .. })
        ));
        drop(file);
        assert!(!path.exists(), "the file goes with its socket");
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn what_is_no_socket_is_left_alone() {
        let directory = directory("file");
        let path = directory.join("precious");
        std::fs::write(&path, "data").unwrap();
        assert!(matches!(
            bind(&path, &Limits::default()),
            Err(BindError::NotASocket { .. })
        ));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "data");
        std::fs::remove_dir_all(directory).unwrap();
    }

    #[test]
    fn a_successor_keeps_its_file() {
        let directory = directory("successor");
        let path = directory.join("s");
        let (_listener, file) = bind(&path, &Limits::default()).unwrap();
        // Bound beside the old file and moved over it, so that the two cannot share an inode.
        let beside = directory.join("t");
        let _successor = UnixListener::bind(&beside).unwrap();
        std::fs::rename(&beside, &path).unwrap();
        drop(file);
        assert!(path.exists());
        std::fs::remove_dir_all(directory).unwrap();
    }
}
