//! A node whose checks' statuses are known, and which counts transitions that they did not make.
//!
//! A fifth of its checks changes its mind every few runs, in none of the probes; the others never
//! do. It says what it counted when SIGTERM ends it. It touches no clock; that is done to it.
#![allow(
    clippy::print_stdout,
    reason = "a program: this is where it says its address"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "a program: it listens to events beside the server"
)]

use std::error::Error;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use health_bench::server_flags::listening_line;
use health_core::{EventKind, Health, Notice, Outcome, Subscription, check_fn};
use health_http::HealthServer;
use health_http::server::StallLimits;
use tokio::runtime::Builder;
use tokio::signal::unix::{SignalKind, signal};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const CHECKS: usize = 50;
const EVERY: Duration = Duration::from_millis(100);
/// Generous: a busy machine is no fault of a check.
const TIMEOUT: Duration = Duration::from_secs(20);
const RUNS_A_MIND: u64 = 5;
/// The last change is then told, and no other follows.
const SETTLE: Duration = Duration::from_secs(1);

fn main() -> Result {
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(serve())
}

/// Changes that the checks made, and transitions that were told.
#[derive(Debug, Default)]
struct Counts {
    changing: AtomicBool,
    made: AtomicU64,
    told: AtomicU64,
    wrong: AtomicU64,
}

async fn serve() -> Result {
    let mut terminated = signal(SignalKind::terminate())?;
    let counts = Arc::new(Counts::default());
    let health = Health::new();
    for number in 0..CHECKS {
        register(&health, number, &counts)?;
    }
    health.start()?;
    let all = || health.report().checks.iter().all(|check| check.runs > 0);
    while !all() {
        tokio::time::sleep(EVERY).await;
    }
    let listener = tokio::spawn(listen(health.subscribe(), Arc::clone(&counts)));
    counts.changing.store(true, Ordering::Release);
    let server = HealthServer::builder(health.clone())
        .own_thread(StallLimits::default())
        .bind("127.0.0.1:0")?
        .serve()?;
    let addr = server.local_addr().tcp().ok_or("not a TCP listener")?;
    println!("{}", listening_line(addr));

    terminated.recv().await;
    counts.changing.store(false, Ordering::Release);
    tokio::time::sleep(SETTLE).await;
    listener.abort();
    let count = |count: &AtomicU64| count.load(Ordering::Acquire);
    let (made, told) = (count(&counts.made), count(&counts.told));
    println!("changes made: {made}");
    println!(
        "wrong transitions: {}",
        count(&counts.wrong) + made.abs_diff(told)
    );
    server.close().await;
    health.stop().await;
    Ok(())
}

fn register(health: &Health, number: usize, counts: &Arc<Counts>) -> Result {
    let check = match number % 5 {
        0 => check_fn(format!("healthy-{number}"), |_| ready(Outcome::healthy())),
        1 => check_fn(format!("degraded-{number}"), |_| {
            ready(Outcome::degraded("always"))
        }),
        2 => check_fn(format!("unhealthy-{number}"), |_| {
            ready(Outcome::unhealthy("always"))
        }),
        3 => check_fn(format!("critical-{number}"), |_| ready(Outcome::healthy())).critical(),
        _ => {
            let (counts, runs) = (Arc::clone(counts), AtomicU64::new(0));
            let check = move |_| {
                let mut run = runs.load(Ordering::Relaxed);
                if counts.changing.load(Ordering::Acquire) {
                    run = runs.fetch_add(1, Ordering::Relaxed) + 1;
                    if run.is_multiple_of(RUNS_A_MIND) {
                        counts.made.fetch_add(1, Ordering::AcqRel);
                    }
                }
                let mind = run / RUNS_A_MIND;
                ready(mind.is_multiple_of(2))
            };
            check_fn(format!("changing-{number}"), check).informational()
        }
    };
    health.register(check.every(EVERY).timeout(TIMEOUT).thresholds(1, 1))?;
    Ok(())
}

/// Counts the transitions of those that change, and calls any other wrong.
async fn listen(mut events: Subscription, counts: Arc<Counts>) {
    while let Some(notice) = events.next().await {
        let event = match notice {
            Notice::Event(event) => event,
            Notice::Missed { count, .. } => {
                // What was not seen is not proven right.
                counts.wrong.fetch_add(count, Ordering::AcqRel);
                continue;
            }
            _ => continue,
        };
        let tally = match &event.kind {
            EventKind::Transition { check, .. } if check.name().starts_with("changing") => {
                &counts.told
            }
            EventKind::Transition { .. }
            | EventKind::Probe { .. }
            | EventKind::Lifecycle { .. } => &counts.wrong,
            _ => continue,
        };
        tally.fetch_add(1, Ordering::AcqRel);
    }
}
