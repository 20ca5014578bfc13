//! An exact number of requests from a few threads, each answer checked.
//!
//! It stops at no failure: it counts them and keeps the first.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::client::{Answer, Connection, RequestError, Reuse, Target};
use crate::clock::Stopwatch;
use crate::error::BenchError;

/// What to ask, how often, and over how many connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) addr: SocketAddr,
    pub(crate) target: Target<'a>,
    pub(crate) requests: u64,
    /// Threads that ask at the same time.
    pub(crate) clients: u64,
    /// Requests on a connection before the next is opened; 1 is a fresh one for each.
    pub(crate) per_connection: u64,
}

impl<'a> Plan<'a> {
    /// One client, one connection.
    pub(crate) fn keep_alive(
        addr: SocketAddr,
        target: impl Into<Target<'a>>,
        requests: u64,
    ) -> Self {
        Self {
            addr,
            target: target.into(),
            requests,
            clients: 1,
            per_connection: u64::MAX,
        }
    }

    /// One client, a fresh connection for each request.
    pub(crate) fn fresh(addr: SocketAddr, target: impl Into<Target<'a>>, requests: u64) -> Self {
        Self {
            addr,
            target: target.into(),
            requests,
            clients: 1,
            per_connection: 1,
        }
    }
}

/// What became of the requests.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) answered: u64,
    pub(crate) failed: u64,
    pub(crate) first_failure: Option<String>,
    pub(crate) slowest: Duration,
}

impl Tally {
    fn add(&mut self, result: Result<Answer, RequestError>, took: Duration) {
        match result.and_then(|answer| match answer.head.status {
            200 => Ok(()),
            other => Err(RequestError::Status(other)),
        }) {
            Ok(()) => self.answered += 1,
            Err(error) => {
                self.failed += 1;
                self.first_failure.get_or_insert_with(|| error.to_string());
            }
        }
        self.slowest = self.slowest.max(took);
    }

    fn merge(mut self, other: Self) -> Self {
        self.answered += other.answered;
        self.failed += other.failed;
        self.first_failure = self.first_failure.or(other.first_failure);
        self.slowest = self.slowest.max(other.slowest);
        self
    }

    /// For a measurement that means nothing unless every request was answered.
    pub(crate) fn all_answered(self, what: &str) -> Result<(), BenchError> {
        match self.first_failure {
            None => Ok(()),
            Some(first) => Err(BenchError::Load {
                what: what.to_owned(),
                failed: self.failed,
                first,
            }),
        }
    }
}

pub(crate) fn run(plan: &Plan<'_>) -> Tally {
    let taken = AtomicU64::new(0);
    std::thread::scope(|scope| {
        let clients: Vec<_> = (0..plan.clients)
            .map(|_| scope.spawn(|| ask(plan, &taken)))
            .collect();
        clients
            .into_iter()
            .filter_map(|client| client.join().ok())
            .fold(Tally::default(), Tally::merge)
    })
}

fn ask(plan: &Plan<'_>, taken: &AtomicU64) -> Tally {
    let mut tally = Tally::default();
    let mut connection = None;
    let mut used = 0;
    while taken.fetch_add(1, Ordering::Relaxed) < plan.requests {
        let watch = Stopwatch::start();
        used += 1;
        let reuse = if used >= plan.per_connection {
            Reuse::Close
        } else {
            Reuse::KeepAlive
        };
        let result = ask_once(&mut connection, plan, reuse);
        let ended = result.as_ref().map_or(true, |answer| answer.head.closes);
        if ended || reuse == Reuse::Close {
            connection = None;
            used = 0;
        }
        tally.add(result, watch.elapsed());
    }
    tally
}

fn ask_once(
    slot: &mut Option<Connection>,
    plan: &Plan<'_>,
    reuse: Reuse,
) -> Result<Answer, RequestError> {
    let connection = match slot {
        Some(connection) => connection,
        None => slot.insert(Connection::open(plan.addr)?),
    };
    connection.send(plan.target, reuse)?;
    connection.receive(reuse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::net::TcpListener;
    use std::sync::Arc;

    /// A server that answers every request on every connection, and counts both.
    fn server(body: &'static str) -> (SocketAddr, Arc<[AtomicU64; 2]>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let counts = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        let seen = Arc::clone(&counts);
        let accept = move || {
            while let Ok((stream, _)) = listener.accept() {
                seen[0].fetch_add(1, Ordering::Relaxed);
                let seen = Arc::clone(&seen);
                let serve = move || {
                    let mut writer = stream.try_clone().unwrap();
                    let mut closes = false;
                    for line in BufReader::new(stream).lines().map_while(Result::ok) {
                        closes |= line == "Connection: close";
                        if line.is_empty() {
                            seen[1].fetch_add(1, Ordering::Relaxed);
                            write!(writer, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{body}")
                                .unwrap();
                            if closes {
                                return;
                            }
                        }
                    }
                };
                std::thread::Builder::new().spawn(serve).unwrap();
            }
        };
        std::thread::Builder::new().spawn(accept).unwrap();
        (addr, counts)
    }

    fn counted(counts: &[AtomicU64; 2]) -> (u64, u64) {
        (
            counts[0].load(Ordering::Relaxed),
            counts[1].load(Ordering::Relaxed),
        )
    }

    #[test]
    fn the_number_of_requests_and_connections_is_exact() {
        for (per_connection, connections) in [(1, 10), (4, 3), (u64::MAX, 1)] {
            let (addr, counts) = server("ok");
            let plan = Plan {
                per_connection,
                ..Plan::fresh(addr, "/ready", 10)
            };
            let tally = run(&plan);
            assert_eq!((tally.answered, tally.failed), (10, 0));
            assert_eq!(
                counted(&counts),
                (connections, 10),
                "{per_connection} a connection"
            );
        }
    }

    #[test]
    fn several_clients_share_the_requests() {
        let (addr, counts) = server("ok");
        let plan = Plan {
            clients: 3,
            ..Plan::fresh(addr, "/ready", 50)
        };
        assert_eq!(run(&plan).answered, 50);
        assert_eq!(counted(&counts).1, 50);
    }

    #[test]
    fn a_wrong_length_is_a_failure_and_named() {
        let (addr, _) = server("far too long");
        let tally = run(&Plan::fresh(addr, "/ready", 3));
        assert_eq!((tally.answered, tally.failed), (0, 3));
        let error = tally.all_answered("a liar").unwrap_err().to_string();
        assert!(
            error.contains("bytes came after the last response"),
            "{error}"
        );
    }
}
