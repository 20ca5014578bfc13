//! HTTP as nginx speaks it.

use health_checks::net::HttpCheck;
use health_core::{CheckState, CheckStatus, Registration};

use super::{
    SHORT, assert_healthy, assert_unhealthy, detail, nginx, patient, raw, survives_silence,
};
use crate::harness::{Monitored, PATIENCE};

const LOCATIONS: &str = r#"
    location /ok { add_header x-role primary; return 200 "status: ok, all of it"; }
    location /head { if ($request_method = HEAD) { return 204; } return 500; }
    location /down { return 503 "no"; }
    location /moved { return 302 /ok; }
    location /post { if ($request_method = POST) { return 201; } return 405; }
"#;

fn http(port: u16, path: &str) -> HttpCheck {
    HttpCheck::new(&format!("http://127.0.0.1:{port}{path}")).unwrap()
}

#[tokio::test]
async fn answers_are_judged() {
    let server = nginx::plain(LOCATIONS);
    let at = |path| http(server.port, path);
    for (check, status, words) in [
        (at("/ok"), CheckStatus::Healthy, "/ok answers 200"),
        (
            at("/ok").body_contains("status: ok"),
            CheckStatus::Healthy,
            "answers 200",
        ),
        (
            at("/ok").body_contains("fine"),
            CheckStatus::Unhealthy,
            "without the expected text",
        ),
        (
            at("/ok").header_contains("X-Role", "prim").unwrap(),
            CheckStatus::Healthy,
            "200",
        ),
        (
            at("/ok").header_contains("x-role", "replica").unwrap(),
            CheckStatus::Unhealthy,
            "without the expected header `x-role`",
        ),
        (
            at("/ok").method("HEAD").unwrap(),
            CheckStatus::Healthy,
            "HEAD http://127.0.0.1",
        ),
        (
            at("/head").method("HEAD").unwrap(),
            CheckStatus::Healthy,
            "answers 204",
        ),
        (
            at("/post").method("POST").unwrap().body("x"),
            CheckStatus::Healthy,
            "answers 201",
        ),
        (
            at("/down"),
            CheckStatus::Unhealthy,
            "answers 503, expected 200 to 299",
        ),
        (
            at("/down").statuses([503]).unwrap(),
            CheckStatus::Healthy,
            "answers 503",
        ),
        (at("/missing"), CheckStatus::Unhealthy, "answers 404"),
        (at("/moved"), CheckStatus::Unhealthy, "answers 302"),
        (
            at("/moved").redirects(1).unwrap(),
            CheckStatus::Healthy,
            "answers 200 at http://",
        ),
    ] {
        let state = patient(check).await;
        assert_eq!(state.status, status, "{state:?}");
        assert!(state.message.contains(words), "{state:?}");
        assert_eq!(detail(&state, "tls"), "none");
    }
    let state = patient(at("/ok")).await;
    assert_eq!(detail(&state, "status_code"), 200);
    assert_eq!(detail(&state, "body_bytes"), 21);
    assert_eq!(
        detail(&state, "remote_address"),
        format!("127.0.0.1:{}", server.port)
    );
    assert!(detail(&state, "latency_ms").is_f64());
}

#[tokio::test]
async fn a_server_falls_silent_and_comes_back() {
    let server = nginx::plain(LOCATIONS);
    for check in [
        http(server.port, "/ok"),
        http(server.port, "/ok").keep_connection(),
    ] {
        let monitored = Monitored::start(check.registration().timeout(SHORT));
        survives_silence(&monitored, || server.suspend(), || server.resume()).await;
        monitored.stop().await;
    }
}

#[tokio::test]
async fn a_server_is_killed_and_comes_back() {
    let mut server = nginx::plain(LOCATIONS);
    for check in [
        http(server.port, "/ok"),
        http(server.port, "/ok").keep_connection(),
    ] {
        let monitored = Monitored::start(check.registration().timeout(PATIENCE));
        assert_healthy(&monitored.ask().await);
        server.kill();
        assert_unhealthy(&monitored.ask().await, "refuses connections");
        server.restart();
        assert_healthy(&monitored.ask().await);
        // By a kept connection that is gone, and that no run saw go.
        server.kill();
        server.restart();
        assert_healthy(&monitored.ask().await);
        monitored.stop().await;
    }
}

#[tokio::test]
async fn a_connection_is_kept_only_if_asked_for() {
    // The number of this request within its connection.
    let server = nginx::plain("location / { return 200 nr-$connection_requests.; }");
    let anew = http(server.port, "/").body_contains("nr-1.").registration();
    let kept = http(server.port, "/")
        .keep_connection()
        .body_contains("nr-3.");

    let monitored = Monitored::start(anew.timeout(PATIENCE));
    for _ in 0..3 {
        assert_healthy(&monitored.ask().await);
    }
    monitored.stop().await;
    let monitored = Monitored::start(kept.registration().timeout(PATIENCE));
    monitored
        .ask_until("the third request", CheckState::healthy)
        .await;
    monitored.stop().await;
}

#[tokio::test]
async fn credentials_are_sent_and_shown_nowhere() {
    use std::io::Write as _;
    let port = raw::serve_http(|mut stream, head| {
        let known = head.contains("authorization: Basic dXNlcjpodW50ZXIy\r\n")
            && head.contains("GET /x?key=hunter2 HTTP/1.1\r\n")
            && head.contains("x-api-key: hunter2\r\n");
        let status = if known { "200 OK" } else { "401 Unauthorized" };
        let _ = write!(stream, "HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
    });
    let secretive = |port: u16| -> Registration {
        let url = format!("http://user:hunter2@127.0.0.1:{port}/x?key=hunter2");
        let check = HttpCheck::new(&url).unwrap();
        check.header("x-api-key", "hunter2").unwrap().registration()
    };
    assert_healthy(&patient(secretive(port)).await);

    let hung_up = raw::serve(drop);
    let noise = raw::serve_text("hunter");
    let lost = raw::serve_text("HTTP/1.1 302 x\r\nlocation: gopher://user:hunter2@x/\r\n\r\n");
    let closed = crate::server::free_port();
    for port in [port, hung_up, noise, lost, closed] {
        let words = super::all_words(secretive(port)).await;
        assert!(
            !words.contains("hunter2") && !words.contains("dXNlcj"),
            "{words}"
        );
    }
}
