//! A hyper server with its shutdown, and what clients do with it. It checks nothing of the end.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use health_shutdown::hyper::HyperServer;
use health_shutdown::{Ending, Report, Shutdown};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue, UPGRADE};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::journal::running;

pub(super) const CLOSE: &str = "connection: close";
/// More than the buffers of both ends hold.
pub(super) const LARGE: usize = 64 << 20;

pub(super) const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// `/slow` takes 2 s, `/large` is large, `/echo` is upgraded; anything else is answered at once.
async fn answer(mut request: Request<Incoming>) -> Result<Response<String>, Infallible> {
    match request.uri().path() {
        "/slow" => tokio::time::sleep(millis(2_000)).await,
        "/large" => return Ok(Response::new("x".repeat(LARGE))),
        "/echo" => {
            let upgraded = hyper::upgrade::on(&mut request);
            tokio::spawn(async move {
                let mut stream = TokioIo::new(upgraded.await.unwrap());
                let mut bytes = [0; 4];
                stream.read_exact(&mut bytes).await.unwrap();
                stream.write_all(&bytes).await.unwrap();
            });
            let mut response = Response::new(String::new());
            *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
            let headers = response.headers_mut();
            headers.insert(CONNECTION, HeaderValue::from_static("upgrade"));
            headers.insert(UPGRADE, HeaderValue::from_static("echo"));
            return Ok(response);
        }
        _ => {}
    }
    Ok(Response::new("done\n".to_owned()))
}

/// A service, and the shutdown that waits to be begun.
pub(super) struct Service {
    pub(super) addr: SocketAddr,
    pub(super) shutdown: Shutdown,
    pub(super) run: JoinHandle<Report>,
}

impl Service {
    pub(super) async fn start(drain_delay: Duration, deadline: Duration) -> Self {
        let (_health, shutdown) = running();
        let shutdown = shutdown.drain_delay(drain_delay).deadline(deadline);
        let shutdown = shutdown.install().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let server = HyperServer::serve(&shutdown, listener, service_fn(answer));
        let (intake, requests) = server.components("http");
        let plan = shutdown.plan().stop_intake(intake);
        let plan = plan.drain_in_flight(requests).build().unwrap();
        let run = tokio::spawn({
            let shutdown = shutdown.clone();
            async move { shutdown.run(plan).await }
        });
        Self {
            addr,
            shutdown,
            run,
        }
    }

    pub(super) async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        // What is written is there at once: the kernel's time is not paused.
        stream.set_nodelay(true).unwrap();
        stream
    }

    pub(super) async fn end(self) -> Report {
        self.run.await.unwrap()
    }
}

pub(super) fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: service\r\n\r\n")
}

pub(super) async fn send(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// Reads up to and with `end`.
pub(super) async fn receive(stream: &mut TcpStream, end: &str) -> String {
    let mut got = Vec::new();
    while !got.ends_with(end.as_bytes()) {
        let byte = stream.read_u8().await;
        got.push(byte.unwrap_or_else(|error| {
            panic!("{error} after {:?}", String::from_utf8_lossy(&got));
        }));
    }
    String::from_utf8(got).unwrap()
}

/// Reads to the end of the connection.
pub(super) async fn rest(stream: &mut TcpStream) -> String {
    let mut got = String::new();
    stream.read_to_string(&mut got).await.unwrap();
    got
}

/// A connection on which a request was answered, and that is kept.
pub(super) async fn kept(service: &Service) -> TcpStream {
    let mut stream = service.connect().await;
    send(&mut stream, &get("/")).await;
    let answer = receive(&mut stream, "done\n").await;
    assert!(!answer.contains(CLOSE), "{answer}");
    stream
}

/// Without the runtime getting a turn, so that nobody can have read it.
pub(super) fn send_at_once(stream: TcpStream, text: &str) -> TcpStream {
    let mut stream = stream.into_std().unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    TcpStream::from_std(stream).unwrap()
}

pub(super) fn connect_at_once(addr: SocketAddr) -> TcpStream {
    let stream = std::net::TcpStream::connect(addr).unwrap();
    stream.set_nonblocking(true).unwrap();
    TcpStream::from_std(stream).unwrap()
}

pub(super) fn endings(report: &Report) -> Vec<Ending> {
    let endings = report.components.iter().map(|component| component.ending);
    endings.map(Option::unwrap).collect()
}

pub(super) const CLEAN: [Ending; 2] = [Ending::Done, Ending::Done];
