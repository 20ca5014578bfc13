//! A flood of half-sent requests that goes on, with a good prober in it: is the prober locked out?
//!
//! A newcomer that is refused because the flood got in first would be.

use std::collections::VecDeque;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use crate::bad_clients::{Kind, connect, half_a_header};
use crate::budgets::{FLOOD_FAILED, FLOOD_P99};
use crate::clock::pause;
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::prober::meanwhile;
use crate::statistics::float;
use crate::table::Row;

const FLOODERS: usize = 2;
/// Connections that each flooder keeps open; the oldest goes when a new one comes.
const HELD: usize = 2_500;
const LASTS: Duration = Duration::from_secs(20);

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for own_thread in [true, false] {
        let server = launcher.start(Subject::Node {
            checks: 50,
            own_thread,
        })?;
        pause(Duration::from_secs(1));
        let addr = server.addr();
        let (connections, mut probes) = meanwhile(addr, || flood(addr));
        let case = if own_thread {
            "own-thread"
        } else {
            "multi-thread"
        };
        let note = format!("{connections} bad connections; {}", probes.note());
        rows.push(Row::new(FLOOD_FAILED, case, float(probes.failed)).note(note));
        rows.push(Row::new(FLOOD_P99, case, probes.p99_ms()));
    }
    Ok(rows)
}

fn flood(addr: SocketAddr) -> u64 {
    let (done, connections) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for _ in 0..FLOODERS {
            scope.spawn(|| pour(addr, &done, &connections));
        }
        pause(LASTS);
        done.store(true, Ordering::Release);
    });
    connections.into_inner()
}

fn pour(addr: SocketAddr, done: &AtomicBool, connections: &AtomicU64) {
    let opening = half_a_header();
    let mut held: VecDeque<TcpStream> = VecDeque::with_capacity(HELD);
    while !done.load(Ordering::Acquire) {
        if held.len() == HELD {
            held.pop_front();
        }
        if let Ok(stream) = connect(Kind::SlowHeader, addr, &opening) {
            connections.fetch_add(1, Ordering::Relaxed);
            held.push_back(stream);
        }
    }
}
