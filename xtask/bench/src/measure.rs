//! The measurements: a name, the tools it needs, and the function that fills its rows.
//!
//! The limits they are judged by are in `budgets`.

mod bases;
mod build;
mod closing;
mod components;
mod core;
mod counted;
mod crowds;
mod dialects;
mod flood;
mod idle;
mod instructions;
mod jumps;
mod lag;
mod lag_updates;
mod memory;
mod mutated;
mod overshoot;
mod page;
mod pairs;
mod report;
mod request_cost;
mod soak;
mod streams;
mod syscalls;
mod trouble;
mod unready;

use crate::error::BenchError;
use crate::launch::Launcher;
use crate::table::Row;
use crate::tools::Tool;

pub(crate) struct Measurement {
    pub(crate) name: &'static str,
    /// Several may be asked for by one word.
    pub(crate) group: &'static str,
    pub(crate) about: &'static str,
    pub(crate) tools: &'static [Tool],
    pub(crate) run: fn(&Launcher) -> Result<Vec<Row>, BenchError>,
}

const VALGRIND: &[Tool] = &[Tool::Valgrind];
const STRACE: &[Tool] = &[Tool::Strace];
const BOTH: &[Tool] = &[Tool::Valgrind, Tool::Strace];
const FAKETIME: &[Tool] = &[Tool::Faketime];
const CHROMEDRIVER: &[Tool] = &[Tool::Chromedriver];
const NONE: &[Tool] = &[];

macro_rules! measurement {
    ($name:literal, $group:literal, $tools:expr, $run:path, $about:literal) => {
        Measurement {
            name: $name,
            group: $group,
            about: $about,
            tools: $tools,
            run: $run,
        }
    };
}

/// All of them, in the order of the table.
#[rustfmt::skip]
pub(crate) const ALL: &[Measurement] = &[
    measurement!("bases", "http", BOTH, bases::run, "what guarding a bare hyper server costs"),
    measurement!("instructions", "http", VALGRIND, instructions::run, "instructions and allocations of a probe"),
    measurement!("counted", "http", VALGRIND, counted::run, "instructions of a probe that is counted for Prometheus"),
    measurement!("cpu", "http", NONE, pairs::run, "CPU time of a probe, as a ratio"),
    measurement!("syscalls", "http", STRACE, syscalls::run, "system calls of a probe on a fresh connection"),
    measurement!("report", "http", VALGRIND, report::run, "the full report, unchanged and changing"),
    measurement!("dialects", "http", VALGRIND, dialects::run, "the other dialects, unchanged"),
    measurement!("paint", "page", CHROMEDRIVER, page::paint, "when a browser paints the page"),
    measurement!("typing", "page", CHROMEDRIVER, page::typing, "how soon a key shows in the page's search"),
    measurement!("weight", "page", NONE, page::weight, "what the page weighs"),
    measurement!("streams", "page", NONE, streams::run, "1,000 readers of the events, and one that never reads (60 s)"),
    measurement!("verdict", "core", NONE, core::verdict, "reading a verdict"),
    measurement!("evaluate", "core", VALGRIND, core::evaluate, "running a trivial check"),
    measurement!("render", "core", NONE, core::render, "rendering a report"),
    measurement!("scrape", "core", NONE, core::scrape, "answering /metrics"),
    measurement!("register", "core", NONE, core::register, "registering 10,000 checks, and the memory of each"),
    measurement!("checks", "checks", NONE, core::checks, "running ready-made checks"),
    measurement!("components", "shutdown", NONE, components::run, "components that end at once"),
    measurement!("unready", "shutdown", NONE, unready::run, "from SIGTERM to readiness answering 503"),
    measurement!("overshoot", "shutdown", NONE, overshoot::run, "the deadline with a blocked runtime (45 s)"),
    measurement!("accuracy", "lag", NONE, lag::accuracy, "forecasts of lags, real and made, against others"),
    measurement!("estimate", "lag", NONE, lag::costs, "taking a reading of a lag, and asking"),
    measurement!("idle", "process", NONE, idle::run, "CPU and wake-ups of a process at rest (75 s)"),
    measurement!("memory", "process", NONE, memory::run, "resident memory, fresh and after load"),
    measurement!("size", "build", NONE, build::size, "crates in the tree, and the binary"),
    measurement!("build", "build", NONE, build::clean_clone, "from a clean clone to the first answer"),
    measurement!("soak", "reliability", NONE, soak::run, "1,000,000 requests with 50 checks"),
    measurement!("crowds", "reliability", NONE, crowds::run, "5,000 bad connections of each kind"),
    measurement!("flood", "reliability", NONE, flood::run, "a flood that goes on, and a prober in it"),
    measurement!("closing", "reliability", NONE, closing::run, "SIGTERM under load, with queued connections"),
    measurement!("trouble", "reliability", NONE, trouble::run, "10,000 checks, a third of them in trouble (70 s)"),
    measurement!("jumps", "reliability", FAKETIME, jumps::run, "a wall clock that jumps"),
    measurement!("mutated", "reliability", NONE, mutated::run, "1,000,000 mutated requests"),
    measurement!("lag-updates", "lag", NONE, lag_updates::run, "the monitor of lags: a sample, a status, statistics, memory"),
];
