//! Connections of clients that mean harm or sleep: what each kind sends, and a crowd of one kind.
//!
//! It watches no server; how long one bears a crowd is measured elsewhere.

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

/// How a connection misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Connects and says nothing.
    Silent,
    /// Sends its header a byte at a time.
    SlowHeader,
    /// Announces a body and sends it a byte at a time.
    SlowBody,
    /// Asks for the report again and again, and reads none.
    SlowReader,
    /// Asks once, and stays.
    Idle,
}

impl Kind {
    pub(crate) const ALL: [Self; 5] = [
        Self::Silent,
        Self::SlowHeader,
        Self::SlowBody,
        Self::SlowReader,
        Self::Idle,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Silent => "silent",
            Self::SlowHeader => "slow header",
            Self::SlowBody => "slow body",
            Self::SlowReader => "slow reader",
            Self::Idle => "idle",
        }
    }

    /// What it sends at once.
    fn opening(self) -> Vec<u8> {
        match self {
            Self::Silent => Vec::new(),
            Self::SlowHeader => b"GET /ready HTTP/1.1\r\nHost: localhost\r\nX-Slow: ".to_vec(),
            Self::SlowBody => {
                b"GET /ready HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n".to_vec()
            }
            Self::SlowReader => b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100),
            Self::Idle => b"GET /ready HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
        }
    }

    /// What it goes on sending.
    fn trickle(self) -> Option<&'static [u8]> {
        matches!(self, Self::SlowHeader | Self::SlowBody).then_some(b"a")
    }
}

const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// Open connections of one kind.
pub(crate) struct Crowd {
    kind: Kind,
    streams: Vec<TcpStream>,
}

impl Crowd {
    /// Connects as many as are let in; the rest count as turned away.
    pub(crate) fn open(kind: Kind, addr: SocketAddr, size: usize) -> Self {
        let opening = kind.opening();
        let streams = (0..size)
            .filter_map(|_| connect(kind, addr, &opening).ok())
            .collect();
        Self { kind, streams }
    }

    pub(crate) fn len(&self) -> usize {
        self.streams.len()
    }

    /// Sends one more byte on each; those that have ended are dropped.
    pub(crate) fn trickle(&mut self) {
        if let Some(byte) = self.kind.trickle() {
            self.streams.retain_mut(|stream| match stream.write(byte) {
                Ok(_) => true,
                Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
            });
        }
    }
}

pub(crate) fn connect(kind: Kind, addr: SocketAddr, opening: &[u8]) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(addr), Type::STREAM, Some(Protocol::TCP))?;
    if kind == Kind::SlowReader {
        // Only before connecting does it bound the window that is offered.
        socket.set_recv_buffer_size(4096)?;
    }
    socket.connect_timeout(&addr.into(), CONNECT_LIMIT)?;
    socket.set_nonblocking(true)?;
    let mut stream = TcpStream::from(socket);
    // What does not fit now need not arrive: the kind is bad already.
    let _ = stream.write(opening);
    Ok(stream)
}

/// The bytes of a half-sent header, for a flood.
pub(crate) fn half_a_header() -> Vec<u8> {
    Kind::SlowHeader.opening()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_bad_in_its_own_way() {
        let ends = |kind: Kind| kind.opening().ends_with(b"\r\n\r\n");
        assert!(Kind::Silent.opening().is_empty());
        assert!(!ends(Kind::SlowHeader) && Kind::SlowHeader.trickle().is_some());
        assert!(ends(Kind::SlowBody) && Kind::SlowBody.trickle().is_some());
        assert!(ends(Kind::SlowReader) && Kind::SlowReader.trickle().is_none());
        assert!(ends(Kind::Idle) && Kind::Idle.trickle().is_none());
    }

    #[test]
    fn a_crowd_connects_and_drops_those_that_ended() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let mut crowd = Crowd::open(Kind::SlowHeader, listener.local_addr().unwrap(), 3);
        assert_eq!(crowd.len(), 3);
        crowd.trickle();
        assert_eq!(crowd.len(), 3);
        drop(listener);
        // The first write after the reset may still be taken.
        assert!(crate::clock::wait_until(Duration::from_secs(5), || {
            crowd.trickle();
            crowd.len() == 0
        }));
    }
}
