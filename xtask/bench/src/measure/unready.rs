//! From SIGTERM to readiness answering 503, as a prober on a kept connection sees it.
//!
//! The node is a process of its own each time, and killed once it has answered so.

use std::net::SocketAddr;
use std::sync::OnceLock;
use std::time::Duration;

use rustix::process::Signal;

use crate::budgets::SIGNAL_TO_UNREADY;
use crate::client::{self, Connection, RequestError, Reuse};
use crate::clock::{Stopwatch, pause, wait_until};
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::process::Server;
use crate::statistics::nearest_rank;
use crate::table::Row;

const READY: &str = "/ready";
const ROUNDS: usize = 200;
const CHECKS: usize = 50;
const READY_LIMIT: Duration = Duration::from_secs(30);

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for (own_thread, case) in [(true, "own-thread"), (false, "multi-thread")] {
        let mut times = Vec::new();
        for round in 0..ROUNDS {
            let server = launcher.start(Subject::Node {
                checks: CHECKS,
                own_thread,
            })?;
            // Not always at the same moment of the node's life.
            let wait = Duration::from_micros(700 * (round as u64 % 29));
            times.push(once(&server, wait)?);
        }
        let mut ms = |per_mille| {
            let time = nearest_rank(&mut times, per_mille);
            time.map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
        };
        let note = format!(
            "median {:.2} ms, worst {:.2} ms of {ROUNDS}",
            ms(500),
            ms(1000)
        );
        rows.push(Row::new(SIGNAL_TO_UNREADY, case, ms(990)).note(note));
    }
    Ok(rows)
}

/// Probes without a pause, signals after a while, and gives the time until the first 503 was there.
fn once(server: &Server, wait: Duration) -> Result<Duration, BenchError> {
    let failed = |error: RequestError| BenchError::Load {
        what: server.what().to_owned(),
        failed: 1,
        first: error.to_string(),
    };
    let ready = wait_until(READY_LIMIT, || {
        client::get(server.addr(), READY).is_ok_and(|answer| answer.head.status == 200)
    });
    let told = OnceLock::new();
    let time = std::thread::scope(|scope| {
        let prober = scope.spawn(|| probe(server.addr(), &told));
        pause(wait);
        told.get_or_init(Stopwatch::start);
        server.signal(Signal::TERM);
        prober.join()
    });
    match time {
        Ok(Ok(Some(time))) if ready => Ok(time),
        Ok(Err(error)) => Err(failed(error)),
        _ => Err(failed(RequestError::Status(503))),
    }
}

/// Asks until the answer is 503; `None` if it was so before the signal.
fn probe(addr: SocketAddr, told: &OnceLock<Stopwatch>) -> Result<Option<Duration>, RequestError> {
    let mut connection = Connection::open(addr)?;
    loop {
        connection.send(READY, Reuse::KeepAlive)?;
        let head = connection.receive(Reuse::KeepAlive)?.head;
        if head.status == 503 {
            return Ok(told.get().map(|watch| watch.elapsed()));
        }
        if head.closes {
            connection = Connection::open(addr)?;
        }
    }
}
