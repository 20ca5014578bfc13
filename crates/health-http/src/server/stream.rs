//! The socket of a connection, which notes in its record what passes.
//!
//! It enforces no bound.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;

use super::bounds::Phase;
use super::record::Record;

/// A connected socket.
#[derive(Debug)]
pub(crate) enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

/// A socket whose traffic shows in a record.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: Socket,
    record: Arc<Record>,
}

impl Stream {
    pub(crate) fn new(socket: Socket, record: Arc<Record>) -> Self {
        Self { socket, record }
    }

    /// hyper reads when it wants the next head, or the body of a request in hand.
    fn note_read(&self, arrived: bool) {
        match (self.record.phase(), arrived) {
            (Phase::Waiting, true) => self.record.enter(Phase::Head),
            (Phase::Answered, true) => self.record.complete(Phase::Head),
            (Phase::Answered, false) => self.record.complete(Phase::Waiting),
            _ => {}
        }
    }

    fn note_write(&self, written: &Poll<io::Result<usize>>) {
        match (self.record.phase(), written) {
            (Phase::Blocked, Poll::Ready(Ok(_))) => self.record.enter(Phase::Answered),
            (Phase::Blocked, _) | (_, Poll::Ready(_)) => {}
            (_, Poll::Pending) => self.record.enter(Phase::Blocked),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        let read = match &mut this.socket {
            Socket::Tcp(socket) => Pin::new(socket).poll_read(cx, buf),
            #[cfg(unix)]
            Socket::Unix(socket) => Pin::new(socket).poll_read(cx, buf),
        };
        this.note_read(buf.filled().len() > before);
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = match &mut this.socket {
            Socket::Tcp(socket) => Pin::new(socket).poll_write(cx, bytes),
            #[cfg(unix)]
            Socket::Unix(socket) => Pin::new(socket).poll_write(cx, bytes),
        };
        this.note_write(&written);
        written
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = match &mut this.socket {
            Socket::Tcp(socket) => Pin::new(socket).poll_write_vectored(cx, slices),
            #[cfg(unix)]
            Socket::Unix(socket) => Pin::new(socket).poll_write_vectored(cx, slices),
        };
        this.note_write(&written);
        written
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    /// Sockets have no buffer of their own to flush.
    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    /// The socket is closed right after, which ends both directions: a shutdown before it would be
    /// one more system call to no effect.
    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
