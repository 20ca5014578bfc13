//! A thousand readers of the stream of events, and one that never reads.
//!
//! Its system takes next to nothing for it, so that the server has to hold what it does not read,
//! or be rid of it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::bad_clients::{Kind, connect};
use crate::budgets::{STREAM_CUT, STREAM_GROWTH, STREAM_LOST};
use crate::clock::{pause, wait_until};
use crate::error::BenchError;
use crate::event_readers::{Heard, Readers, read};
use crate::launch::{Launcher, Subject};
use crate::process::Server;
use crate::procfs;
use crate::statistics::float;
use crate::table::Row;

const READERS: usize = 1_000;
/// Two events each a second and a half-kilobyte message or more: what the slow one's socket holds is
/// full after some 10 s.
const FLIP: Duration = Duration::from_millis(50);
const CONNECT_LIMIT: Duration = Duration::from_mins(1);
/// So long all buffers may fill up; then memory is looked at.
const SETTLE: Duration = Duration::from_secs(5);
/// Longer than the slow one is borne: its buffer, and 10 s without progress.
const WATCHED: Duration = Duration::from_secs(45);
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let server = launcher.start(Subject::OursFlipping {
        connections: 2 * READERS,
        every: FLIP,
    })?;
    let addr = server.addr();
    let readers = Arc::new(Readers::default());
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| read(addr, READERS, &readers));
        let watched = watch(&server, addr, &readers);
        readers.done.store(true, Ordering::Release);
        let heard = reading.join().unwrap_or_else(|_| Ok(Heard::default()));
        let heard = heard.map_err(|source| BenchError::Start {
            what: "the readers".to_owned(),
            source,
        })?;
        Ok(rows(&watched?, heard))
    })
}

/// Memory in KiB, and descriptors.
struct Watched {
    before: u64,
    most: u64,
    held: u64,
    left: u64,
}

fn watch(server: &Server, addr: SocketAddr, readers: &Readers) -> Result<Watched, BenchError> {
    let connected = || readers.connected.load(Ordering::Acquire) == READERS as u64;
    if !wait_until(CONNECT_LIMIT, connected) {
        return Err(BenchError::Load {
            what: "the stream of events".to_owned(),
            failed: READERS as u64 - readers.connected.load(Ordering::Acquire),
            first: "not connected in time".to_owned(),
        });
    }
    pause(SETTLE);
    let before = procfs::rss_kib(server.pid())?;
    let request = b"GET /health/events HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let slow = connect(Kind::SlowReader, addr, request).map_err(|source| BenchError::Start {
        what: "the reader that never reads".to_owned(),
        source,
    })?;
    pause(LOOK_EVERY);
    let held = procfs::descriptors(server.pid())?;
    let mut most = before;
    let mut failed = None;
    wait_until(WATCHED, || {
        match procfs::rss_kib(server.pid()) {
            Ok(now) => most = most.max(now),
            Err(error) => failed = Some(error),
        }
        pause(LOOK_EVERY);
        failed.is_some()
    });
    let left = procfs::descriptors(server.pid())?;
    drop(slow);
    failed.map_or(
        Ok(Watched {
            before,
            most,
            held,
            left,
        }),
        Err,
    )
}

fn rows(watched: &Watched, heard: Heard) -> Vec<Row> {
    let growth = float(watched.most.saturating_sub(watched.before)) / 1024.0;
    let slow = match watched.held.checked_sub(watched.left) {
        Some(0) => "still connected",
        Some(1) => "cut off",
        _ => "not known",
    };
    let note = format!(
        "{:.1} MiB with {READERS} readers; the one that never reads was {slow} at the end",
        float(watched.before) / 1024.0
    );
    let told = format!(
        "{} flips heard, at least {} by each",
        heard.flips, heard.fewest
    );
    // Who heard nothing lost everything.
    let lost = if heard.flips == 0 {
        f64::NAN
    } else {
        float(heard.lost)
    };
    vec![
        Row::new(STREAM_GROWTH, "", growth).note(note),
        Row::new(STREAM_LOST, "", lost).note(told),
        Row::new(STREAM_CUT, "", float(heard.cut)),
    ]
}
