//! Binds a server's socket, and accepts from it.
//!
//! Binding needs no runtime and serves nobody: what arrives waits in the system's queue. The
//! listener does not decide who is served.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};

use socket2::{Domain, Protocol, SockAddr, SockRef, Type};

use super::address::{Address, LocalAddr, Place, resolve};
use super::limits::Limits;
use super::stream::Socket;
#[cfg(unix)]
use super::unix_socket::SocketFile;

/// Why a server could not be bound.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BindError {
    /// The address is not written as one.
    #[error("`{address}` is no address; write HOST:PORT, [IPV6]:PORT or unix:PATH")]
    Invalid {
        /// The address as given.
        address: String,
    },
    /// The host name has no address.
    #[error("the host of {address} is unknown; check its name, or write an IP address")]
    Unresolved {
        /// The address as given.
        address: String,
        /// What the lookup said.
        source: io::Error,
    },
    /// Somebody listens there.
    #[error(
        "{address} is in use; stop who listens there, or choose another (port 0 finds a free one)"
    )]
    InUse {
        /// The address.
        address: String,
    },
    /// The system does not let this process listen there.
    #[error(
        "no permission to listen on {address}; choose a port from 1024 up, or a directory that you may write to"
    )]
    Denied {
        /// The address.
        address: String,
    },
    /// The address belongs to no interface of this machine.
    #[error("{address} is no address of this machine; 0.0.0.0 or [::] listens on all it has")]
    NotLocal {
        /// The address.
        address: String,
    },
    /// Something that is no socket is at the path of a Unix socket.
    #[error("{address} is a file but no socket; remove it, or choose another path")]
    NotASocket {
        /// The address.
        address: String,
    },
    /// Unix sockets do not exist on this system.
    #[error("{address} is a Unix socket, which this system has not; choose a TCP address")]
    Unsupported {
        /// The address.
        address: String,
    },
    /// Anything else.
    #[error("cannot listen on {address}: {source}")]
    Io {
        /// The address.
        address: String,
        /// What the system said.
        source: io::Error,
    },
}

impl From<Infallible> for BindError {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}

impl BindError {
    pub(crate) fn from_io(address: &impl ToString, source: io::Error) -> Self {
        let address = address.to_string();
        match source.kind() {
            io::ErrorKind::AddrInUse => Self::InUse { address },
            io::ErrorKind::PermissionDenied => Self::Denied { address },
            io::ErrorKind::AddrNotAvailable => Self::NotLocal { address },
            _ => Self::Io { address, source },
        }
    }
}

/// A bound socket that nobody accepts from yet.
///
/// Bind before slow initialisation: clients that connect meanwhile are queued by the system.
#[derive(Debug)]
pub struct Listener {
    socket: Bound,
    local: LocalAddr,
}

#[derive(Debug)]
enum Bound {
    Tcp(std::net::TcpListener),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener, Option<SocketFile>),
}

impl Listener {
    /// Binds and listens. A host name with several addresses is bound at the first that works.
    pub fn bind<A>(address: A, limits: &Limits) -> Result<Self, BindError>
    where
        A: TryInto<Address>,
        BindError: From<A::Error>,
    {
        let address = address.try_into()?;
        match address.place() {
            Place::Tcp(socket) => {
                Self::bind_tcp(*socket, limits).map_err(|e| BindError::from_io(&address, e))
            }
            Place::Named(name) => {
                let mut failed = None;
                for socket in resolve(name)? {
                    match Self::bind_tcp(socket, limits) {
                        Ok(listener) => return Ok(listener),
                        Err(error) => failed = failed.or(Some(error)),
                    }
                }
                let failed = failed.unwrap_or_else(|| io::ErrorKind::NotFound.into());
                Err(BindError::from_io(&address, failed))
            }
            #[cfg(unix)]
            Place::Unix(path) => {
                let (socket, file) = super::unix_socket::bind(path, limits)?;
                Ok(Self {
                    socket: Bound::Unix(socket, Some(file)),
                    local: LocalAddr::Unix(Some(path.clone())),
                })
            }
            #[cfg(not(unix))]
            Place::Unix(_) => Err(BindError::Unsupported {
                address: address.to_string(),
            }),
        }
    }

    fn bind_tcp(address: SocketAddr, limits: &Limits) -> io::Result<Self> {
        let socket = socket2::Socket::new(
            Domain::for_address(address),
            Type::STREAM,
            Some(Protocol::TCP),
        )?;
        // Elsewhere than on Unix this would let two processes share the port.
        #[cfg(unix)]
        socket.set_reuse_address(true)?;
        prepare(&SockRef::from(&socket), limits)?;
        socket.set_tcp_nodelay(true)?;
        socket.bind(&SockAddr::from(address))?;
        socket.listen(i32::from(limits.backlog))?;
        Self::from_tcp(socket.into())
    }

    fn from_tcp(socket: std::net::TcpListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let local = LocalAddr::Tcp(socket.local_addr()?);
        Ok(Self {
            socket: Bound::Tcp(socket),
            local,
        })
    }

    /// Adopts a listening TCP socket, such as one that a supervisor passed on.
    pub fn adopt_tcp(socket: std::net::TcpListener, limits: &Limits) -> Result<Self, BindError> {
        let adopt = |socket: std::net::TcpListener| {
            let reference = SockRef::from(&socket);
            prepare(&reference, limits)?;
            reference.set_tcp_nodelay(true)?;
            Self::from_tcp(socket)
        };
        adopt(socket).map_err(|error| BindError::from_io(&"the adopted socket", error))
    }

    /// Adopts a listening Unix socket. Its file is left to its owner.
    #[cfg(unix)]
    pub fn adopt_unix(
        socket: std::os::unix::net::UnixListener,
        limits: &Limits,
    ) -> Result<Self, BindError> {
        let adopt = |socket: std::os::unix::net::UnixListener| {
            prepare(&SockRef::from(&socket), limits)?;
            socket.set_nonblocking(true)?;
            let path = socket.local_addr()?.as_pathname().map(Into::into);
            Ok(Self {
                socket: Bound::Unix(socket, None),
                local: LocalAddr::Unix(path),
            })
        };
        adopt(socket).map_err(|error| BindError::from_io(&"the adopted socket", error))
    }

    /// The address that clients connect to.
    pub fn local_addr(&self) -> &LocalAddr {
        &self.local
    }

    /// Hands the socket to the runtime of the caller.
    pub(crate) fn activate(self) -> io::Result<Acceptor> {
        Ok(match self.socket {
            Bound::Tcp(socket) => Acceptor::Tcp(tokio::net::TcpListener::from_std(socket)?),
            #[cfg(unix)]
            Bound::Unix(socket, file) => {
                Acceptor::Unix(tokio::net::UnixListener::from_std(socket)?, file)
            }
        })
    }
}

/// Accepted sockets inherit what is set on the listener, which saves a system call for each.
pub(crate) fn prepare(socket: &SockRef<'_>, limits: &Limits) -> io::Result<()> {
    if limits.send_buffer > 0 {
        socket.set_send_buffer_size(limits.send_buffer)?;
    }
    Ok(())
}

/// A listener in a runtime.
#[derive(Debug)]
pub(crate) enum Acceptor {
    Tcp(tokio::net::TcpListener),
    #[cfg(unix)]
    Unix(tokio::net::UnixListener, Option<SocketFile>),
}

impl Acceptor {
    pub(crate) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Socket>> {
        match self {
            Self::Tcp(listener) => listener
                .poll_accept(cx)
                .map_ok(|(socket, _)| Socket::Tcp(socket)),
            #[cfg(unix)]
            Self::Unix(listener, _) => listener
                .poll_accept(cx)
                .map_ok(|(socket, _)| Socket::Unix(socket)),
        }
    }

    /// Leaves the runtime, whose idea of readiness may lag behind the system's queue.
    pub(crate) fn into_queue(self) -> io::Result<Queue> {
        Ok(match self {
            Self::Tcp(listener) => Queue::Tcp(listener.into_std()?),
            #[cfg(unix)]
            Self::Unix(listener, file) => {
                // Nobody new finds the socket; who is queued is served.
                drop(file);
                Queue::Unix(listener.into_std()?)
            }
        })
    }
}

/// A listener that is only to be emptied.
#[derive(Debug)]
pub(crate) enum Queue {
    Tcp(std::net::TcpListener),
    #[cfg(unix)]
    Unix(std::os::unix::net::UnixListener),
}

impl Queue {
    /// Accepts what is queued; `None` when nothing is.
    pub(crate) fn accept(&self) -> io::Result<Option<Socket>> {
        let accepted = match self {
            Self::Tcp(listener) => listener.accept().and_then(|(socket, _)| {
                socket.set_nonblocking(true)?;
                Ok(Socket::Tcp(tokio::net::TcpStream::from_std(socket)?))
            }),
            #[cfg(unix)]
            Self::Unix(listener) => listener.accept().and_then(|(socket, _)| {
                socket.set_nonblocking(true)?;
                Ok(Socket::Unix(tokio::net::UnixStream::from_std(socket)?))
            }),
        };
        match accepted {
            Ok(socket) => Ok(Some(socket)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}
