//! Input that no good client sends: answered or closed, and the next client is served.

use health_http::server::Limits;

use super::harness::start;

#[test]
fn malformed_input_is_refused_or_closed() {
    let server = start(Limits::default());
    let long = "x".repeat(20 << 10);
    let cases = [
        ("\0\0\0\0\r\n\r\n".to_owned(), Some(400)),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), Some(400)),
        (
            "GET /\x01 HTTP/1.1\r\nhost: a\r\n\r\n".to_owned(),
            Some(400),
        ),
        (
            "GET / HTTP/1.1\r\nhost: a\r\nbad header: x\r\n\r\n".to_owned(),
            Some(400),
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"
                .to_owned(),
            Some(400),
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: -1\r\n\r\n".to_owned(),
            Some(400),
        ),
        (
            "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: gzip\r\n\r\n".to_owned(),
            Some(400),
        ),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), None),
        (
            format!("GET /{long} HTTP/1.1\r\nhost: a\r\n\r\n"),
            Some(431),
        ),
        (
            format!("GET / HTTP/1.1\r\nhost: a\r\nx: {long}\r\n\r\n"),
            Some(431),
        ),
        (
            "GET / HTTP/1.1\r\nhost: a\r\n".to_owned() + &"x: y\r\n".repeat(200) + "\r\n",
            Some(431),
        ),
    ];
    for (input, status) in cases {
        let shown: String = input.chars().take(40).collect();
        let mut client = server.client();
        client.send(&input);
        // A reset may overtake the answer when the server has not read all that was sent.
        if let Some(reply) = client.try_reply() {
            assert_eq!(Some(reply.status), status, "{shown:?}");
        } else {
            assert!(
                status.is_none() || input.len() > 8 << 10,
                "{shown:?} deserves an answer"
            );
        }
        client.assert_closed();
        server.assert_serves();
    }
    server.close();
}

#[test]
fn a_body_that_came_along_is_skipped() {
    let server = start(Limits::default());
    let mut client = server.client();
    client.send("GET / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
    assert_eq!(client.reply().status, 200);
    client.send(
        "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
    );
    assert_eq!(client.reply().status, 200);
    server.close();
}

#[test]
fn a_body_that_does_not_come_is_not_waited_for() {
    let server = start(Limits::default());
    for start_of_body in ["", "some", "some and more"] {
        let mut client = server.client();
        client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000\r\n\r\n");
        client.send(start_of_body);
        assert_eq!(client.reply().status, 200);
        client.assert_closed();
    }
    let mut client = server.client();
    client.send("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 4\r\nexpect: 100-continue\r\n\r\n");
    assert_eq!(client.reply().status, 200, "nobody is asked to continue");
    server.close();
}

#[test]
fn a_service_that_panics_takes_its_connection_alone() {
    let server = start(Limits::default());
    let mut kept = server.client();
    assert_eq!(kept.get("/").status, 200);
    for _ in 0..20 {
        let mut client = server.client();
        client.request("/panic");
        client.assert_closed();
    }
    assert_eq!(kept.get("/").status, 200);
    server.assert_serves();
    assert!(server.handle.connections() <= 2);
    server.close();
}
