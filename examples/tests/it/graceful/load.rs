//! Constant load from clients that follow readiness, as a load balancer does: nobody loses a
//! request to the shutdown.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::service::Graceful;
use crate::process::until;

const CLIENTS: u64 = 128;
/// How many requests are answered before the shutdown begins.
const BEFORE: u64 = 20_000;
/// As a prober does: so often, and so many failures until it leaves.
const PROBE_EVERY: Duration = Duration::from_secs(1);
const FAILURES: u32 = 2;
/// What ends a test that hangs.
const HANG: Duration = Duration::from_mins(1);

#[test]
fn no_request_is_lost_by_clients_that_follow_readiness() {
    let service = Graceful::start(&["--drain-delay", "6s"]);
    service.wait_until_ready();
    let (left, done) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let (service, left, done) = (&service, &left, &done);
            scope.spawn(move || {
                let mut kept = None;
                while !left.load(Ordering::Acquire) {
                    let stream = kept.take().unwrap_or_else(|| connect(service));
                    kept = request(stream).filter(|_| client % 2 == 0);
                    done.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        until("much load", || done.load(Ordering::Relaxed) > BEFORE);
        service.signal("TERM");
        let mut failures = 0;
        while failures < FAILURES {
            std::thread::sleep(PROBE_EVERY);
            failures = if service.probe("/ready") == 200 {
                0
            } else {
                failures + 1
            };
        }
        left.store(true, Ordering::Release);
    });
    let end = service.end();
    assert_eq!(end.code, Some(0), "{end:?}");
}

fn connect(service: &Graceful) -> TcpStream {
    let stream = TcpStream::connect(&service.address).unwrap();
    stream.set_read_timeout(Some(HANG)).unwrap();
    stream
}

/// One request, which must be answered; the connection if it may be used again.
fn request(mut stream: TcpStream) -> Option<TcpStream> {
    stream
        .write_all(b"GET / HTTP/1.1\r\nhost: service\r\n\r\n")
        .unwrap();
    let (mut got, mut chunk) = (Vec::new(), [0; 1024]);
    while !got.ends_with(b"done\n") {
        match stream.read(&mut chunk) {
            Ok(0) => panic!("{}", ErrorKind::UnexpectedEof),
            Ok(read) => got.extend_from_slice(&chunk[..read]),
            Err(error) => panic!("{error}"),
        }
    }
    let answer = String::from_utf8(got).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    (!answer.contains("connection: close")).then_some(stream)
}
