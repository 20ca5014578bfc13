//! Clients that never end: what they send is bounded in bytes, whatever the time they may take.

use std::io::Write;
use std::time::Duration;

use health_http::server::Limits;

use super::harness::{Client, start, until};

const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_hours(1);

/// More than all buffers between two sockets hold; a server that reads on takes it all.
const ENDLESS: usize = 256 << 20;

/// Nothing ends by time.
fn patient() -> Limits {
    Limits::default()
        .header_timeout(LONG)
        .idle(LONG)
        .write_stall(LONG)
        .age(LONG)
}

/// Sends `piece` over and over until the server has enough; how many bytes that took.
fn flood(client: &mut Client, piece: &str) -> usize {
    let block = piece.repeat(4096);
    let mut sent = 0;
    while sent < ENDLESS && client.socket.write_all(block.as_bytes()).is_ok() {
        sent += block.len();
    }
    sent
}

#[test]
fn a_head_without_end_is_cut_at_its_size() {
    let server = start(patient());
    for piece in ["x", "a: b\r\n", "\r\n x"] {
        let mut client = server.client();
        client.send("GET / HTTP/1.1\r\nhost: a\r\ny: z");
        let sent = flood(&mut client, piece);
        assert!(sent < ENDLESS, "{piece:?}: all of it was taken");
        server.assert_serves();
    }
    let mut client = server.client();
    client.send("GET /");
    let sent = flood(&mut client, "long/");
    assert!(sent < ENDLESS, "a target without end was taken");
    server.assert_serves();
    server.close();
}

#[test]
fn a_body_without_end_is_not_read_to_its_end() {
    let server = start(patient());
    for (head, piece) in [
        ("content-length: 18446744073709551615", "x"),
        ("transfer-encoding: chunked", "1\r\nx\r\n"),
        ("transfer-encoding: chunked", "0"),
        (
            "transfer-encoding: chunked\r\nexpect: 100-continue",
            "1;a=b\r\nx\r\n",
        ),
    ] {
        let mut client = server.client();
        client.send(&format!("GET / HTTP/1.1\r\nhost: a\r\n{head}\r\n\r\n"));
        let sent = flood(&mut client, piece);
        assert!(sent < ENDLESS, "{head}: all of it was taken");
        server.assert_serves();
    }
    server.close();
}

#[test]
fn requests_without_end_wait_for_a_reader_of_their_answers() {
    let server = start(patient().write_stall(SHORT));
    let mut client = server.client();
    let sent = flood(&mut client, "GET / HTTP/1.1\r\nhost: a\r\n\r\n");
    assert!(sent < ENDLESS, "all of them were taken");
    until("the end of who reads nothing", || {
        server.handle.counts().timed_out_write == 1
    });
    server.assert_serves();
    server.close();
}
