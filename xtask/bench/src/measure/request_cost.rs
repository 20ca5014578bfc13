//! Instructions, allocations and system calls of one request: the difference of two whole runs.
//!
//! What starting and ending cost is in both runs and cancels out.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;

use crate::callgrind::{self, Counts};
use crate::client::{Reuse, Target};
use crate::error::BenchError;
use crate::launch::{Launcher, Subject};
use crate::load::{self, Plan};
use crate::process::Server;
use crate::statistics::{float, per_one};
use crate::strace::{self, Calls};

/// Requests of the small and the large run; the small one is also the warm-up.
const KEEP_ALIVE: (u64, u64) = (500, 5_500);
const FRESH: (u64, u64) = (300, 2_300);

/// User-space cost of one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cost {
    pub(crate) instructions: f64,
    pub(crate) allocations: f64,
}

/// What one request on a kept (`KeepAlive`) or fresh (`Close`) connection costs.
pub(crate) fn cost<'a>(
    launcher: &Launcher,
    subject: Subject,
    target: impl Into<Target<'a>>,
    reuse: Reuse,
) -> Result<Cost, BenchError> {
    let target = target.into();
    let (few, many) = match reuse {
        Reuse::KeepAlive => KEEP_ALIVE,
        Reuse::Close => FRESH,
    };
    let small = counts(launcher, subject, target, reuse, few)?;
    let large = counts(launcher, subject, target, reuse, many)?;
    Ok(Cost {
        instructions: per_one((few, small.instructions), (many, large.instructions)),
        allocations: per_one((few, small.allocations), (many, large.allocations)),
    })
}

fn counts(
    launcher: &Launcher,
    subject: Subject,
    target: Target<'_>,
    reuse: Reuse,
    requests: u64,
) -> Result<Counts, BenchError> {
    let file = launcher.scratch.join("callgrind.out");
    let mut command = launcher.under("valgrind", &callgrind::arguments(&file), subject);
    let server = Server::start(&subject.label(), &mut command)?;
    ask(&server, target, reuse, requests)?;
    server.terminate()?;
    read_counts(&file)
}

pub(crate) fn read_counts(file: &std::path::Path) -> Result<Counts, BenchError> {
    let what = file.display().to_string();
    let profile = fs::read_to_string(file).map_err(|source| BenchError::Read {
        what: what.clone(),
        source,
    })?;
    callgrind::parse(&profile).ok_or(BenchError::Unparsable {
        what,
        missing: "a total",
    })
}

fn ask(server: &Server, target: Target<'_>, reuse: Reuse, requests: u64) -> Result<(), BenchError> {
    let plan = match reuse {
        Reuse::KeepAlive => Plan::keep_alive(server.addr(), target, requests),
        Reuse::Close => Plan::fresh(server.addr(), target, requests),
    };
    load::run(&plan).all_answered(server.what())
}

/// System calls of a probe on a fresh connection, by name.
pub(crate) fn calls(
    launcher: &Launcher,
    subject: Subject,
    path: &str,
) -> Result<BTreeMap<String, f64>, BenchError> {
    let (few, many) = FRESH;
    let small = summary(launcher, subject, path, few)?;
    let large = summary(launcher, subject, path, many)?;
    Ok(strace::per_request(&small, &large, many - few))
}

fn summary(
    launcher: &Launcher,
    subject: Subject,
    path: &str,
    requests: u64,
) -> Result<Calls, BenchError> {
    let file = launcher.scratch.join("strace.out");
    let mut flags: Vec<OsString> = ["-f", "-c", "-o"].map(OsString::from).into();
    flags.push(file.clone().into());
    let mut command = launcher.under("strace", &flags, subject);
    let server = Server::start_traced(&subject.label(), &mut command)?;
    ask(&server, path.into(), Reuse::Close, requests)?;
    server.terminate()?;
    let what = file.display().to_string();
    let text = fs::read_to_string(&file).map_err(|source| BenchError::Read {
        what: what.clone(),
        source,
    })?;
    strace::parse(&text).ok_or(BenchError::Unparsable {
        what,
        missing: "a total",
    })
}

/// The sum, and the calls that make it, most frequent first.
pub(crate) fn total(calls: &BTreeMap<String, f64>) -> (f64, String) {
    let mut named: Vec<_> = calls.iter().filter(|(_, count)| **count >= 0.01).collect();
    named.sort_by(|a, b| b.1.total_cmp(a.1));
    let list: Vec<_> = named
        .iter()
        .map(|(name, count)| format!("{name} {count:.2}"))
        .collect();
    (calls.values().sum(), list.join(", "))
}

/// Microseconds in a number of nanoseconds.
pub(crate) fn micros(ns: u64) -> f64 {
    float(ns) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_lists_what_is_made_for_each_request() {
        let calls = BTreeMap::from([
            ("accept4".to_owned(), 1.0),
            ("mmap".to_owned(), 0.001),
            ("recvfrom".to_owned(), 2.0),
        ]);
        let (sum, list) = total(&calls);
        assert!((sum - 3.001).abs() < 1e-9);
        assert_eq!(list, "recvfrom 2.00, accept4 1.00");
    }
}
