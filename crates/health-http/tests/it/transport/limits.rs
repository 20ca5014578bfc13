//! Each bound, against a client that breaks it.

use std::time::Duration;

use health_http::server::Limits;

use super::harness::{start, until};

/// Long enough that a good client on a busy machine keeps it.
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_hours(1);

/// Only what a test shortens ends a connection.
fn patient() -> Limits {
    Limits::default()
        .header_timeout(LONG)
        .idle(LONG)
        .write_stall(LONG)
        .age(LONG)
}

#[test]
fn a_silent_connection_is_cut() {
    let server = start(patient().header_timeout(SHORT));
    server.client().assert_closed();
    assert_eq!(server.handle.counts().timed_out_header, 1);
    server.assert_serves();
    server.close();
}

#[test]
fn a_head_that_never_ends_is_cut_however_busily_it_comes() {
    let server = start(patient().header_timeout(SHORT));
    let mut client = server.client();
    client.send("GET / HTTP/1.1\r\nhost: a\r\nx: ");
    client.socket.set_nonblocking(true).unwrap();
    until("the end of a slow head", || {
        use std::io::Write;
        match client.socket.write_all(b"y") {
            Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
            Ok(()) => false,
        }
    });
    assert_eq!(server.handle.counts().timed_out_header, 1);
    server.close();
}

#[test]
fn the_next_head_has_a_limit_too() {
    let server = start(patient().header_timeout(SHORT));
    let mut client = server.client();
    assert_eq!(client.get("/").status, 200);
    client.send("GET / HT");
    client.assert_closed();
    assert_eq!(server.handle.counts().timed_out_header, 1);
    server.close();
}

#[test]
fn an_idle_connection_outlives_the_header_timeout_and_ends_at_its_own() {
    let server = start(patient().header_timeout(SHORT).idle(SHORT * 6));
    let mut idle = server.client();
    assert_eq!(idle.get("/").status, 200);
    // A connection that is cut for its head shows that the header timeout has passed.
    let mut silent = server.client();
    silent.assert_closed();
    assert_eq!(idle.get("/").status, 200);
    idle.assert_closed();
    let counts = server.handle.counts();
    assert_eq!((counts.timed_out_header, counts.timed_out_idle), (1, 1));
    server.close();
}

#[test]
fn a_reader_who_takes_nothing_is_cut() {
    let server = start(patient().write_stall(SHORT));
    let mut client = server.client();
    client.request("/big");
    until("the end of a slow reader", || {
        server.handle.counts().timed_out_write == 1
    });
    until("its connection's end", || server.handle.connections() == 0);
    assert_eq!(client.try_reply(), None, "the response was cut");
    server.assert_serves();
    server.close();
}

#[test]
fn a_reader_who_takes_its_time_gets_all() {
    let server = start(patient().write_stall(SHORT * 10));
    let mut client = server.client();
    let reply = client.get("/big");
    assert_eq!(reply.body.len(), super::harness::BIG);
    assert_eq!(server.handle.counts().timed_out_write, 0);
    server.close();
}

#[test]
fn a_busy_connection_grows_only_so_old() {
    let server = start(patient().age(SHORT));
    let mut client = server.client();
    let mut last = None;
    until("a last response", || {
        last = Some(match client.try_reply_to("/") {
            None => return true,
            Some(reply) => reply.says_close(),
        });
        last == Some(true)
    });
    client.assert_closed();
    server.assert_serves();
    server.close();
}

#[test]
fn an_idle_connection_grows_only_so_old() {
    let server = start(patient().age(SHORT));
    let mut client = server.client();
    assert_eq!(client.get("/").status, 200);
    client.assert_closed();
    assert_eq!(server.handle.counts().timed_out_age, 1);
    server.close();
}

#[test]
fn a_response_that_never_ends_grows_only_so_old() {
    let server = start(patient().age(SHORT).write_stall(SHORT));
    let mut client = server.client();
    client.request("/hold");
    client.assert_closed();
    assert_eq!(server.handle.counts().timed_out_age, 1);
    server.close();
}

#[test]
fn requests_in_flight_are_bounded() {
    let server = start(patient().requests(2));
    let mut held = [server.client(), server.client()];
    for client in &mut held {
        client.request("/hold");
    }
    until("two requests in flight", || {
        server.handle.counts().requests == 2
    });
    let mut third = server.client();
    assert_eq!(
        third.get("/").status,
        200,
        "what need not wait takes no place"
    );
    third.request("/hold");
    let refusal = third.reply();
    assert_eq!(refusal.status, 503);
    assert!(refusal.head.contains("retry-after: 1"));

    server.release.add_permits(2);
    for client in &mut held {
        assert_eq!(client.reply().status, 200);
    }
    assert_eq!(third.get("/").status, 200, "a refusal keeps the connection");
    assert_eq!(server.handle.counts().refused, 1);
    server.close();
}

#[test]
fn a_thousand_bad_connections_are_all_gone_after_their_limit() {
    let server = start(patient().header_timeout(SHORT).connections(2000));
    let clients: Vec<_> = (0..1000)
        .map(|n| {
            let mut client = server.client();
            if n % 2 == 0 {
                client.send("GET / HTTP/1.1\r\nhost: a\r\nx: y");
            }
            client
        })
        .collect();
    until("the end of all", || {
        server.handle.counts().timed_out_header == 1000
    });
    until("their connections' end", || {
        server.handle.connections() == 0
    });
    drop(clients);
    server.assert_serves();
    server.close();
}
