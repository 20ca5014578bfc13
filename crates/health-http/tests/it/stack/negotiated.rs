//! Hostile `Accept` and `format` on a real socket: each gets an answer in some dialect or is refused,
//! and the next client is served.

use health_core::Health;
use health_http::server::Limits;

use super::connection::{Connection, get};
use super::node::{Place, runtime, serve_started};

const NATIVE: (u16, &str) = (503, "application/json");
const IETF: (u16, &str) = (503, "application/health+json");
const TEXT: (u16, &str) = (503, "text/plain; charset=utf-8");
/// By hyper, whose refusals have no body.
const MALFORMED: (u16, &str) = (400, "");
const HEAD_TOO_LARGE: (u16, &str) = (431, "");
const QUERY_TOO_LONG: (u16, &str) = (414, "application/json");

fn heads() -> Vec<(&'static str, Vec<u8>, (u16, &'static str))> {
    let huge = |part: &str, bytes: usize| part.repeat(bytes / part.len());
    let field = |value: &[u8]| [b"accept: ", value, b"\r\n"].concat();
    vec![
        ("", Vec::new(), NATIVE),
        ("", field(b""), NATIVE),
        ("", field(b" \t "), NATIVE),
        ("", field(b"application/health+json"), IETF),
        ("", field(b"\xff\xfe, text/plain"), NATIVE),
        ("", [field(b"\xff"), field(b"text/plain")].concat(), TEXT),
        ("", field(b"text/plain\0"), MALFORMED),
        ("", field(b"text/plain\x01"), MALFORMED),
        ("", field(b"text/plain;q=NaN"), NATIVE),
        ("", field(b"text/plain;q=0.12345"), TEXT),
        (
            "",
            field(b"text/plain;q=2, application/health+json;q=-1"),
            NATIVE,
        ),
        // A hundred fields are the most that a head may have.
        ("", field(b"text/plain").repeat(90), TEXT),
        ("", field(b"text/plain").repeat(110), HEAD_TOO_LARGE),
        ("", field(b"x/y").repeat(90), NATIVE),
        // Past 1024 bytes it is nonsense, and past 16 KiB the head is.
        ("", field(huge("text/plain,", 1020).as_bytes()), TEXT),
        ("", field(huge("text/plain,", 8 << 10).as_bytes()), NATIVE),
        (
            "",
            field(huge("text/plain,", 64 << 10).as_bytes()),
            HEAD_TOO_LARGE,
        ),
        (
            "",
            field(huge("*/*;q=0.\"", 64 << 10).as_bytes()),
            HEAD_TOO_LARGE,
        ),
        ("?format=%6eative", field(b"text/plain"), NATIVE),
        ("?format=%69etf", Vec::new(), IETF),
        ("?format=&format=ietf", field(b"text/plain"), NATIVE),
        ("?format=ietf&format=native", field(b"text/plain"), IETF),
        ("?format", field(b"text/plain"), NATIVE),
        ("?format=%ff%fe", field(b"text/plain"), NATIVE),
        // What cannot be read is not there.
        ("?format=%zz", field(b"text/plain"), TEXT),
        ("?format=ietf%", field(b"text/plain"), TEXT),
        ("?format=ietf;verbose", field(b"text/plain"), TEXT),
        ("?format=ietf\u{e9}", field(b"text/plain"), NATIVE),
        ("?%66%6f%72%6d%61%74=%69%65%74%66", Vec::new(), IETF),
        ("?&&&=&=format&", field(b"text/plain"), TEXT),
        ("HUGE", Vec::new(), QUERY_TOO_LONG),
        ("ENDLESS", Vec::new(), HEAD_TOO_LARGE),
    ]
}

#[test]
fn hostile_negotiation_ends_in_an_answer() {
    let runtime = runtime(1);
    for place in Place::both() {
        // Never started, so that it is ill in every dialect.
        let health = Health::new();
        let _within = runtime.enter();
        let (handle, address) = serve_started(&health, place, Limits::default());
        for (query, fields, expected) in heads() {
            let (shown, query) = match query {
                "HUGE" => (query, format!("?format={}", "i".repeat(5000))),
                "ENDLESS" => (query, format!("?format={}", "i".repeat(64 << 10))),
                query => (query, query.to_owned()),
            };
            for path in ["/ready", "/health"] {
                let mut head = format!("GET {path}{query} HTTP/1.1\r\nhost: n\r\n").into_bytes();
                head.extend_from_slice(&fields);
                head.extend_from_slice(b"connection: close\r\n\r\n");
                let mut connection = Connection::open(address);
                connection.offer(&head);
                let (answer, _) = connection.rest();
                let answer = String::from_utf8(answer).unwrap();
                let fields: String = String::from_utf8_lossy(&fields).chars().take(60).collect();
                assert_eq!(told(&answer), expected, "{path}{shown} {fields}: {answer}");
            }
            assert_eq!(get(address, "/live").status, 200, "{shown}");
        }
        runtime.block_on(handle.close());
    }
}

/// The code and the type of an answer.
fn told(answer: &str) -> (u16, &str) {
    let status = answer.get(9..12).unwrap_or_default().parse().unwrap_or(0);
    let kind = answer
        .lines()
        .find_map(|line| line.strip_prefix("content-type: "));
    (status, kind.unwrap_or_default())
}
