//! HTTP servers that mean harm, or are broken beyond use.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

use health_checks::net::HttpCheck;

use super::{assert_healthy, assert_unhealthy, detail, hurried, patient, raw};

const HEAD: &[u8] = b"HTTP/1.1 200 OK\r\n\r\n";

fn http(port: u16) -> HttpCheck {
    HttpCheck::new(&format!("http://127.0.0.1:{port}/")).unwrap()
}

/// Writes `part` again and again, until the client is gone.
fn flood(mut stream: TcpStream, part: &[u8]) {
    while stream.write_all(part).is_ok() {}
}

#[tokio::test]
async fn silence_ends_at_the_deadline() {
    hurried(
        http(raw::serve(|stream| raw::hang(&stream))),
        "does not answer in time",
    )
    .await;
    let begun = raw::serve_http(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nx: ");
        raw::hang(&stream);
    });
    hurried(http(begun), "does not answer in time").await;
    let slow = raw::serve_http(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\na");
        raw::hang(&stream);
    });
    hurried(http(slow), "begins to answer, but does not end in time").await;
    // Who does not want the body need not wait for its end.
    assert_healthy(&patient(http(slow).max_body_bytes(0).unwrap()).await);
}

#[tokio::test]
async fn endless_preliminaries_and_chunks_end() {
    let preliminaries =
        raw::serve_http(|stream, _| flood(stream, b"HTTP/1.1 100 Continue\r\n\r\n"));
    let state = patient(http(preliminaries)).await;
    assert_unhealthy(&state, "sends far more than an answer");
    let chunks = raw::serve_http(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        flood(stream, b"1\r\nx\r\n");
    });
    let state = patient(http(chunks)).await;
    assert_healthy(&state);
    assert_eq!(detail(&state, "body_bytes"), 65_536);
}

#[tokio::test]
async fn an_endless_body_is_not_read_on() {
    let port = raw::serve_http(|mut stream, _| {
        let _ = stream.write_all(HEAD);
        flood(stream, &[b'x'; 1 << 14]);
    });
    let state = patient(http(port)).await;
    assert_healthy(&state);
    assert_eq!(detail(&state, "body_bytes"), 65_536);
    assert_eq!(detail(&state, "body_truncated"), true);
    let state = patient(http(port).body_contains("y").max_body_bytes(1000).unwrap()).await;
    assert_unhealthy(
        &state,
        "in the first 1000 bytes of its body, the rest is not read",
    );
    assert_healthy(&patient(http(port).body_contains("xxx")).await);
}

#[tokio::test]
async fn a_body_of_two_gigabytes_is_not_read_on() {
    let port = raw::serve_http(|mut stream, _| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2147483648\r\n\r\n");
        flood(stream, &[b'x'; 1 << 14]);
    });
    for check in [http(port), http(port).keep_connection()] {
        let state = patient(check).await;
        assert_healthy(&state);
        assert_eq!(detail(&state, "body_bytes"), 65_536);
    }
}

#[tokio::test]
async fn what_is_no_answer_is_unhealthy() {
    let headers = "x: y\r\n".repeat(200);
    let long = "x".repeat(1 << 20);
    for (text, words) in [
        (String::new(), "breaks before the answer is complete"),
        (
            "HTTP/1.1 200 OK\r\ncontent".into(),
            "breaks before the answer is complete",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc".into(),
            "breaks before the answer is complete",
        ),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n".into(),
            "breaks before the answer is complete",
        ),
        (
            "SSH-2.0-OpenSSH_9.2\r\n".into(),
            "answers what is not HTTP/1",
        ),
        ("HTTP/2 200 OK\r\n\r\n".into(), "answers what is not HTTP/1"),
        ("\0\u{1}\u{2}\r\n\r\n".into(), "answers what is not HTTP/1"),
        (
            "HTTP/1.1 99999 x\r\n\r\n".into(),
            "answers what is not HTTP/1",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab".into(),
            "answers what is not HTTP/1",
        ),
        (
            format!("HTTP/1.1 200 OK\r\n{headers}\r\n"),
            "more than 100 headers",
        ),
        (
            format!("HTTP/1.1 200 OK\r\nx: {long}\r\n\r\n"),
            "or 64 KiB of them",
        ),
    ] {
        let state = patient(http(raw::serve_text(text))).await;
        assert_unhealthy(&state, words);
    }
}

#[tokio::test]
async fn a_circle_of_redirects_ends() {
    let port = raw::serve_text("HTTP/1.1 302 x\r\nlocation: /\r\ncontent-length: 0\r\n\r\n");
    let state = patient(http(port).redirects(20).unwrap()).await;
    assert_unhealthy(&state, "redirected more than 20 times; is it a circle?");
}

#[tokio::test]
async fn no_link_local_address_is_asked() {
    for url in [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fe80::1]/",
        "http://[::ffff:169.254.169.254]/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        // The resolver of the system reads these as addresses.
        "http://2852039166/",
        "http://0xa9fea9fe/",
        "http://0251.0376.0251.0376/",
        "https://169.254.169.254/",
    ] {
        let state = patient(HttpCheck::new(url).unwrap()).await;
        assert_unhealthy(&state, "link-local or a metadata service's");
        let leads = format!("HTTP/1.1 302 x\r\nlocation: {url}\r\ncontent-length: 0\r\n\r\n");
        let state = patient(http(raw::serve_text(leads)).redirects(5).unwrap()).await;
        assert_unhealthy(&state, "link-local or a metadata service's");
    }
}

#[tokio::test]
async fn a_link_local_address_is_asked_if_it_is_allowed() {
    let check = HttpCheck::new("http://169.254.169.254/")
        .unwrap()
        .allow_link_local();
    let state = crate::harness::result(check.registration().timeout(super::SHORT)).await;
    assert!(!state.message.contains("link-local"), "{state:?}");
}

#[tokio::test]
async fn another_origin_learns_no_secret() {
    let heads = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&heads);
    let other = raw::serve_http(move |mut stream, head| {
        *heads.lock().unwrap() += &head;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    });
    let leads = raw::serve_text(format!(
        "HTTP/1.1 307 x\r\nlocation: http://127.0.0.1:{other}/there\r\ncontent-length: 0\r\n\r\n"
    ));
    let check =
        HttpCheck::new(&format!("http://user:hunter2@127.0.0.1:{leads}/?q=hunter2")).unwrap();
    let check = check
        .header("x-api-key", "hunter2")
        .unwrap()
        .body("hunter2");
    let state = patient(check.method("POST").unwrap().redirects(1).unwrap()).await;
    assert_healthy(&state);
    assert_eq!(detail(&state, "redirects"), 1);
    let heard = heard.lock().unwrap();
    assert!(heard.starts_with("POST /there HTTP/1.1\r\n"), "{heard}");
    assert!(
        !heard.contains("hunter2") && !heard.contains("authorization"),
        "{heard}"
    );
}
