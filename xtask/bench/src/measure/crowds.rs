//! Five thousand bad connections of each kind at once: how soon they are gone, what each costs,
//! and what a good prober feels.
//!
//! A connection is gone when the server has closed its descriptor, whatever the client knows.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::bad_clients::{Crowd, Kind};
use crate::budgets::{CROWD_FAILED, CROWD_GONE, CROWD_MEMORY, CROWD_MEMORY_PARTIAL, CROWD_P99};
use crate::clock::{Stopwatch, pause};
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::load::{self, Plan};
use crate::prober::meanwhile;
use crate::process::Server;
use crate::procfs;
use crate::statistics::float;
use crate::table::Row;

const SIZE: usize = 5_000;
/// So many that the crowd is held, and borne out, instead of evicted.
const ROOM: usize = 6_000;
/// Before the memory is looked at first, so that what the first requests touch is not counted.
const WARM_UP: u64 = 1_000;
const TRICKLE_EVERY: Duration = Duration::from_secs(1);
const SAMPLE_EVERY: Duration = Duration::from_millis(50);
/// Beyond limit and budget: then they are as good as there for ever.
const PATIENCE: Duration = Duration::from_secs(20);
/// Descriptors that a good prober may hold meanwhile.
const SLACK: u64 = 4;
/// With fewer held at once, what one costs is the growth over all that were let in.
const TOO_FEW: u64 = 1_000;

/// The server's own limit for a kind: the defaults of `health_http::server::Limits`.
fn limit(kind: Kind) -> Duration {
    match kind {
        Kind::Silent | Kind::SlowHeader | Kind::SlowBody => Duration::from_secs(5),
        Kind::SlowReader => Duration::from_secs(10),
        Kind::Idle => Duration::from_mins(1),
    }
}

pub(crate) fn run(launcher: &Launcher) -> Result<Vec<Row>, BenchError> {
    let mut rows = Vec::new();
    for kind in Kind::ALL {
        rows.extend(bear(launcher, kind)?);
    }
    Ok(rows)
}

/// Most descriptors and most memory that the server was seen with.
#[derive(Clone, Copy, Debug, Default)]
struct Peak {
    descriptors: u64,
    kib: u64,
}

struct Borne {
    let_in: u64,
    gone_after: Option<Duration>,
    peak: Peak,
}

fn bear(launcher: &Launcher, kind: Kind) -> Result<[Row; 4], BenchError> {
    let server = launcher.start(Subject::OursRoomy { connections: ROOM })?;
    load::run(&Plan::fresh(server.addr(), "/ready", WARM_UP)).all_answered(server.what())?;
    let before = look(&server)?;
    let (borne, mut probes) = meanwhile(server.addr(), || watch(&server, kind, before));
    let borne = borne?;
    let held = borne.peak.descriptors.saturating_sub(before.descriptors);
    let share = if held < TOO_FEW { borne.let_in } else { held }.max(1);
    let each = float(borne.peak.kib.saturating_sub(before.kib)) / float(share);
    let over = borne.gone_after.map_or(f64::INFINITY, |gone| {
        gone.saturating_sub(limit(kind)).as_secs_f64()
    });
    let note = format!(
        "{} let in, {held} held at once; {}",
        borne.let_in,
        probes.note()
    );
    let memory = if kind == Kind::SlowHeader {
        CROWD_MEMORY_PARTIAL
    } else {
        CROWD_MEMORY
    };
    let case = kind.as_str();
    Ok([
        Row::new(CROWD_GONE, case, over).note(note),
        Row::new(memory, case, each),
        Row::new(CROWD_P99, case, probes.p99_ms()),
        Row::new(CROWD_FAILED, case, float(probes.failed)),
    ])
}

/// Opens the crowd and watches the server until it is rid of it.
fn watch(server: &Server, kind: Kind, before: Peak) -> Result<Borne, BenchError> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let sampler = scope.spawn(|| sample(server, &done));
        let mut crowd = Crowd::open(kind, server.addr(), SIZE);
        let let_in = crowd.len() as u64;
        let gone_after = await_end(server, kind, before, &mut crowd);
        done.store(true, Ordering::Release);
        let peak = sampler.join().unwrap_or_default();
        Ok(Borne {
            let_in,
            gone_after: gone_after?,
            peak,
        })
    })
}

/// How long after the last had connected the server was rid of all.
fn await_end(
    server: &Server,
    kind: Kind,
    before: Peak,
    crowd: &mut Crowd,
) -> Result<Option<Duration>, BenchError> {
    let opened = Stopwatch::start();
    let mut trickled = Stopwatch::start();
    while opened.elapsed() < limit(kind) + PATIENCE {
        if procfs::descriptors(server.pid())? <= before.descriptors + SLACK {
            return Ok(Some(opened.elapsed()));
        }
        if trickled.elapsed() >= TRICKLE_EVERY {
            crowd.trickle();
            trickled = Stopwatch::start();
        }
        pause(SAMPLE_EVERY);
    }
    Ok(None)
}

fn sample(server: &Server, done: &AtomicBool) -> Peak {
    let mut peak = Peak::default();
    while !done.load(Ordering::Acquire) {
        // A server that has died shows in its probes.
        let Ok(now) = look(server) else { break };
        peak.descriptors = peak.descriptors.max(now.descriptors);
        peak.kib = peak.kib.max(now.kib);
        pause(SAMPLE_EVERY);
    }
    peak
}

fn look(server: &Server) -> Result<Peak, BenchError> {
    let (descriptors, kib) = (
        procfs::descriptors(server.pid())?,
        procfs::rss_kib(server.pid())?,
    );
    Ok(Peak { descriptors, kib })
}
