//! SIGTERM under load: what was accepted is answered, and so is what waits in the listener's queue.
//!
//! What arrives after the signal may be refused.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::Signal;

use crate::budgets::{CLOSING_LOST, CLOSING_RESET};
use crate::client::{Connection, RequestError, Reuse};
use crate::clock::pause;
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::load::{self, Plan};
use crate::statistics::float;
use crate::table::Row;

const ROUNDS: u64 = 10;
const CLIENTS: usize = 8;
const QUEUED: usize = 100;
const UNDER_WAY: Duration = Duration::from_millis(300);

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for own_thread in [true, false] {
        let (lost, unanswered, accepted) =
            (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        for _ in 0..ROUNDS {
            round(launcher, own_thread, &lost, &accepted, &unanswered)?;
        }
        let case = if own_thread {
            "own-thread"
        } else {
            "multi-thread"
        };
        let note = format!("{} requests in {ROUNDS} rounds", accepted.into_inner());
        rows.push(Row::new(CLOSING_LOST, case, float(lost.into_inner())).note(note));
        rows.push(Row::new(
            CLOSING_RESET,
            case,
            float(unanswered.into_inner()),
        ));
    }
    Ok(rows)
}

fn round(
    launcher: &Launcher,
    own_thread: bool,
    lost: &AtomicU64,
    accepted: &AtomicU64,
    unanswered: &AtomicU64,
) -> Result<(), BenchError> {
    let server = launcher.start(Subject::Node {
        checks: 50,
        own_thread,
    })?;
    let addr = server.addr();
    // Whether it is ready does not matter here; that it answers does.
    let _ = load::run(&Plan::fresh(addr, "/live", 1));
    let told = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for client in 0..CLIENTS {
            let reuse = if client % 2 == 0 {
                Reuse::KeepAlive
            } else {
                Reuse::Close
            };
            let told = &told;
            scope.spawn(move || ask_until_told(addr, reuse, told, lost, accepted));
        }
        pause(UNDER_WAY);
        // Stopped, it cannot accept: these connections wait in the queue when closing begins.
        server.signal(Signal::STOP);
        let queued: Vec<_> = (0..QUEUED).map(|_| send(addr)).collect();
        told.store(true, Ordering::Release);
        server.signal(Signal::TERM);
        server.signal(Signal::CONT);
        for connection in queued {
            let answer = connection.and_then(|mut connection| connection.receive(Reuse::Close));
            if answer.is_err() {
                unanswered.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    server.wait().map(|_| ())
}

fn send(addr: SocketAddr) -> Result<Connection, RequestError> {
    let mut connection = Connection::open(addr)?;
    connection.send("/live", Reuse::Close)?;
    Ok(connection)
}

/// A request that was sent whole before the signal counts as accepted.
fn ask_until_told(
    addr: SocketAddr,
    reuse: Reuse,
    told: &AtomicBool,
    lost: &AtomicU64,
    accepted: &AtomicU64,
) {
    let mut kept = None;
    while !told.load(Ordering::Acquire) {
        let opened = match kept.take() {
            Some(connection) => Ok(connection),
            None => Connection::open(addr),
        };
        let sent = opened.and_then(|mut connection| {
            connection.send("/live", reuse)?;
            Ok(connection)
        });
        let in_time = !told.load(Ordering::Acquire);
        let answer = sent.and_then(|mut connection| {
            connection.receive(reuse).map(|answer| (connection, answer))
        });
        if in_time {
            accepted.fetch_add(1, Ordering::Relaxed);
        }
        match answer {
            Ok((connection, answer)) if reuse == Reuse::KeepAlive && !answer.head.closes => {
                kept = Some(connection);
            }
            Err(_) if in_time => {
                lost.fetch_add(1, Ordering::Relaxed);
            }
            Ok(_) | Err(_) => {}
        }
    }
}
