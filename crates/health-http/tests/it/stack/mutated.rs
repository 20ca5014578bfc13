//! 100,000 mutated requests over raw sockets: no panic, no hang, no failure of the server's, and
//! the next good probe is answered.
//!
//! `cargo xtask bench mutated` runs the same with a million.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::panic;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use health_core::{ComponentSpec, Health, check_fn};
use health_http::server::Limits;

use super::connection::{Connection, End, get};
use super::mutation::{Random, mutated};
use super::node::{Place, runtime, serve_started, until};
use super::process;

const REQUESTS: usize = 100_000;
/// As many others may be asked for by this variable.
const REQUESTS_VARIABLE: &str = "HEALTH_MUTATION_REQUESTS";
const CLIENTS: usize = 4;
/// Unfinished connections that a client holds: more, and the oldest is looked at.
const UNFINISHED: usize = 256;
/// Another one may be given by this variable, to look further or to replay.
const SEED_VARIABLE: &str = "HEALTH_MUTATION_SEED";
const SEED: u64 = 0x5eed;

/// What the requests of one client came to.
#[derive(Debug, Default)]
struct Tally {
    requests: usize,
    connections: usize,
    resets: usize,
    /// Responses by the hundred of their status.
    by_class: [usize; 6],
}

static PANICS: AtomicU64 = AtomicU64::new(0);

/// In a process of its own, where any panic is one of the server's or of this test.
#[test]
fn mutated_requests_do_no_harm() {
    println!(
        "{}",
        process::run("stack::mutated::in_a_process_of_its_own")
    );
}

#[test]
#[ignore = "started by `mutated_requests_do_no_harm`"]
fn in_a_process_of_its_own() {
    let report = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        PANICS.fetch_add(1, Ordering::Relaxed);
        report(info);
    }));
    let seed = std::env::var(SEED_VARIABLE).map_or(SEED, |seed| seed.parse().unwrap());
    let requests =
        std::env::var(REQUESTS_VARIABLE).map_or(REQUESTS, |number| number.parse().unwrap());
    println!("replay with {SEED_VARIABLE}={seed} {REQUESTS_VARIABLE}={requests}");

    let health = Health::new();
    let db = health
        .component(ComponentSpec::new("db").critical())
        .unwrap();
    db.ready();
    health
        .register(
            check_fn("beat", |_| async { true })
                .critical()
                .every(Duration::from_millis(200)),
        )
        .unwrap();
    let runtime = runtime(2);
    let within = runtime.enter();
    health.start().unwrap();
    // Those who leave a request unfinished are cut soon.
    let limits = Limits::default()
        .header_timeout(Duration::from_secs(1))
        .idle(Duration::from_secs(1));
    let servers = Place::both().map(|place| serve_started(&health, place, limits.clone()));
    for (_, address) in &servers {
        until("a running node", || get(*address, "/ready").status == 200);
    }

    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let addresses = [servers[0].1, servers[1].1];
                let seed = seed.wrapping_add((client as u64) << 32);
                scope.spawn(move || abuse(addresses, seed, requests / CLIENTS))
            })
            .collect();
        for client in clients {
            let tally = client.join().unwrap();
            println!("{tally:?}");
            let [_, _, ok, moved, refused, failed] = tally.by_class;
            // Such mutations as these leave enough to be answered; else this would show nothing.
            assert!(ok > tally.requests / 10, "{tally:?}");
            assert!(refused > tally.requests / 10, "{tally:?}");
            assert_eq!((moved, failed), (0, 0), "{tally:?}");
        }
    });
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);

    for (handle, address) in servers {
        for path in ["/ready", "/live", "/startup", "/health"] {
            assert_eq!(get(address, path).status, 200, "{path}");
        }
        until("all connections end", || handle.connections() == 0);
        runtime.block_on(handle.close());
    }
    drop(within);
    runtime.block_on(health.stop());
    assert_eq!(PANICS.load(Ordering::Relaxed), 0);
}

/// Sends so many requests, on one connection after another.
fn abuse(addresses: [SocketAddr; 2], seed: u64, requests: usize) -> Tally {
    let mut random = Random::new(seed);
    let mut tally = Tally::default();
    let mut unfinished = VecDeque::new();
    while tally.requests < requests {
        let before = random.clone();
        let mut connection = Connection::open(addresses[random.below(2)]);
        tally.connections += 1;
        // A connection that was good once, and is kept.
        if random.below(2) == 0 {
            assert_eq!(connection.get("/ready").status, 200, "{before:?}");
        }
        let mut sent = Vec::new();
        // Mostly one, since the server closes at the first that it cannot read; some pipelined.
        let batch = if random.below(4) == 0 { 3 } else { 1 };
        for _ in 0..batch {
            sent.extend(mutated(&mut random));
            tally.requests += 1;
        }
        connection.offer(&sent);
        if random.below(64) == 0 {
            // Says no more, and does not hang up: the server has to.
            unfinished.push_back((connection, sent));
            if unfinished.len() > UNFINISHED
                && let Some((connection, sent)) = unfinished.pop_front()
            {
                judge(connection, &sent, &mut tally);
            }
        } else {
            connection.finish();
            judge(connection, &sent, &mut tally);
        }
    }
    for (connection, sent) in unfinished {
        judge(connection, &sent, &mut tally);
    }
    tally
}

/// Reads to the end of the connection, which must come, and counts the responses.
fn judge(connection: Connection, sent: &[u8], tally: &mut Tally) {
    let (received, end) = connection.rest();
    tally.resets += usize::from(end == End::Reset);
    for status in statuses(&received) {
        let class = usize::from(status / 100);
        assert!(
            matches!(status, 100 | 200 | 400..=499),
            "{status} to {}",
            sent.escape_ascii()
        );
        tally.by_class[class] += 1;
    }
}

/// The statuses in what was received. Whether a response has a body depends on a method that may
/// have been mutated, so that they are searched for: no body contains one.
fn statuses(received: &[u8]) -> impl Iterator<Item = u16> + '_ {
    received.windows(13).filter_map(|at| {
        let rest = at.strip_prefix(b"HTTP/1.")?;
        let code = rest.get(2..5)?;
        (rest[1] == b' ' && rest[5] == b' ' && code.iter().all(u8::is_ascii_digit)).then(|| {
            code.iter()
                .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'))
        })
    })
}
