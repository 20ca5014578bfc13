//! One client connection, blocking, that takes what the server sends as it comes.
//!
//! Its timeouts only end a test that hangs.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

/// When a server is taken to hang.
const HANG: Duration = Duration::from_mins(1);

/// One whole answer to a GET.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// How a connection ended under what was sent on it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The server closed it in order.
    Closed,
    /// The server cut it: what it had not read, it will not read.
    Reset,
}

pub(crate) struct Connection {
    socket: TcpStream,
    pending: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(HANG)).unwrap();
        socket.set_write_timeout(Some(HANG)).unwrap();
        socket.set_nodelay(true).unwrap();
        Self {
            socket,
            pending: Vec::new(),
        }
    }

    /// The answer to a GET of `path`.
    pub(crate) fn get(&mut self, path: &str) -> Answer {
        let request = format!("GET {path} HTTP/1.1\r\nhost: node\r\n\r\n");
        self.socket.write_all(request.as_bytes()).unwrap();
        self.answer()
    }

    /// Sends anything; a server that has closed the connection may not take it.
    pub(crate) fn offer(&mut self, bytes: &[u8]) {
        if let Err(error) = self.socket.write_all(bytes) {
            assert!(is_end(&error), "the server takes nothing: {error}");
        }
    }

    /// Says that nothing more will be sent.
    pub(crate) fn finish(&self) {
        // A connection that is gone needs no end.
        let _ = self.socket.shutdown(Shutdown::Write);
    }

    /// All that the server sends until the connection ends.
    pub(crate) fn rest(mut self) -> (Vec<u8>, End) {
        let mut chunk = [0; 16 << 10];
        loop {
            match self.socket.read(&mut chunk) {
                Ok(0) => return (self.pending, End::Closed),
                Ok(n) => self.pending.extend_from_slice(&chunk[..n]),
                Err(error) if is_end(&error) => return (self.pending, End::Reset),
                Err(error) => panic!("the server hangs: {error}"),
            }
        }
    }

    /// The answer to what was sent.
    pub(crate) fn answer(&mut self) -> Answer {
        let mut chunk = [0; 16 << 10];
        loop {
            if let Some(answer) = self.take() {
                return answer;
            }
            match self.socket.read(&mut chunk) {
                Ok(0) => panic!("closed without an answer"),
                Ok(n) => self.pending.extend_from_slice(&chunk[..n]),
                Err(error) => panic!("no answer: {error}"),
            }
        }
    }

    fn take(&mut self) -> Option<Answer> {
        let end = self.pending.windows(4).position(|at| at == b"\r\n\r\n")?;
        let head = std::str::from_utf8(&self.pending[..end]).unwrap();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        let body = self.pending.get(end + 4..end + 4 + length)?;
        let answer = Answer {
            status: head[9..12].parse().unwrap(),
            body: String::from_utf8(body.to_vec()).unwrap(),
        };
        self.pending.drain(..end + 4 + length);
        Some(answer)
    }
}

/// One GET on a connection of its own.
pub(crate) fn get(address: SocketAddr, path: &str) -> Answer {
    Connection::open(address).get(path)
}

/// Whether the peer has gone, as opposed to having said nothing.
fn is_end(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted
    )
}
