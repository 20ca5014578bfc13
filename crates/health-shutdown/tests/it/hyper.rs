//! The hyper server in a shutdown: what was begun is answered, whatever clients do it ends.

use std::convert::Infallible;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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

const CLOSE: &str = "connection: close";
/// More than the buffers of both ends hold.
const LARGE: usize = 64 << 20;

const fn millis(millis: u64) -> Duration {
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
struct Service {
    addr: SocketAddr,
    shutdown: Shutdown,
    run: JoinHandle<Report>,
}

impl Service {
    async fn start(drain_delay: Duration, deadline: Duration) -> Self {
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

    async fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.addr).await.unwrap();
        // What is written is there at once: the kernel's time is not paused.
        stream.set_nodelay(true).unwrap();
        stream
    }

    async fn end(self) -> Report {
        self.run.await.unwrap()
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: service\r\n\r\n")
}

async fn send(stream: &mut TcpStream, text: &str) {
    stream.write_all(text.as_bytes()).await.unwrap();
}

/// Reads up to and with `end`.
async fn receive(stream: &mut TcpStream, end: &str) -> String {
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
async fn rest(stream: &mut TcpStream) -> String {
    let mut got = String::new();
    stream.read_to_string(&mut got).await.unwrap();
    got
}

/// A connection on which a request was answered, and that is kept.
async fn kept(service: &Service) -> TcpStream {
    let mut stream = service.connect().await;
    send(&mut stream, &get("/")).await;
    let answer = receive(&mut stream, "done\n").await;
    assert!(!answer.contains(CLOSE), "{answer}");
    stream
}

/// Without the runtime getting a turn, so that nobody can have read it.
fn send_at_once(stream: TcpStream, text: &str) -> TcpStream {
    let mut stream = stream.into_std().unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    TcpStream::from_std(stream).unwrap()
}

fn connect_at_once(addr: SocketAddr) -> TcpStream {
    let stream = std::net::TcpStream::connect(addr).unwrap();
    stream.set_nonblocking(true).unwrap();
    TcpStream::from_std(stream).unwrap()
}

fn endings(report: &Report) -> Vec<Ending> {
    let endings = report.components.iter().map(|component| component.ending);
    endings.map(Option::unwrap).collect()
}

const CLEAN: [Ending; 2] = [Ending::Done, Ending::Done];

#[tokio::test(start_paused = true)]
async fn during_the_drain_delay_all_is_served_and_told_to_close() {
    let service = Service::start(millis(5_000), millis(25_000)).await;
    let mut old = kept(&service).await;
    service.shutdown.request("a test");
    for second in 0..4 {
        let mut fresh = service.connect().await;
        send(&mut fresh, &get("/")).await;
        let answer = rest(&mut fresh).await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{second}: {answer}");
        assert!(answer.contains(CLOSE), "{second}: {answer}");
        assert!(answer.ends_with("done\n"), "{second}: {answer}");
        tokio::time::sleep(millis(1_000)).await;
    }
    send(&mut old, &get("/").replace("GET", "HEAD")).await;
    let head = rest(&mut old).await;
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    assert!(head.contains(CLOSE) && head.ends_with("\r\n\r\n"), "{head}");
    let addr = service.addr;
    assert_eq!(endings(&service.end().await), CLEAN);
    assert!(TcpStream::connect(addr).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn requests_under_way_are_finished() {
    let service = Service::start(Duration::ZERO, millis(25_000)).await;
    let mut old = kept(&service).await;
    let mut fresh = service.connect().await;
    for stream in [&mut old, &mut fresh] {
        send(stream, &get("/slow")).await;
    }
    tokio::time::sleep(millis(1_000)).await;
    service.shutdown.request("a test");
    for stream in [&mut old, &mut fresh] {
        let answer = rest(stream).await;
        assert!(
            answer.contains(CLOSE) && answer.ends_with("done\n"),
            "{answer}"
        );
    }
    let report = service.end().await;
    assert_eq!(endings(&report), CLEAN, "{report}");
    assert!(report.elapsed >= millis(1_000) && report.elapsed < millis(2_000));
}

#[tokio::test(start_paused = true)]
async fn what_was_sent_before_the_intake_closed_is_answered_though_nobody_had_read_it() {
    for path in ["/", "/slow"] {
        let service = Service::start(Duration::ZERO, millis(25_000)).await;
        let mut clients = Vec::new();
        for _ in 0..20 {
            clients.push(kept(&service).await);
            // Connected, accepted, and silent so far.
            clients.push(service.connect().await);
        }
        tokio::time::sleep(millis(10)).await;
        // From here on the runtime gets no turn: these wait in the queue of the listener.
        clients.extend((0..20).map(|_| connect_at_once(service.addr)));
        service.shutdown.request("a test");
        let clients = clients
            .into_iter()
            .map(|client| send_at_once(client, &get(path)));
        for mut client in clients.collect::<Vec<_>>() {
            let answer = rest(&mut client).await;
            assert!(answer.ends_with("done\n"), "{path}: {answer}");
        }
        assert_eq!(endings(&service.end().await), CLEAN);
    }
}

#[tokio::test(start_paused = true)]
async fn who_is_silent_is_heard_out_and_holds_nothing_up() {
    let service = Service::start(Duration::ZERO, millis(25_000)).await;
    let mut late = [kept(&service).await, service.connect().await];
    let mut silent = [kept(&service).await, service.connect().await];
    service.shutdown.request("a test");
    tokio::time::sleep(millis(300)).await;
    for stream in &mut late {
        send(stream, &get("/")).await;
        assert!(rest(stream).await.ends_with("done\n"));
    }
    for stream in &mut silent {
        assert_eq!(rest(stream).await, "");
    }
    let report = service.end().await;
    assert_eq!(endings(&report), CLEAN, "{report}");
    assert!(report.elapsed < millis(1_000), "{report}");
    // However short the time is.
    let service = Service::start(Duration::ZERO, millis(200)).await;
    let _silent = [kept(&service).await, service.connect().await];
    service.shutdown.request("a test");
    let report = service.end().await;
    assert_eq!(endings(&report), CLEAN, "{report}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_dribbles_in_is_answered_or_ends_at_the_deadline() {
    for (pause, drips, answered) in [(millis(200), 20, true), (millis(1_000), 30, false)] {
        let service = Service::start(Duration::ZERO, millis(10_000)).await;
        let mut stream = if answered {
            kept(&service).await
        } else {
            service.connect().await
        };
        send(&mut stream, "GET / HTTP/1.1\r\nhost: ").await;
        tokio::time::sleep(pause).await;
        service.shutdown.request("a test");
        let client = tokio::spawn(async move {
            for _ in 0..drips {
                // It may be cut.
                let _ = stream.write_all(b"x").await;
                tokio::time::sleep(pause).await;
            }
            let _ = stream.write_all(b"\r\n\r\n").await;
            let mut got = String::new();
            let _ = stream.read_to_string(&mut got).await;
            got
        });
        let report = service.end().await;
        let got = client.await.unwrap();
        assert_eq!(got.ends_with("done\n"), answered, "{got:?} {report}");
        assert!(report.elapsed <= millis(10_000), "{report}");
        assert!(!report.overran, "{report}");
        let ending = if answered {
            Ending::Done
        } else {
            Ending::Failed
        };
        assert_eq!(endings(&report), [Ending::Done, ending], "{report}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_reads_is_cut_at_the_deadline() {
    let service = Service::start(Duration::ZERO, millis(10_000)).await;
    let mut deaf = service.connect().await;
    send(&mut deaf, &get("/large")).await;
    let first = receive(&mut deaf, "HTTP/1.1 200 OK\r\n").await;
    service.shutdown.request("a test");
    let report = service.end().await;
    assert_eq!(endings(&report), [Ending::Done, Ending::Failed], "{first}");
    let error = report.components[1].error.as_deref();
    assert_eq!(error, Some("1 connections were cut"));
    assert!(
        !report.overran && report.elapsed < millis(6_000),
        "{report}"
    );
    // One that reads late has it whole.
    let service = Service::start(Duration::ZERO, millis(10_000)).await;
    let mut late = service.connect().await;
    send(&mut late, &get("/large")).await;
    receive(&mut late, "\r\n\r\n").await;
    service.shutdown.request("a test");
    tokio::time::sleep(millis(1_000)).await;
    assert_eq!(rest(&mut late).await.len(), LARGE);
    assert_eq!(endings(&service.end().await), CLEAN);
}

#[tokio::test(start_paused = true)]
async fn half_open_connections_are_answered() {
    for drain_delay in [Duration::ZERO, millis(5_000)] {
        let service = Service::start(drain_delay, millis(25_000)).await;
        let mut clients = Vec::new();
        for path in ["/", "/slow"] {
            let mut client = service.connect().await;
            send(&mut client, &get(path)).await;
            client.shutdown().await.unwrap();
            clients.push(client);
        }
        let mut idle = kept(&service).await;
        idle.shutdown().await.unwrap();
        service.shutdown.request("a test");
        for mut client in clients {
            assert!(rest(&mut client).await.ends_with("done\n"));
        }
        assert_eq!(rest(&mut idle).await, "");
        assert_eq!(endings(&service.end().await), CLEAN);
    }
}

#[tokio::test(start_paused = true)]
async fn pipelined_requests_are_answered_up_to_the_one_that_says_close() {
    let service = Service::start(millis(5_000), millis(25_000)).await;
    let mut client = service.connect().await;
    let three = [get("/slow"), get("/"), get("/")].concat();
    send(&mut client, &three).await;
    for _ in 0..3 {
        let answer = receive(&mut client, "done\n").await;
        assert!(!answer.contains(CLOSE), "{answer}");
    }
    service.shutdown.request("a test");
    send(&mut client, &three).await;
    let answer = rest(&mut client).await;
    assert_eq!(answer.matches("done\n").count(), 1, "{answer}");
    assert!(answer.contains(CLOSE), "{answer}");
    assert_eq!(endings(&service.end().await), CLEAN);
}

#[tokio::test(start_paused = true)]
async fn an_upgrade_goes_through_and_holds_nothing_up() {
    let service = Service::start(millis(5_000), millis(25_000)).await;
    let before = service.connect().await;
    let mut streams = [before, service.connect().await];
    for (number, stream) in streams.iter_mut().enumerate() {
        if number == 1 {
            service.shutdown.request("a test");
        }
        let upgrade = "\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
        send(stream, &get("/echo").replace("\r\n\r\n", upgrade)).await;
        let answer = receive(stream, "\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
        assert!(answer.contains("connection: upgrade"), "{answer}");
    }
    let report = service.end().await;
    assert_eq!(endings(&report), CLEAN, "{report}");
    // The connection is the service's own, and goes on.
    for stream in &mut streams {
        send(stream, "ping").await;
        assert_eq!(rest(stream).await, "ping");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_left_behind() {
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    for dropped in [false, true] {
        let service = Service::start(Duration::ZERO, millis(2_000)).await;
        let mut clients = vec![kept(&service).await, service.connect().await];
        for path in ["/slow", "/large"] {
            let mut client = service.connect().await;
            send(&mut client, &get(path)).await;
            clients.push(client);
        }
        if dropped {
            service.run.abort();
        } else {
            service.shutdown.request("a test");
        }
        let Service { shutdown, run, .. } = service;
        drop(shutdown);
        assert_eq!(run.await.is_err(), dropped);
        // None holds a connection that its task held.
        for mut client in clients {
            let mut got = Vec::new();
            // Reset or ended.
            let _ = client.read_to_end(&mut got).await;
        }
        let mut looks = 0;
        while tasks() > before {
            looks += 1;
            assert!(looks < 10_000, "{} tasks are left", tasks() - before);
            tokio::task::yield_now().await;
        }
    }
}

/// Goes on, with no regard to readiness, until it is refused; counts what was answered.
async fn ignore_readiness(addr: SocketAddr, keeps: bool, answered: Arc<AtomicU64>) {
    let mut connection = None;
    loop {
        let mut stream = match connection.take() {
            Some(stream) => stream,
            None => match TcpStream::connect(addr).await {
                Ok(stream) => stream,
                Err(error) => {
                    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
                    return;
                }
            },
        };
        send(&mut stream, &get("/")).await;
        let answer = receive(&mut stream, "done\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        answered.fetch_add(1, Ordering::Relaxed);
        connection = (keeps && !answer.contains(CLOSE)).then_some(stream);
    }
}

/// Who got a connection is answered, until the very moment at which the intake closes. As after
/// Ctrl-C there is no drain delay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn none_is_lost_by_clients_that_ignore_readiness() {
    let service = Service::start(Duration::ZERO, millis(25_000)).await;
    let answered = Arc::<AtomicU64>::default();
    let clients: Vec<_> = (0..32)
        .map(|client| ignore_readiness(service.addr, client % 2 == 0, Arc::clone(&answered)))
        .map(tokio::spawn)
        .collect();
    while answered.load(Ordering::Relaxed) < 2_000 {
        tokio::task::yield_now().await;
    }
    service.shutdown.request("a test");
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(endings(&service.end().await), CLEAN);
}
