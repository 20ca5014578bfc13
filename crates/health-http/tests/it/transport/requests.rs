//! Requests as good clients send them.

use std::net::Shutdown;

use health_http::server::Limits;

use super::harness::start;

#[test]
fn a_connection_serves_one_request_after_another() {
    let server = start(Limits::default());
    let mut client = server.client();
    for _ in 0..10 {
        let reply = client.get("/");
        assert_eq!((reply.status, reply.body.as_slice()), (200, &b"ok"[..]));
        assert!(!reply.says_close());
    }
    let counts = server.handle.counts();
    assert_eq!((counts.accepted, counts.requests), (1, 10));
    server.close();
}

#[test]
fn seats_are_used_again() {
    let server = start(Limits::default());
    for _ in 0..100 {
        server.assert_serves();
    }
    assert_eq!(server.handle.counts().accepted, 100);
    server.close();
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = start(Limits::default());
    let mut client = server.client();
    client.send(&"GET / HTTP/1.1\r\nhost: test\r\n\r\n".repeat(40));
    for _ in 0..40 {
        assert_eq!(client.reply().status, 200);
    }
    server.close();
}

#[test]
fn a_client_that_half_closes_gets_its_answer() {
    let server = start(Limits::default());
    for _ in 0..200 {
        let mut client = server.client();
        client.request("/");
        client.socket.shutdown(Shutdown::Write).unwrap();
        assert_eq!(client.reply().status, 200);
        client.assert_closed();
    }
    server.close();
}

#[test]
fn http_1_1_needs_one_host_and_http_1_0_none() {
    let server = start(Limits::default());
    let cases = [
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\nhost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", 200),
        ("GET / HTTP/1.0\r\n\r\n", 200),
        ("OPTIONS / HTTP/1.0\r\n\r\n", 200),
    ];
    for (request, status) in cases {
        let mut client = server.client();
        client.send(request);
        assert_eq!(client.reply().status, status, "{request:?}");
    }
    server.close();
}

#[test]
fn a_closing_client_is_obeyed() {
    let server = start(Limits::default());
    let mut client = server.client();
    client.send("GET / HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    assert!(client.reply().says_close());
    client.assert_closed();

    let mut client = server.client();
    client.send("GET / HTTP/1.0\r\n\r\n");
    assert_eq!(client.reply().status, 200);
    client.assert_closed();
    server.close();
}
