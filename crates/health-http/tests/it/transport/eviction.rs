//! At the cap a newcomer takes the place of another, and a flood locks no prober out.

use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use health_http::server::Limits;

use super::harness::{start, until};

const LONG: Duration = Duration::from_hours(1);

fn patient(connections: usize) -> Limits {
    let limits = Limits::default()
        .header_timeout(LONG)
        .idle(LONG)
        .write_stall(LONG);
    limits.connections(connections)
}

#[test]
fn the_oldest_without_a_request_goes_first() {
    let server = start(patient(3));
    let mut silent: Vec<_> = (1..=3)
        .map(|n| {
            let client = server.client();
            until("the connection", || server.handle.counts().accepted == n);
            client
        })
        .collect();
    let mut prober = server.client();
    assert_eq!(prober.get("/").status, 200);
    silent[0].assert_closed();
    assert_eq!(server.handle.counts().evicted_new, 1);
    // The others are still there.
    for client in &mut silent[1..] {
        assert_eq!(client.get("/").status, 200);
    }
    server.close();
}

#[test]
fn the_silent_go_before_the_idle_and_the_idle_before_the_busy() {
    let server = start(patient(3));
    let mut idle = server.client();
    assert_eq!(idle.get("/").status, 200);
    let mut busy = server.client();
    assert_eq!(busy.get("/").status, 200);
    busy.request("/hold");
    until("the held request", || server.handle.counts().requests == 3);
    let mut silent = server.client();
    until("the silent one", || server.handle.counts().accepted == 3);

    let mut first = server.client();
    assert_eq!(first.get("/").status, 200);
    silent.assert_closed();
    let mut second = server.client();
    assert_eq!(second.get("/").status, 200);
    idle.assert_closed();

    // Now all three have answered a request; make the two idle ones busy as well.
    first.request("/hold");
    second.request("/hold");
    until("three held requests", || {
        server.handle.counts().requests == 7
    });
    server.assert_serves();
    busy.assert_closed();
    let counts = server.handle.counts();
    assert_eq!(
        (counts.evicted_new, counts.evicted_idle, counts.evicted_busy),
        (1, 1, 1)
    );
    server.release.add_permits(3);
    assert_eq!(first.reply().status, 200);
    assert_eq!(second.reply().status, 200);
    server.close();
}

/// Floods a server of 256 connections from two threads, and probes it meanwhile.
fn flood(attack: impl Fn(&mut TcpStream) + Sync) {
    let server = start(patient(256));
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut held = std::collections::VecDeque::new();
                while !stop.load(Ordering::Relaxed) {
                    // The flood is more than the server may hold, and keeps all it opens.
                    if let Ok(mut socket) = TcpStream::connect(server.address) {
                        attack(&mut socket);
                        held.push_back(socket);
                    }
                    if held.len() > 1000 {
                        held.pop_front();
                    }
                }
            });
        }
        until("the flood", || server.handle.counts().accepted > 1000);
        let mut kept = server.client();
        // A prober whose thread is not scheduled between its connect and its request may lose its
        // place to hundreds of others; it is not locked out if it gets one at the second try.
        let answered = (0..300)
            .filter(|n| {
                (0..2).any(|_| {
                    // Every other probe is on a kept connection.
                    if n % 2 == 0 {
                        return server.client().try_reply_to("/").is_some();
                    }
                    let reply = kept.try_reply_to("/");
                    if reply.is_none() {
                        kept = server.client();
                    }
                    reply.is_some()
                })
            })
            .count();
        stop.store(true, Ordering::Relaxed);
        assert_eq!(answered, 300, "no prober is locked out");
    });
    assert!(server.handle.connections() <= 256);
    server.close();
}

#[test]
fn a_flood_of_silent_connections_locks_nobody_out() {
    flood(|_| {});
}

#[test]
fn a_flood_of_partial_heads_locks_nobody_out() {
    use std::io::Write;
    flood(|socket| {
        let _ = socket.write_all(b"GET / HTTP/1.1\r\nhost: a\r\nx: y");
    });
}
