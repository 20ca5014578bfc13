//! A server with a small service, and clients that speak to it byte by byte.
//!
//! Clients block on their sockets, servers run on threads of their own: what a test waits for is
//! an answer, an end of file or a count, never a time. The timeouts only end a test that hangs.

use std::convert::Infallible;
use std::future::Future;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use health_http::server::{Limits, Listener, ServerHandle, Transport};
use health_http::{Body, check_host};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper::{Request, Response, StatusCode};
use tokio::sync::Semaphore;

/// When a test is taken to hang.
const HANG: Duration = Duration::from_secs(30);

/// Larger than what the sockets of both ends buffer.
pub(crate) const BIG: usize = 16 << 20;

/// Answers `ok`; `/hold` when it is released; `/big` at length; `/panic` never.
#[derive(Clone)]
pub(crate) struct Probe {
    pub(crate) release: Arc<Semaphore>,
}

impl Probe {
    pub(crate) fn new() -> Self {
        Self {
            release: Arc::new(Semaphore::new(0)),
        }
    }
}

type Answer = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

impl Service<Request<Incoming>> for Probe {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Answer;

    fn call(&self, request: Request<Incoming>) -> Answer {
        if let Err(error) = check_host(request.version(), request.headers()) {
            let mut response = Response::new(Body::from(error.to_string()));
            *response.status_mut() = StatusCode::BAD_REQUEST;
            return Box::pin(std::future::ready(Ok(response)));
        }
        let body = match request.uri().path() {
            "/big" => Body::from("x".repeat(BIG)),
            "/panic" => panic!("a service that panics"),
            _ => Body::from("ok"),
        };
        let hold = (request.uri().path() == "/hold").then(|| self.release.clone());
        Box::pin(async move {
            if let Some(release) = hold {
                release.acquire().await.expect("never closed").forget();
            }
            Ok(Response::new(body))
        })
    }
}

/// A server on a thread of its own.
pub(crate) struct Server {
    pub(crate) handle: ServerHandle,
    pub(crate) release: Arc<Semaphore>,
    pub(crate) address: SocketAddr,
}

pub(crate) fn bind(limits: &Limits) -> Listener {
    Listener::bind("127.0.0.1:0", limits).unwrap()
}

pub(crate) fn start(limits: Limits) -> Server {
    let probe = Probe::new();
    let release = probe.release.clone();
    let transport = Transport::new(bind(&limits), probe, limits);
    let address = transport.local_addr().tcp().unwrap();
    let handle = transport.serve_on_own_thread().unwrap();
    Server {
        handle,
        release,
        address,
    }
}

impl Server {
    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }

    /// A client on a new connection gets its answer.
    pub(crate) fn assert_serves(&self) {
        assert_eq!(self.client().get("/").status, 200);
    }

    pub(crate) fn close(self) {
        block_on(self.handle.close());
    }
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

/// Waits for what another thread is about to bring about.
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < HANG, "{what} never came true");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn says_close(&self) -> bool {
        self.head.contains("\r\nconnection: close")
    }
}

/// One connection.
pub(crate) struct Client<T = TcpStream> {
    pub(crate) socket: T,
    pending: Vec<u8>,
}

impl Client {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(HANG)).unwrap();
        socket.set_write_timeout(Some(HANG)).unwrap();
        Self::new(socket)
    }
}

impl<T: Read + Write> Client<T> {
    pub(crate) fn new(socket: T) -> Self {
        Self {
            socket,
            pending: Vec::new(),
        }
    }

    pub(crate) fn send(&mut self, bytes: &str) {
        self.socket.write_all(bytes.as_bytes()).unwrap();
    }

    pub(crate) fn request(&mut self, path: &str) {
        self.send(&format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n"));
    }

    pub(crate) fn get(&mut self, path: &str) -> Reply {
        self.request(path);
        self.reply()
    }

    /// The answer, unless the connection ends before it.
    pub(crate) fn try_reply_to(&mut self, path: &str) -> Option<Reply> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
        self.socket.write_all(request.as_bytes()).ok()?;
        self.try_reply()
    }

    /// The next response; panics when the connection ends before it is whole.
    pub(crate) fn reply(&mut self) -> Reply {
        self.try_reply().expect("a whole response")
    }

    /// The next response, if the connection does not end before it is whole.
    pub(crate) fn try_reply(&mut self) -> Option<Reply> {
        let mut chunk = vec![0; 64 << 10];
        loop {
            if let Some(reply) = self.take_reply() {
                return Some(reply);
            }
            match self.socket.read(&mut chunk) {
                Ok(0) => return None,
                Ok(n) => self.pending.extend_from_slice(&chunk[..n]),
                Err(error) if is_end(&error) => return None,
                Err(error) => panic!("no response: {error}"),
            }
        }
    }

    fn take_reply(&mut self) -> Option<Reply> {
        let end = self
            .pending
            .windows(4)
            .position(|four| four == b"\r\n\r\n")?;
        let head = String::from_utf8(self.pending[..end].to_vec()).unwrap();
        let length = head
            .split("\r\n")
            .find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        let body = self.pending.get(end + 4..end + 4 + length)?.to_vec();
        self.pending.drain(..end + 4 + length);
        let status = head[9..12].parse().unwrap();
        Some(Reply { status, head, body })
    }

    /// Waits until the server closes the connection; panics if it answers instead.
    pub(crate) fn assert_closed(&mut self) {
        assert_eq!(self.try_reply(), None);
    }
}

/// Whether the peer has gone, as opposed to having said nothing.
fn is_end(error: &std::io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted
    )
}
