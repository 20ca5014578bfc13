//! A good prober that goes on asking on fresh connections while something bad goes on beside it.
//!
//! It judges nothing: it keeps how long each answer took, and counts what failed.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::client;
use crate::clock::{Stopwatch, pause};
use crate::statistics::nearest_rank;

const EVERY: Duration = Duration::from_millis(10);

#[derive(Debug, Default)]
pub(crate) struct Probes {
    latencies: Vec<Duration>,
    pub(crate) failed: u64,
    first_failure: Option<String>,
}

impl Probes {
    pub(crate) fn p99_ms(&mut self) -> f64 {
        nearest_rank(&mut self.latencies, 990).map_or(f64::NAN, |p99| p99.as_secs_f64() * 1000.0)
    }

    pub(crate) fn note(&self) -> String {
        let answered = self.latencies.len();
        match &self.first_failure {
            None => format!("{answered} probes answered"),
            Some(first) => format!(
                "{answered} probes answered, {} failed: {first}",
                self.failed
            ),
        }
    }
}

/// Probes until `done` says so.
pub(crate) fn probe_until(addr: SocketAddr, done: &AtomicBool) -> Probes {
    let mut probes = Probes::default();
    while !done.load(Ordering::Acquire) {
        let watch = Stopwatch::start();
        match client::get(addr, "/ready") {
            Ok(_) => probes.latencies.push(watch.elapsed()),
            Err(error) => {
                probes.failed += 1;
                probes
                    .first_failure
                    .get_or_insert_with(|| error.to_string());
            }
        }
        pause(EVERY);
    }
    probes
}

/// Runs `act` while a prober asks; gives what both came to.
pub(crate) fn meanwhile<T>(addr: SocketAddr, act: impl FnOnce() -> T) -> (T, Probes) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let prober = scope.spawn(|| probe_until(addr, &done));
        let came_to = act();
        done.store(true, Ordering::Release);
        (came_to, prober.join().unwrap_or_default())
    })
}
