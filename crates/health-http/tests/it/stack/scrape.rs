//! What a scrape says of connections, after what it tells of has happened to them.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use health_core::{ComponentSpec, Health, Probe, check_fn};
use health_http::server::{Limits, ServerHandle};
use socket2::{Domain, Socket, Type};
use tokio::runtime::Runtime;

use super::connection::Connection;
use super::node::{Place, runtime, serve, until};
use super::process;

/// Long enough that a good client on a busy machine keeps it.
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_hours(1);

fn patient() -> Limits {
    Limits::default()
        .header_timeout(LONG)
        .idle(LONG)
        .write_stall(LONG)
        .age(LONG)
}

struct Node {
    runtime: Runtime,
    health: Health,
    server: ServerHandle,
    address: SocketAddr,
}

impl Node {
    fn start(health: Health, limits: Limits) -> Self {
        let runtime = runtime(1);
        let (server, address) = serve(&runtime, &health, Place::both()[1], limits);
        Self {
            runtime,
            health,
            server,
            address,
        }
    }

    fn connect(&self) -> Connection {
        let accepted = self.server.counts().accepted;
        let connection = Connection::open(self.address);
        until("the connection", || {
            self.server.counts().accepted > accepted
        });
        connection
    }

    fn end(self) {
        self.runtime.block_on(async {
            self.server.close().await;
            self.health.stop().await;
        });
    }
}

type Series = BTreeMap<String, f64>;

/// Every series about the server, under its name without what they have in common.
fn scrape(connection: &mut Connection) -> Series {
    let reply = connection.get("/metrics");
    assert_eq!(reply.status, 200);
    let lines = reply.body.lines();
    let lines = lines.filter_map(|line| line.strip_prefix("health_http_"));
    lines
        .map(|line| {
            let (series, value) = line.rsplit_once(' ').unwrap();
            (series.to_owned(), value.parse().unwrap())
        })
        .collect()
}

fn assert_values(series: &Series, expected: &[(&str, f64)]) {
    for (name, value) in expected {
        assert_eq!(series.get(*name), Some(value), "{name}: {series:#?}");
    }
}

const NEW: &str = "connections_evicted_total{state=\"new\"}";
const IDLE: &str = "connections_evicted_total{state=\"idle\"}";
const BUSY: &str = "connections_evicted_total{state=\"busy\"}";

#[test]
fn evictions_are_counted_by_what_was_evicted() {
    let node = Node::start(Health::new(), patient().connections(3));
    // A stream of events is busy for as long as it lasts.
    let follow = |connection: &mut Connection| {
        let requests = node.server.counts().requests;
        connection.offer(b"GET /health/events HTTP/1.1\r\nhost: n\r\n\r\n");
        until("the stream", || node.server.counts().requests > requests);
    };
    let _silent = node.connect();
    let mut idle = node.connect();
    assert_eq!(idle.get("/live").status, 200);
    let mut busy = node.connect();
    assert_eq!(busy.get("/live").status, 200);
    follow(&mut busy);

    let mut first = node.connect();
    let series = scrape(&mut first);
    assert_values(&series, &[(NEW, 1.0), (IDLE, 0.0), (BUSY, 0.0)]);
    let mut second = node.connect();
    let series = scrape(&mut second);
    assert_values(&series, &[(NEW, 1.0), (IDLE, 1.0), (BUSY, 0.0)]);
    follow(&mut first);
    follow(&mut second);
    let series = scrape(&mut node.connect());
    assert_values(
        &series,
        &[
            (NEW, 1.0),
            (IDLE, 1.0),
            (BUSY, 1.0),
            ("connections", 3.0),
            ("connections_accepted_total", 6.0),
            ("requests_total{route=\"live\",code=\"200\"}", 2.0),
            ("requests_total{route=\"metrics\",code=\"200\"}", 2.0),
            ("requests_total{route=\"events\",code=\"200\"}", 3.0),
            ("requests_refused_total", 0.0),
            ("accept_failures_total", 0.0),
        ],
    );
    node.end();
}

#[test]
fn refusals_are_counted() {
    let health = Health::new();
    let ran = AtomicBool::new(false);
    // Its first result is old at once, and there is no other.
    let hanging = check_fn("db", move |_| {
        let hangs = ran.swap(true, Ordering::Relaxed);
        async move {
            if hangs {
                std::future::pending::<()>().await;
            }
        }
    });
    let soon = Duration::from_millis(1);
    let hanging = hanging.critical().timeout(LONG).on_demand(soon);
    health.register(hanging.max_age(soon)).unwrap();
    let node = Node::start(health, patient().requests(1));
    until("an old result", || {
        let has_run = node.health.check("db").unwrap().runs == 1;
        has_run && !node.health.verdict(Probe::Ready).passing
    });
    let mut waiting = node.connect();
    let mut other = node.connect();
    let mut refused = 0;
    until("two refusals", || {
        // It waits a second for the check, and takes the only place.
        let requests = node.server.counts().requests;
        waiting.offer(b"GET /ready HTTP/1.1\r\nhost: n\r\n\r\n");
        until("the request", || node.server.counts().requests > requests);
        let reply = other.get("/ready");
        refused += u64::from(!reply.body.contains("\"ready\""));
        assert_eq!(reply.status, 503);
        assert_eq!(waiting.answer().status, 503);
        refused >= 2
    });
    let series = scrape(&mut other);
    assert_values(&series, &[("requests_refused_total", as_float(refused))]);
    node.end();
}

#[test]
fn outstayed_bounds_are_counted_one_by_one() {
    let bounds = ["header", "idle", "write", "age"];
    for bound in bounds {
        let limits = match bound {
            "header" => patient().header_timeout(SHORT),
            "idle" => patient().idle(SHORT),
            "write" => patient().write_stall(SHORT),
            _ => patient().age(SHORT),
        };
        let health = Health::new();
        let _parts: Vec<_> = (0..1000)
            .map(|n| {
                let spec = ComponentSpec::new(format!("{n}")).description("d".repeat(500));
                health.component(spec).unwrap()
            })
            .collect();
        let node = Node::start(health, limits);
        let mut slow = small(node.address);
        let request = match bound {
            "header" => "",
            // More than the sockets of both ends buffer, and nobody reads it.
            "write" => "GET /health/checks HTTP/1.1\r\nhost: n\r\n\r\n",
            _ => "GET /live HTTP/1.1\r\nhost: n\r\n\r\n",
        };
        slow.write_all(request.as_bytes()).unwrap();
        until(bound, || {
            let counts = node.server.counts();
            let outstayed = [
                counts.timed_out_header,
                counts.timed_out_idle,
                counts.timed_out_write,
                counts.timed_out_age,
            ];
            outstayed.iter().sum::<u64>() > 0
        });
        let series = scrape(&mut node.connect());
        for other in bounds {
            let name = format!("connections_timed_out_total{{bound=\"{other}\"}}");
            let expected = if other == bound { 1.0 } else { 0.0 };
            assert_values(&series, &[(&name, expected)]);
        }
        node.end();
    }
}

/// A connection whose system takes next to nothing that is not read.
fn small(address: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(1).unwrap();
    socket.connect(&address.into()).unwrap();
    socket.into()
}

#[cfg(unix)]
#[test]
fn failures_to_accept_are_counted() {
    let command = process::command("stack::scrape::with_few_descriptors");
    let status = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 64 && exec \"$0\" \"$@\""])
        .arg(command.get_program())
        .args(command.get_args())
        .status();
    assert!(status.unwrap().success());
}

/// The limit is the whole process's.
#[cfg(unix)]
#[test]
#[ignore = "started by `failures_to_accept_are_counted`"]
fn with_few_descriptors() {
    let node = Node::start(Health::new(), patient());
    let mut held = Vec::new();
    let mut take_all = || {
        while let Ok(socket) = TcpStream::connect(node.address) {
            held.push(socket);
        }
        // Both ends are of this process: for the last one there is none left to accept.
        held.pop();
    };
    until("failures to accept", || {
        take_all();
        node.server.counts().accept_failures >= 2
    });
    drop(held);
    // Nothing fails any more once newcomers are served.
    let mut last = node.connect();
    assert_eq!(last.get("/live").status, 200);
    let failures = node.server.counts().accept_failures;
    let series = scrape(&mut last);
    assert_values(&series, &[("accept_failures_total", as_float(failures))]);
    node.end();
}

fn as_float(count: u64) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}
