//! The server that is judged: `health-http` with `--checks N` no-op checks run every `--every-ms`.
//!
//! It says where it listens once every check has run, and `check runs: N` when SIGTERM ends it, so
//! that a run that nobody scheduled is seen. With `--flip-ms` a component turns degraded and back, and
//! numbers that in its message.
#![allow(
    clippy::print_stdout,
    reason = "a program: this is where it says its address"
)]

use std::error::Error;
use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use health_bench::server_flags::{RuntimeKind, ServerFlags};
use health_core::{ComponentSpec, Health, Outcome, Probe, RegisterError, check_fn};
use health_http::HealthServer;
use health_http::server::{Limits, StallLimits};
use tokio::signal::unix::{SignalKind, signal};

fn main() -> Result<(), Box<dyn Error>> {
    let flags = ServerFlags::from_env()?;
    flags.build_runtime()?.block_on(serve(flags))
}

async fn serve(flags: ServerFlags) -> Result<(), Box<dyn Error>> {
    let mut terminated = signal(SignalKind::terminate())?;
    let runs = Arc::new(AtomicU64::new(0));
    let health = Health::builder().node_id("bench").version("1.0.0").build();
    for number in 0..flags.checks {
        let runs = Arc::clone(&runs);
        let check = move |_| {
            runs.fetch_add(1, Ordering::Relaxed);
            ready(Outcome::healthy())
        };
        health.register(check_fn(format!("check-{number:05}"), check).every(flags.every))?;
    }
    health.start()?;
    while runs.load(Ordering::Relaxed) < flags.checks as u64
        || !health.verdict(Probe::Ready).passing
    {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }

    let mut builder = HealthServer::builder(health.clone());
    if let Some(connections) = flags.connections {
        builder = builder.limits(Limits::default().connections(connections));
    }
    if flags.runtime == RuntimeKind::OwnThread {
        builder = builder.own_thread(StallLimits::default());
    }
    let server = builder.bind("127.0.0.1:0")?.serve()?;
    println!("listening on http://{}", server.local_addr());

    tokio::select! {
        _ = terminated.recv() => {}
        failed = flip(&health, flags.flip) => failed?,
    }
    server.close().await;
    health.stop().await;
    println!("check runs: {}", runs.load(Ordering::Relaxed));
    Ok(())
}

/// Ends only if it cannot begin.
async fn flip(health: &Health, every: Option<Duration>) -> Result<(), RegisterError> {
    let Some(every) = every else {
        return std::future::pending().await;
    };
    let component = health.component(ComponentSpec::new("flips"))?;
    // Long, so that a reader that takes nothing is soon behind.
    let rest = "x".repeat(900);
    for number in 0_u64.. {
        component.degraded(format!("flip {number} {rest}"));
        tokio::time::sleep(every).await;
        component.ready();
        tokio::time::sleep(every).await;
    }
    Ok(())
}
