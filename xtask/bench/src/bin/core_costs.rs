//! In-process costs of `health-core` and `health-checks`, one a run: `core_costs NAME --count N` does a thing N times.
//!
//! It prints what the counted part alone spent, as `Meter` reports it; it judges nothing.
#![allow(clippy::print_stdout, reason = "a program: this is its voice")]
#![allow(
    clippy::disallowed_methods,
    reason = "a program: it hands the core the instant that it asks for"
)]

use std::error::Error;
use std::future::ready;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use health_bench::meter::Meter;
use health_checks::system::{MemoryCheck, defaults};
use health_core::{Health, Outcome, Probe, Registration, check_fn};
use health_http::HealthService;
use hyper::{Request, StatusCode};
use tokio::runtime::Builder;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

const HOURLY: Duration = Duration::from_hours(1);
const OFTEN: Duration = Duration::from_millis(10);
const HISTORY: u64 = 100;
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0";

fn main() -> Result {
    let (name, count) = parse(lexopt::Parser::from_env())?;
    let mut current = Builder::new_current_thread();
    let mut multi = Builder::new_multi_thread();
    let current = current.enable_all();
    let multi = multi.worker_threads(2).enable_all();
    match name.as_str() {
        "verdict" => current.build()?.block_on(verdict(count)),
        "verdict-clock" => current.build()?.block_on(verdict_clock(count)),
        "evaluate-current" => current.build()?.block_on(evaluate(count)),
        "evaluate-multi" => multi.build()?.block_on(evaluate(count)),
        "render" => current.build()?.block_on(render(count, 1)),
        "render-all" => current.build()?.block_on(render(count, 1_000)),
        "scrape" => current.build()?.block_on(scrape(count, "text/plain")),
        "scrape-open" => current.build()?.block_on(scrape(count, OPENMETRICS)),
        "register" => current.build()?.block_on(async { register(count) }),
        "memory" => current.build()?.block_on(memory(count)),
        "check-memory" => {
            let memory = MemoryCheck::new(1e6)?.registration();
            current.build()?.block_on(checks(count, vec![memory]))
        }
        "check-memory-cgroup" => {
            let memory = MemoryCheck::of_cgroup(1.0)?.registration();
            current.build()?.block_on(checks(count, vec![memory]))
        }
        "checks-system" => current.build()?.block_on(checks(count, defaults())),
        other => Err(format!("no cost is named {other}: see the names in `main`").into()),
    }
}

fn parse(mut args: lexopt::Parser) -> std::result::Result<(String, u64), lexopt::Error> {
    use lexopt::prelude::{Long, Value, ValueExt as _};
    let (mut name, mut count) = (String::new(), 1);
    while let Some(arg) = args.next()? {
        match arg {
            Value(word) => name = word.string()?,
            Long("count") => count = args.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok((name, count))
}

/// A node with trivial checks, and how often they have run.
struct Node {
    health: Health,
    runs: Arc<AtomicU64>,
    checks: u64,
}

impl Node {
    fn new(checks: u64, every: Duration) -> Result<Self> {
        let (health, runs) = (Health::new(), Arc::new(AtomicU64::new(0)));
        for number in 0..checks {
            let runs = Arc::clone(&runs);
            let check = move |_| {
                runs.fetch_add(1, Ordering::Relaxed);
                ready(Outcome::healthy())
            };
            health.register(check_fn(format!("check-{number:05}"), check).every(every))?;
        }
        Ok(Self {
            health,
            runs,
            checks,
        })
    }

    fn runs(&self) -> u64 {
        self.runs.load(Ordering::Relaxed)
    }

    /// Starts it, and waits until each check has run that often.
    async fn run(&self, rounds: u64) -> Result {
        self.health.start()?;
        self.reach(self.checks * rounds).await;
        Ok(())
    }

    async fn reach(&self, runs: u64) {
        while self.runs() < runs {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

/// Reads a verdict at an instant that is known already; 100 checks are registered.
async fn verdict(count: u64) -> Result {
    let node = Node::new(100, HOURLY)?;
    node.run(1).await?;
    let now = Instant::now();
    let mut meter = Meter::start();
    for _ in 0..count {
        black_box(node.health.verdict_at(black_box(Probe::Ready), now));
    }
    print!("{}", meter.report(count));
    Ok(())
}

/// Reads the clock and a verdict; 100 checks are registered.
async fn verdict_clock(count: u64) -> Result {
    let node = Node::new(100, HOURLY)?;
    node.run(1).await?;
    let mut meter = Meter::start();
    for _ in 0..count {
        black_box(node.health.verdict(black_box(Probe::Ready)));
    }
    print!("{}", meter.report(count));
    Ok(())
}

/// Runs trivial checks to their tallies, 1,000 of them in turn, their histories full.
async fn evaluate(count: u64) -> Result {
    let node = Node::new(1_000, OFTEN)?;
    node.run(HISTORY + 10).await?;
    let before = node.runs();
    let mut meter = Meter::start();
    node.reach(before + count).await;
    print!("{}", meter.report(node.runs() - before));
    Ok(())
}

/// Serves the report of 1,000 checks after `fresh` of them have had new results; counts the checks in
/// it.
async fn render(count: u64, fresh: u64) -> Result {
    let node = Node::new(1_000, HOURLY)?;
    node.run(1).await?;
    let service = HealthService::new(node.health.clone());
    let request = Request::get("/health").header("host", "bench").body(())?;
    service.answer(&request).await;
    let mut meter = Meter::paused();
    let mut done = 0;
    while done < count {
        let runs = node.runs();
        for number in 0..fresh {
            node.health.run_now(&format!("check-{number:05}"))?;
        }
        node.reach(runs + fresh).await;
        meter.resume();
        black_box(service.answer(&request).await);
        meter.pause();
        done += node.checks;
    }
    print!("{}", meter.report(done));
    Ok(())
}

/// Serves `/metrics` of 1,000 checks whose histories are full; each scrape finds new results of all.
async fn scrape(count: u64, accept: &str) -> Result {
    let node = Node::new(1_000, 10 * OFTEN)?;
    node.run(HISTORY + 10).await?;
    let service = HealthService::new(node.health.clone());
    let request = Request::get("/metrics")
        .header("host", "bench")
        .header("accept", accept)
        .body(())?;
    if service.answer(&request).await.status() != StatusCode::OK {
        return Err("there is no /metrics: build with the feature `metrics`".into());
    }
    let mut meter = Meter::paused();
    for _ in 0..count {
        node.reach(node.runs() + node.checks).await;
        meter.resume();
        black_box(service.answer(&request).await);
        meter.pause();
    }
    print!("{}", meter.report(count));
    Ok(())
}

/// Registers checks and starts them.
fn register(count: u64) -> Result {
    let mut meter = Meter::start();
    let node = Node::new(count, HOURLY)?;
    node.health.start()?;
    print!("{}", meter.report(count));
    Ok(())
}

/// Registers checks and keeps them until their histories are full.
async fn memory(count: u64) -> Result {
    let mut meter = Meter::start();
    let node = Node::new(count, 10 * OFTEN)?;
    node.run(HISTORY + 1).await?;
    print!("{}", meter.report(count));
    Ok(())
}

/// Runs all of these checks, again and again; counts the rounds.
async fn checks(count: u64, registrations: Vec<Registration>) -> Result {
    let health = Health::new();
    let mut names = Vec::new();
    for registration in registrations {
        names.push(registration.spec().name.clone());
        health.register(registration.every(HOURLY))?;
    }
    health.start()?;
    for name in &names {
        health.ask(name).await?;
    }
    let mut meter = Meter::start();
    for _ in 0..count {
        for name in &names {
            black_box(health.ask(name).await?);
        }
    }
    print!("{}", meter.report(count));
    Ok(())
}
