//! Tokens on a real socket: no log line, no `Debug`, no error and no answer tells one.
//!
//! All that anybody logs at any level is kept, whoever logs it. hyper is silent unless it is built
//! with `--cfg hyper_unstable_tracing`.

use std::fmt::Write as _;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use health_core::{ComponentSpec, Health};
use health_http::server::{Limits, ServerHandle};
use health_http::{HealthServer, HealthService, Token};
use tokio::runtime::Runtime;

use super::connection::Connection;
use super::node::{Place, runtime, until};
use super::process;

/// The last two are good nowhere.
const TOKENS: [&str; 4] = [
    "current-Qm9vYmFy.secret_1",
    "coming~Zm9vYmFy/secret+2==",
    "mistyped-QUJDREVG-secret3",
    "elsewhere-R0hJSktM-secret4",
];

#[test]
fn no_token_is_told() {
    process::run("stack::secrecy::in_a_process_of_its_own");
}

/// The log of a whole process can be taken once.
#[test]
#[ignore = "started by `no_token_is_told`"]
fn in_a_process_of_its_own() {
    let log = Log::default();
    let told = log.clone();
    tracing_subscriber::fmt()
        .with_ansi(false)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || told.clone())
        .init();
    for token in TOKENS {
        tracing::trace!(target: "hyper::proto", "{:?}", spellings(token));
    }
    assert_eq!(log.take().secrets(), 4 * TOKENS.len(), "it would notice");

    let runtime = runtime(2);
    for place in Place::both() {
        let (server, mut shown) = serve(&runtime, place);
        let address = server.local_addr().tcp().unwrap();
        let sent = ask(address, &mut shown);
        until("every request", || server.counts().requests >= sent);
        write!(shown, "{server:?} {:?}", server.counts_reader()).unwrap();
        runtime.block_on(server.close());
        assert_eq!(Text(shown).secrets(), 0, "{place:?}");
    }
    drop(runtime);
    let log = log.take();
    assert!(
        log.0.contains("health_http"),
        "it logs something: {}",
        log.0
    );
    assert_eq!(log.secrets(), 0, "{}", log.0);
}

/// What everything that has tokens shows of itself, and a server that has them.
fn serve(runtime: &Runtime, place: Place) -> (ServerHandle, String) {
    let _within = runtime.enter();
    let tokens = || TOKENS[..2].iter().map(|token| Token::new(token).unwrap());
    let health = Health::new();
    let _gone = health.component(ComponentSpec::new("db")).unwrap();
    health.start().unwrap();
    let mut shown = String::new();
    for token in TOKENS {
        let refused = Token::new(&format!("{token} {token}")).unwrap_err();
        write!(shown, "{:?} {refused} {refused:?}", Token::new(token)).unwrap();
        let refused = Token::new(&token.repeat(20)).unwrap_err();
        write!(shown, "{refused} {refused:?}").unwrap();
    }
    let service = HealthService::builder(health.clone()).tokens(tokens());
    write!(shown, "{service:?} {service:#?}").unwrap();
    write!(shown, "{:?}", service.build()).unwrap();
    let mut server = HealthServer::builder(health)
        .limits(Limits::default().connections(8))
        .service(|service| service.tokens(tokens()));
    if let Place::OwnThread(stall) = place {
        server = server.own_thread(stall);
    }
    write!(shown, "{server:?}").unwrap();
    let bound = server.clone().bind("127.0.0.1:0").unwrap();
    let taken = server.bind(bound.local_addr().to_string()).unwrap_err();
    write!(shown, "{bound:?} {taken} {taken:?}").unwrap();
    (bound.serve().unwrap(), shown)
}

/// Presents every token in every way, and adds the answers; gives how many requests are whole.
fn ask(address: SocketAddr, shown: &mut String) -> u64 {
    let mut whole = 0;
    for token in TOKENS {
        for path in [
            "/health",
            "/ready?exclude=db",
            "/health/checks/db",
            "/health/ui/state",
            "/metrics",
            "/actuator/health/db",
            "/nowhere",
        ] {
            for fields in presented(token) {
                for method in ["GET", "HEAD", "POST"] {
                    let head = format!("{method} {path} HTTP/1.1\r\nhost: n\r\n{fields}\r\n");
                    shown.push_str(&exchange(address, head.as_bytes()));
                    whole += u64::from(!fields.contains('\u{1}'));
                }
            }
        }
        // Heads that are cut short, are none, are too long, or have a token where none belongs.
        for head in [
            format!("GET /health HTTP/1.1\r\nhost: n\r\nauthorization: Bearer {token}"),
            format!("authorization: Bearer {token}\r\n\r\n"),
            format!("Bearer {token}\r\n\r\n"),
            format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{token}"),
            format!("GET /{token}?token={token} HTTP/1.1\r\nhost: n\r\n\r\n"),
            format!("GET /health HTTP/1.1\r\nhost: {token}\r\nhost: {token}\r\n\r\n"),
            format!(
                "GET / HTTP/1.1\r\nhost: n\r\nauthorization: Bearer {}\r\n\r\n",
                token.repeat(2000)
            ),
        ] {
            shown.push_str(&exchange(address, head.as_bytes()));
        }
    }
    whole
}

/// Header fields that hold a token, well and badly.
fn presented(token: &str) -> [String; 8] {
    let basic = STANDARD.encode(format!("user:{token}"));
    [
        format!("authorization: Bearer {token}\r\n"),
        format!("authorization: bearer   {token}  \r\n"),
        format!("authorization: Bearer {token}\r\nauthorization: Bearer {token}\r\n"),
        format!("authorization: Bearer {token} {token}\r\n"),
        format!("authorization: {token}\r\n"),
        format!("authorization: Basic {basic}\r\n"),
        format!("authorization: Bearer {token}\u{1}\r\n"),
        format!("proxy-authorization: Bearer {token}\r\ncookie: token={token}\r\n"),
    ]
}

/// All that comes back on a connection of its own.
fn exchange(address: SocketAddr, bytes: &[u8]) -> String {
    let mut connection = Connection::open(address);
    connection.offer(bytes);
    connection.finish();
    let (answer, _) = connection.rest();
    String::from_utf8_lossy(&answer).into_owned()
}

/// How a token might be told: as it is, in base64, in hexadecimal digits, as a list of bytes.
fn spellings(token: &str) -> [String; 4] {
    let hex = token.bytes().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    });
    let bytes = format!("{:?}", token.as_bytes());
    [
        token.to_owned(),
        STANDARD.encode(token),
        hex,
        bytes.trim_matches(['[', ']']).to_owned(),
    ]
}

struct Text(String);

impl Text {
    /// How many spellings of tokens are in it. A part of a token is a token told.
    fn secrets(&self) -> usize {
        let lower = self.0.to_lowercase();
        let spelled = TOKENS.iter().flat_map(|token| spellings(token));
        spelled
            .filter(|spelling| lower.contains(&spelling[..spelling.len() / 2].to_lowercase()))
            .count()
    }
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// What was logged since it was last taken.
    fn take(&self) -> Text {
        let bytes = std::mem::take(&mut *self.0.lock().unwrap());
        Text(String::from_utf8(bytes).unwrap())
    }
}

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
