//! A node of 10,000 checks, a third of them hanging, panicking, blocking or flooding with details.
//!
//! It says where it listens once every check has run, and from then on counts the runs of the
//! others. When SIGTERM ends it, it says how far these were off their cadence, and what was left:
//! runs that block end when the program lets them go, since no thread can be ended from outside;
//! then tasks, threads and descriptors must be as many as before. It judges nothing.
#![allow(
    clippy::print_stdout,
    reason = "a program: this is where it says its address"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "a program: it times the runs of its own checks"
)]

use std::error::Error;
use std::future::{pending, ready};
use std::panic::{panic_any, set_hook, take_hook};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use health_bench::server_flags::listening_line;
use health_core::{
    BlockingPool, Cause, CheckState, CheckStatus, Health, Outcome, Registration, check_fn,
};
use health_http::HealthServer;
use health_http::server::StallLimits;
use tokio::runtime::{Builder, Handle};
use tokio::signal::unix::{Signal, SignalKind, signal};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const CHECKS: usize = 10_000;
const EVERY: Duration = Duration::from_secs(2);
const TIMEOUT: Duration = Duration::from_millis(500);
const POOL: u32 = 4;
const PANIC: &str = "a check that panics on purpose";
/// Beyond it, what is still there counts as left for good.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result {
    let report = take_hook();
    set_hook(Box::new(move |info| {
        if info.payload_as_str() != Some(PANIC) {
            report(info);
        }
    }));
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(run())
}

async fn run() -> Result {
    let mut terminated = signal(SignalKind::terminate())?;
    // What is set up once for good belongs to what was there before.
    let start = Left::now()?;
    round(CHECKS / 100, None).await?;
    let set_up = Left {
        descriptors: usize::MAX,
        ..start
    };
    if Left::awaited(set_up).await? != Left::default() {
        return Err("tasks or threads of the first round are left".into());
    }
    let before = Left::now()?;
    round(CHECKS, Some(&mut terminated)).await?;
    let left = Left::awaited(before).await?;
    println!("tasks left: {}", left.tasks);
    println!("threads left: {}", left.threads);
    println!("descriptors left: {}", left.descriptors);
    Ok(())
}

/// A node from its start to its end, which comes with the signal, or at once if there is none.
async fn round(checks: usize, terminated: Option<&mut Signal>) -> Result {
    let (release, gate) = channel();
    let node = Node::new(checks, gate)?;
    node.health.start()?;
    let server = HealthServer::builder(node.health.clone())
        .own_thread(StallLimits::default())
        .bind("127.0.0.1:0")?
        .serve()?;
    let addr = server.local_addr().tcp().ok_or("not a TCP listener")?;
    while !node.has_run() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    if let Some(terminated) = terminated {
        println!("{}", listening_line(addr));
        let (before, began) = (node.runs(), Instant::now());
        terminated.recv().await;
        let (after, took) = (node.runs(), began.elapsed());
        tell_cadence(&before, &after, took);
        let wrong = node.unexpected();
        println!("not as expected: {}", wrong.len());
        if let Some(first) = wrong.first() {
            println!("first: {first}");
        }
    }
    server.close().await;
    node.health.stop().await;
    drop(release);
    Ok(())
}

/// How far the runs of the worst, and of all together, are from what the interval promises.
#[allow(clippy::cast_precision_loss, reason = "some runs a check")]
fn tell_cadence(before: &[u64], after: &[u64], took: Duration) {
    let promised = took.as_secs_f64() / EVERY.as_secs_f64();
    let off = |runs: f64| (runs / promised - 1.0).abs() * 100.0;
    let runs: Vec<f64> = after
        .iter()
        .zip(before)
        .map(|(after, before)| (after - before) as f64)
        .collect();
    let worst = runs.iter().map(|runs| off(*runs)).fold(0.0, f64::max);
    let together = off(runs.iter().sum::<f64>() / runs.len() as f64);
    println!("others: {}", runs.len());
    println!("cadence off by, worst: {worst:.3}");
    println!("cadence off by, together: {together:.3}");
}

/// What a check does, by its number: two thirds do well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Well,
    Hangs,
    Panics,
    Blocks,
    Floods,
}

impl Manner {
    fn of(number: usize) -> Self {
        match number % 12 {
            0 => Self::Hangs,
            3 => Self::Panics,
            6 => Self::Blocks,
            9 => Self::Floods,
            _ => Self::Well,
        }
    }

    fn shows(self, check: &CheckState) -> bool {
        let (status, cause) = match self {
            Self::Well | Self::Floods => (CheckStatus::Healthy, Cause::Reported),
            // A few hold the pool's threads, and the rest find it full.
            Self::Hangs | Self::Blocks => (CheckStatus::Unhealthy, Cause::Timeout),
            Self::Panics => (CheckStatus::Unhealthy, Cause::Panic),
        };
        (check.status, check.cause) == (status, cause)
            && (check.details_dropped > 0) == (self == Self::Floods)
    }
}

/// The checks, and how often each of those that do well has run.
struct Node {
    health: Health,
    manners: Vec<(String, Manner)>,
    runs: Vec<Arc<AtomicU64>>,
}

impl Node {
    fn new(checks: usize, gate: Receiver<()>) -> Result<Self> {
        let health = Health::new();
        let pool = BlockingPool::new(POOL);
        let gate = Arc::new(Mutex::new(gate));
        let (mut manners, mut runs) = (Vec::new(), Vec::new());
        for number in 0..checks {
            let manner = Manner::of(number);
            let name = format!("check-{number:05}");
            let check = if manner == Manner::Well {
                let counter = Arc::new(AtomicU64::new(0));
                runs.push(Arc::clone(&counter));
                // The default timeout: a busy machine is no fault of theirs.
                check_fn(name.clone(), move |_| {
                    counter.fetch_add(1, Ordering::Relaxed);
                    ready(true)
                })
            } else {
                troubled(&name, manner, &pool, &gate).timeout(TIMEOUT)
            };
            health.register(check.every(EVERY))?;
            manners.push((name, manner));
        }
        Ok(Self {
            health,
            manners,
            runs,
        })
    }

    fn runs(&self) -> Vec<u64> {
        let runs = self.runs.iter();
        runs.map(|runs| runs.load(Ordering::Relaxed)).collect()
    }

    fn has_run(&self) -> bool {
        let mut names = self.manners.iter().map(|(name, _)| name);
        names.all(|name| self.health.check(name).is_some_and(|check| check.runs > 0))
    }

    /// The checks that show anything else than what they do.
    fn unexpected(&self) -> Vec<String> {
        let wrong = self.manners.iter().filter_map(|(name, manner)| {
            let check = self.health.check(name);
            let shown = check.as_ref().is_some_and(|check| manner.shows(check));
            (!shown).then(|| format!("{name} {manner:?}: {check:?}"))
        });
        wrong.collect()
    }
}

fn troubled(
    name: &str,
    manner: Manner,
    pool: &BlockingPool,
    gate: &Arc<Mutex<Receiver<()>>>,
) -> Registration {
    match manner {
        Manner::Well => check_fn(name, |_| ready(true)),
        Manner::Hangs => check_fn(name, |_| pending::<()>()),
        Manner::Panics => check_fn(name, |_| async { panics() }),
        Manner::Blocks => {
            let gate = Arc::clone(gate);
            pool.check(name, move |_| {
                // Until the round lets go of the other end.
                let _ = gate.lock().unwrap_or_else(PoisonError::into_inner).recv();
            })
        }
        Manner::Floods => check_fn(name, |_| ready(flood())),
    }
}

#[allow(clippy::panic, reason = "this is what such a check does")]
fn panics() -> Outcome {
    panic_any(PANIC)
}

fn flood() -> Outcome {
    let mut outcome = Outcome::healthy().with_message("x".repeat(10_000));
    for key in 0..50 {
        outcome = outcome.detail(format!("key-{key}"), "y".repeat(200));
    }
    outcome
}

/// What a node could leave behind in its process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Left {
    tasks: usize,
    threads: usize,
    descriptors: usize,
}

impl Left {
    fn now() -> Result<Self> {
        Ok(Self {
            tasks: Handle::current().metrics().num_alive_tasks(),
            threads: std::fs::read_dir("/proc/self/task")?.count(),
            descriptors: std::fs::read_dir("/proc/self/fd")?.count(),
        })
    }

    /// What is left beyond what was there before, once it is nothing or has been awaited in vain.
    async fn awaited(before: Self) -> Result<Self> {
        let began = Instant::now();
        loop {
            let left = Self::now()?.beyond(before);
            if left == Self::default() || began.elapsed() >= PATIENCE {
                return Ok(left);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn beyond(self, before: Self) -> Self {
        Self {
            tasks: self.tasks.saturating_sub(before.tasks),
            threads: self.threads.saturating_sub(before.threads),
            descriptors: self.descriptors.saturating_sub(before.descriptors),
        }
    }
}
