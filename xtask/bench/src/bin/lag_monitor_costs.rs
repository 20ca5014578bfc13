//! In-process costs of the monitor of lags, one a run: `lag_monitor_costs NAME --nodes N --count N` does a thing N times.
//!
//! It prints what the counted part alone spent, as `Meter` reports it; it judges nothing.
#![allow(clippy::print_stdout, reason = "a program: this is its voice")]

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use health_bench::meter::Meter;
use health_lag::{Follower, FollowerSpec, LagMonitor, Sample};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// Between two samples of one node.
const PERIOD: Duration = Duration::from_secs(1);
/// So many samples of each node come before the counted ones.
const WARM: u64 = 200;
/// So many positions a second.
const RATE: u64 = 10_000;

fn main() -> Result {
    let (name, nodes, count) = parse(lexopt::Parser::from_env())?;
    let shared = Cluster::new(nodes, true)?;
    match name.as_str() {
        "update" => update(shared, count, Shape::Noise),
        "update-growing" => update(shared, count, Shape::Growing),
        "update-flapping" => update(shared, count, Shape::Flapping),
        "update-leaders" => update(Cluster::new(nodes, false)?, count, Shape::Noise),
        "status" => read(shared, count, |it, n| {
            black_box(it.follower(n).status_at(it.now));
        }),
        "forecast" => read(shared, count, |it, n| {
            black_box(it.follower(n).forecast(Duration::from_secs(30), 0.9));
        }),
        "statistics" => read(shared, count, |it, _| {
            black_box(it.monitor.statistics_at(it.now));
        }),
        "memory" => memory(nodes),
        other => Err(format!("no cost is named {other}: see the names in `main`").into()),
    }
}

fn parse(mut args: lexopt::Parser) -> std::result::Result<(String, u64, u64), lexopt::Error> {
    use lexopt::prelude::{Long, Value, ValueExt as _};
    let (mut name, mut nodes, mut count) = (String::new(), 10, 1);
    while let Some(arg) = args.next()? {
        match arg {
            Value(word) => name = word.string()?,
            Long("nodes") => nodes = args.value()?.parse::<u64>()?.max(1),
            Long("count") => count = args.value()?.parse()?,
            other => return Err(other.unexpected()),
        }
    }
    Ok((name, nodes, count))
}

/// How the lag of the nodes goes.
#[derive(Clone, Copy)]
enum Shape {
    /// Around half a second.
    Noise,
    /// Up to 25 s, a tenth of a second each second, and down again at once.
    Growing,
    /// Between 1 s and 6 s, at each sample.
    Flapping,
}

impl Shape {
    /// The lag in positions at a sample.
    fn behind(self, step: u64, node: u64) -> u64 {
        let noise = (step.wrapping_mul(7_919) ^ node.wrapping_mul(104_729)) % (RATE / 2);
        match self {
            Self::Noise => RATE / 4 + noise,
            Self::Growing => (step % 250) * RATE / 10 + noise / 100,
            Self::Flapping => RATE + (step % 2) * 5 * RATE,
        }
    }
}

struct Cluster {
    monitor: LagMonitor,
    followers: Vec<Follower>,
    step: u64,
    now: Duration,
}

impl Cluster {
    fn new(nodes: u64, shared: bool) -> Result<Self> {
        let monitor = LagMonitor::new();
        let followers = (0..nodes).map(|node| {
            let spec = FollowerSpec::new(format!("node-{node:05}"));
            let spec = if shared { spec.of("leader") } else { spec };
            monitor.follower_at(spec, Duration::ZERO)
        });
        Ok(Self {
            followers: followers.collect::<std::result::Result<_, _>>()?,
            monitor,
            step: 0,
            now: Duration::ZERO,
        })
    }

    fn follower(&self, number: u64) -> &Follower {
        let place = usize::try_from(number).unwrap_or(0) % self.followers.len();
        self.followers
            .get(place)
            .unwrap_or_else(|| unreachable!("within its length"))
    }

    /// One sample of each node, spread over the period.
    fn round(&mut self, shape: Shape) -> Result {
        self.step += 1;
        let apart = PERIOD / u32::try_from(self.followers.len())?;
        for (number, follower) in (0..).zip(&self.followers) {
            self.now += apart;
            let leader = u64::try_from(self.now.as_nanos())? / (1_000_000_000 / RATE) + 100 * RATE;
            let behind = shape.behind(self.step, number);
            follower.push_at(self.now, Sample::new(leader, leader - behind))?;
        }
        Ok(())
    }
}

fn update(mut cluster: Cluster, count: u64, shape: Shape) -> Result {
    let nodes = u64::try_from(cluster.followers.len())?;
    for _ in 0..WARM {
        cluster.round(shape)?;
    }
    let rounds = count.div_ceil(nodes);
    let mut meter = Meter::start();
    for _ in 0..rounds {
        cluster.round(shape)?;
    }
    print!("{}", meter.report(rounds * nodes));
    Ok(())
}

fn read(mut cluster: Cluster, count: u64, read: impl Fn(&Cluster, u64)) -> Result {
    for _ in 0..WARM {
        cluster.round(Shape::Growing)?;
    }
    let mut meter = Meter::start();
    for number in 0..count {
        read(&cluster, number);
    }
    print!("{}", meter.report(count));
    Ok(())
}

/// Registers nodes and samples them until all that they keep is full.
fn memory(nodes: u64) -> Result {
    let mut meter = Meter::start();
    let mut cluster = Cluster::new(nodes, true)?;
    for _ in 0..WARM {
        cluster.round(Shape::Growing)?;
    }
    print!("{}", meter.report(nodes));
    Ok(())
}
