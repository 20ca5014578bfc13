//! One blocking HTTP/1.1 connection that checks every response to its last byte.
//!
//! It measures nothing and retries nothing.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use crate::response::{Head, MalformedHead, parse_head};

/// No server here needs longer for an honest request, be it under valgrind.
const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    #[error("cannot connect: {0}")]
    Connect(io::Error),
    #[error("cannot send: {0}")]
    Send(io::Error),
    #[error("cannot receive: {0}")]
    Receive(io::Error),
    #[error("the connection ended after {got} bytes of a response")]
    Short { got: usize },
    #[error("{0} bytes came after the last response")]
    Excess(usize),
    #[error(transparent)]
    Malformed(#[from] MalformedHead),
    #[error("answered {0}")]
    Status(u16),
}

/// Whether the connection is to be used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reuse {
    KeepAlive,
    /// Says `Connection: close`, as a kubelet's probe does, and waits for the end.
    Close,
}

/// What a request is for: a path, and what is accepted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Target<'a> {
    pub(crate) path: &'a str,
    pub(crate) accept: &'a str,
}

/// As a prober asks, which accepts anything.
impl<'a> From<&'a str> for Target<'a> {
    fn from(path: &'a str) -> Self {
        Self {
            path,
            accept: "*/*",
        }
    }
}

/// An answered request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

pub(crate) struct Connection {
    stream: TcpStream,
    addr: SocketAddr,
    received: Vec<u8>,
}

impl Connection {
    pub(crate) fn open(addr: SocketAddr) -> Result<Self, RequestError> {
        let stream = TcpStream::connect_timeout(&addr, TIMEOUT).map_err(RequestError::Connect)?;
        stream.set_nodelay(true).map_err(RequestError::Connect)?;
        stream
            .set_read_timeout(Some(TIMEOUT))
            .map_err(RequestError::Connect)?;
        stream
            .set_write_timeout(Some(TIMEOUT))
            .map_err(RequestError::Connect)?;
        Ok(Self {
            stream,
            addr,
            received: Vec::with_capacity(4096),
        })
    }

    pub(crate) fn send<'a>(
        &mut self,
        target: impl Into<Target<'a>>,
        reuse: Reuse,
    ) -> Result<(), RequestError> {
        let request = request(self.addr, target.into(), reuse);
        self.stream
            .write_all(request.as_bytes())
            .map_err(RequestError::Send)
    }

    pub(crate) fn receive(&mut self, reuse: Reuse) -> Result<Answer, RequestError> {
        let head = loop {
            if let Some(head) = parse_head(&self.received)? {
                break head;
            }
            self.fill()?;
        };
        let whole = head.length + head.body_bytes;
        while self.received.len() < whole {
            self.fill()?;
        }
        let rest = self.received.split_off(whole);
        let body = self.received.split_off(head.length);
        self.received.clear();
        if reuse == Reuse::Close || head.closes {
            let late = self.stream.read_to_end(&mut self.received);
            let excess = rest.len() + late.map_err(RequestError::Receive)?;
            if excess > 0 {
                return Err(RequestError::Excess(excess));
            }
        } else if !rest.is_empty() {
            return Err(RequestError::Excess(rest.len()));
        }
        Ok(Answer { head, body })
    }

    fn fill(&mut self) -> Result<(), RequestError> {
        let mut chunk = [0; 16 * 1024];
        let got = self
            .stream
            .read(&mut chunk)
            .map_err(RequestError::Receive)?;
        if got == 0 {
            return Err(RequestError::Short {
                got: self.received.len(),
            });
        }
        self.received.extend(chunk.iter().take(got));
        Ok(())
    }
}

/// One request on a connection of its own.
pub(crate) fn get<'a>(
    addr: SocketAddr,
    target: impl Into<Target<'a>>,
) -> Result<Answer, RequestError> {
    let mut connection = Connection::open(addr)?;
    connection.send(target, Reuse::Close)?;
    connection.receive(Reuse::Close)
}

/// The request of a Kubernetes probe.
fn request(addr: SocketAddr, Target { path, accept }: Target<'_>, reuse: Reuse) -> String {
    let connection = match reuse {
        Reuse::KeepAlive => "",
        Reuse::Close => "Connection: close\r\n",
    };
    format!(
        "GET {path} HTTP/1.1\r\nHost: {addr}\r\nUser-Agent: kube-probe/1.33\r\nAccept: {accept}\r\n{connection}\r\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server for one connection: reads a request, sends the pieces, closes.
    fn answer_with(pieces: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        std::thread::Builder::new()
            .spawn(move || {
                let (mut stream, _) = listener.accept().unwrap();
                let mut request = [0; 1024];
                let _ = stream.read(&mut request).unwrap();
                for piece in pieces {
                    stream.write_all(piece.as_bytes()).unwrap();
                }
            })
            .unwrap();
        addr
    }

    #[test]
    fn a_response_in_pieces_is_read_whole() {
        let addr = answer_with(&["HTTP/1.1 200 OK\r\nContent-", "Length: 4\r\n\r\nab", "cd"]);
        let answer = get(addr, "/ready").unwrap();
        assert_eq!(
            (answer.head.status, answer.body.as_slice()),
            (200, b"abcd".as_slice())
        );
    }

    #[test]
    fn a_response_cut_short_or_too_long_is_a_failure() {
        let short = answer_with(&["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"]);
        assert!(matches!(get(short, "/"), Err(RequestError::Short { .. })));
        let long = answer_with(&["HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc"]);
        assert!(matches!(get(long, "/"), Err(RequestError::Excess(2))));
    }

    #[test]
    fn a_probe_says_close_and_a_kept_connection_does_not() {
        let addr: SocketAddr = "127.0.0.1:80".parse().unwrap();
        assert!(
            request(addr, "/ready".into(), Reuse::Close).contains("\r\nConnection: close\r\n\r\n")
        );
        assert!(request(addr, "/ready".into(), Reuse::KeepAlive).ends_with("Accept: */*\r\n\r\n"));
    }
}
