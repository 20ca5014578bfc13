//! The end of a node under load: whoever was accepted, or queued, is answered.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::process::{Node, until};

/// More than may be open at once.
const QUEUED: usize = 600;
const CLIENTS: usize = 4;
/// What ends a test that hangs.
const HANG: Duration = Duration::from_mins(1);

/// The node stops in its tracks, the queue fills, and SIGTERM is the first thing it then learns.
#[test]
fn what_is_queued_when_sigterm_comes_is_answered() {
    for flags in [&[][..], &["--own-thread"]] {
        let node = Node::start(&[&["--checks", "50"], flags].concat());
        node.wait_for("/ready", 200);
        let mut idle: Vec<_> = (0..50).map(|_| connect(&node).unwrap()).collect();
        for client in &mut idle {
            ask(client, "/ready").unwrap();
            assert_eq!(answer(client).unwrap().status, 200);
        }
        node.signal("STOP");
        let mut queued: Vec<_> = (0..QUEUED).map(|_| connect(&node).unwrap()).collect();
        // Those whose last answer said nothing of closing ask once more.
        for client in queued.iter_mut().chain(&mut idle) {
            ask(client, "/live").unwrap();
        }
        node.signal("TERM");
        node.signal("CONT");
        for client in queued.iter_mut().chain(&mut idle) {
            let answer = answer(client).unwrap();
            assert_eq!(answer.status, 200, "alive while it drains");
        }
        assert_eq!(node.end().0.code(), Some(0));
    }
}

/// Clients that ask as fast as they can, half of them on a new connection each time.
#[test]
fn sigterm_under_load_loses_no_request() {
    for flags in [&[][..], &["--own-thread"]] {
        let node = Node::start(&[&["--checks", "50"], flags].concat());
        node.wait_for("/ready", 200);
        let answered: [AtomicU64; CLIENTS] = Default::default();
        let told = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for (client, answered) in answered.iter().enumerate() {
                let (node, told) = (&node, &told);
                scope.spawn(move || {
                    if client % 2 == 0 {
                        on_one_connection(node, answered);
                    } else {
                        on_new_connections(node, answered, told);
                    }
                });
            }
            // From each, so that none begins only when the node has gone.
            let all = |answered: &AtomicU64| answered.load(Ordering::Relaxed) > 100;
            until("some answers", || answered.iter().all(all));
            told.store(true, Ordering::SeqCst);
            node.signal("TERM");
        });
        assert_eq!(node.end().0.code(), Some(0));
    }
}

/// Until an answer says that the connection closes.
fn on_one_connection(node: &Node, answered: &AtomicU64) {
    let mut client = connect(node).unwrap();
    loop {
        ask(&mut client, "/live").unwrap();
        let answer = answer(&mut client).unwrap();
        assert_eq!(answer.status, 200);
        answered.fetch_add(1, Ordering::Relaxed);
        if answer.closes {
            return;
        }
    }
}

/// Until nobody listens. A connection that was begun before the node was told
/// to end is answered. One that completes between the server's last look at its
/// queue and the end of the listener is reset by the system.
fn on_new_connections(node: &Node, answered: &AtomicU64, told: &AtomicBool) {
    loop {
        let late = told.load(Ordering::SeqCst);
        let mut client = match connect(node) {
            Ok(client) => client,
            Err(error) => {
                let refused = error.kind() == ErrorKind::ConnectionRefused;
                assert!(refused || late, "{error}");
                return;
            }
        };
        match ask(&mut client, "/live").and_then(|()| answer(&mut client)) {
            Ok(answer) => assert_eq!(answer.status, 200),
            Err(error) => {
                assert!(late, "{error}");
                return;
            }
        }
        answered.fetch_add(1, Ordering::Relaxed);
    }
}

fn connect(node: &Node) -> std::io::Result<TcpStream> {
    let stream = TcpStream::connect(node.address.strip_prefix("http://").unwrap())?;
    stream.set_read_timeout(Some(HANG))?;
    Ok(stream)
}

fn ask(stream: &mut TcpStream, path: &str) -> std::io::Result<()> {
    stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: node\r\n\r\n").as_bytes())
}

struct Answer {
    status: u16,
    closes: bool,
}

/// One whole answer; an error if the connection ends before it.
fn answer(stream: &mut TcpStream) -> std::io::Result<Answer> {
    let mut got = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let text = String::from_utf8_lossy(&got);
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: "));
            if body.len() == length.unwrap().parse::<usize>().unwrap() {
                return Ok(Answer {
                    status: head.split(' ').nth(1).unwrap().parse().unwrap(),
                    closes: head.contains("\r\nconnection: close"),
                });
            }
        }
        match stream.read(&mut chunk)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            read => got.extend_from_slice(chunk.get(..read).unwrap()),
        }
    }
}
