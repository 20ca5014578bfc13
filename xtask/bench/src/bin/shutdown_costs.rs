//! What stopping N components that end at once costs: `shutdown_costs NAME --count N --rounds R`.
//!
//! Ours, the peer, and the limit: a token and a tracker, with nothing isolated, bounded in time or
//! reported. For each round it prints the wall and CPU nanoseconds from the trigger to the end, and
//! the CPU of what went before; it judges nothing.
#![allow(clippy::print_stdout, reason = "a program: this is its voice")]
#![allow(
    clippy::disallowed_methods,
    reason = "a program: it spawns what is stopped"
)]

use std::convert::Infallible;
use std::error::Error;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use health_bench::meter::Meter;
use health_core::Health;
use health_shutdown::{Component, Shutdown};
use tokio::runtime::Builder;
use tokio_graceful_shutdown::{SubsystemBuilder, SubsystemHandle, Toplevel};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Nobody gets near it.
const DEADLINE: Duration = Duration::from_secs(25);

struct Flags {
    name: String,
    count: usize,
    rounds: usize,
    /// None: a current-thread runtime.
    workers: usize,
}

fn main() -> Result {
    let flags = parse(lexopt::Parser::from_env())?;
    let mut runtime = match flags.workers {
        0 => Builder::new_current_thread(),
        _ => Builder::new_multi_thread(),
    };
    let runtime = runtime.worker_threads(flags.workers.max(1));
    let runtime = runtime.enable_all().build()?;
    for _ in 0..flags.rounds {
        runtime.block_on(async {
            match flags.name.as_str() {
                "closures" => closures(flags.count).await,
                "tasks" => tasks(flags.count).await,
                "peer" => peer(flags.count).await,
                "limit" => limit(flags.count).await,
                other => Err(format!(
                    "no shutdown is named {other}: see the names in `main`"
                ))?,
            }
        })?;
    }
    Ok(())
}

fn parse(mut args: lexopt::Parser) -> std::result::Result<Flags, lexopt::Error> {
    use lexopt::prelude::{Long, Value, ValueExt as _};
    let mut flags = Flags {
        name: String::new(),
        count: 1,
        rounds: 1,
        workers: 0,
    };
    while let Some(arg) = args.next()? {
        match arg {
            Value(word) => flags.name = word.string()?,
            Long("count") => flags.count = args.value()?.parse()?,
            Long("rounds") => flags.rounds = args.value()?.parse()?,
            Long("workers") => flags.workers = args.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok(flags)
}

/// Components that are closures which end at once.
async fn closures(count: usize) -> Result {
    let preparing = Meter::start();
    let shutdown = shutdown()?;
    let mut plan = shutdown.plan();
    for number in 0..count {
        plan = plan.stop_service(Component::new(name(number), |_| async {}));
    }
    let end = shutdown.run(plan.build()?);
    let trigger = || shutdown.request("a bench");
    let report = measure(preparing, &Waiting::default(), 0, end, trigger).await;
    all_well(report.exit_code() == 0 && report.components.len() == count)
}

/// Components that are tasks, each with its token.
async fn tasks(count: usize) -> Result {
    let preparing = Meter::start();
    let shutdown = shutdown()?;
    let mut plan = shutdown.plan();
    let waiting = Waiting::default();
    for number in 0..count {
        let (token, waiting) = (CancellationToken::new(), waiting.clone());
        let watched = token.clone();
        let task = tokio::spawn(async move {
            waiting.begins();
            watched.cancelled().await;
        });
        plan = plan.stop_service(Component::task(name(number), token, task));
    }
    let end = shutdown.run(plan.build()?);
    let trigger = || shutdown.request("a bench");
    let report = measure(preparing, &waiting, count, end, trigger).await;
    all_well(report.exit_code() == 0 && report.components.len() == count)
}

fn shutdown() -> Result<Shutdown> {
    let health = Health::new();
    health.start()?;
    let shutdown = Shutdown::of(&health).deadline(DEADLINE);
    Ok(shutdown.drain_delay(Duration::ZERO).install()?)
}

/// The subsystems of `tokio-graceful-shutdown`.
async fn peer(count: usize) -> Result {
    let preparing = Meter::start();
    let (waiting, token) = (Waiting::default(), CancellationToken::new());
    let starting = waiting.clone();
    let start = async move |top: &mut SubsystemHandle| {
        for number in 0..count {
            let waiting = starting.clone();
            let subsystem = async move |own: &mut SubsystemHandle| {
                waiting.begins();
                own.on_shutdown_requested().await;
                Ok::<_, Infallible>(())
            };
            top.start(SubsystemBuilder::new(name(number), subsystem));
        }
    };
    let top: Toplevel = Toplevel::new_with_shutdown_token(start, token.clone());
    let end = top.handle_shutdown_requests(DEADLINE);
    let ended = measure(preparing, &waiting, count, end, || token.cancel()).await;
    all_well(ended.is_ok())
}

/// A token, and a tracker of the tasks that watch it.
async fn limit(count: usize) -> Result {
    let preparing = Meter::start();
    let (waiting, token) = (Waiting::default(), CancellationToken::new());
    let tracker = TaskTracker::new();
    for _ in 0..count {
        let (token, waiting) = (token.clone(), waiting.clone());
        tracker.spawn(async move {
            waiting.begins();
            token.cancelled().await;
        });
    }
    tracker.close();
    measure(preparing, &waiting, count, tracker.wait(), || {
        token.cancel();
    })
    .await;
    all_well(tracker.is_empty())
}

fn name(number: usize) -> String {
    format!("component-{number:05}")
}

fn all_well(well: bool) -> Result {
    well.then_some(())
        .ok_or_else(|| "a component did not end as it should".into())
}

/// How many of the tasks have begun to wait.
#[derive(Clone, Default)]
struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    fn begins(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// Waits until all is prepared, triggers, awaits the end, and prints what that took.
async fn measure<T>(
    mut preparing: Meter,
    waiting: &Waiting,
    count: usize,
    end: impl Future<Output = T>,
    trigger: impl FnOnce(),
) -> T {
    let mut end = pin!(end);
    // Whoever awaits the end is there before the trigger.
    let mut early = None;
    poll_fn(|cx| {
        if let Poll::Ready(ended) = end.as_mut().poll(cx) {
            early = Some(ended);
        }
        Poll::Ready(())
    })
    .await;
    while waiting.0.load(Ordering::Acquire) < count {
        tokio::task::yield_now().await;
    }
    let before = preparing.spent();
    let mut stopping = Meter::start();
    trigger();
    let ended = match early {
        Some(ended) => ended,
        None => end.await,
    };
    let spent = stopping.spent();
    println!(
        "{} {} {}",
        spent.wall.as_nanos(),
        spent.cpu.as_nanos(),
        before.cpu.as_nanos()
    );
    ended
}
