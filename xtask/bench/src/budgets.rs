//! Every figure that the bench may report, with its budget.
//!
//! The one place where a number is promised; nothing here is measured.

/// How a figure is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Basis {
    /// Ours divided by the base.
    Ratio,
    /// Ours less the base, in hundredths: counts of whole things, to which growing buffers add crumbs.
    Beyond,
    /// Ours as it is.
    Value,
}

/// One line of the budget table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Figure {
    pub(crate) title: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) basis: Basis,
    /// `None` is a reference: shown, and not judged.
    pub(crate) at_most: Option<f64>,
}

const fn ratio(title: &'static str, unit: &'static str, at_most: f64) -> Figure {
    Figure {
        title,
        unit,
        basis: Basis::Ratio,
        at_most: Some(at_most),
    }
}

const fn beyond(title: &'static str, unit: &'static str, at_most: f64) -> Figure {
    Figure {
        title,
        unit,
        basis: Basis::Beyond,
        at_most: Some(at_most),
    }
}

const fn value(title: &'static str, unit: &'static str, at_most: f64) -> Figure {
    Figure {
        title,
        unit,
        basis: Basis::Value,
        at_most: Some(at_most),
    }
}

const fn reference(title: &'static str, unit: &'static str) -> Figure {
    Figure {
        title,
        unit,
        basis: Basis::Ratio,
        at_most: None,
    }
}

// What guarding costs: guarded stands as ours, bare as its base.
pub(crate) const BASE_INSTRUCTIONS: Figure = reference("guarded ÷ bare: instructions", "instr");
pub(crate) const BASE_ALLOCATIONS: Figure = reference("guarded ÷ bare: allocations", "allocs");
pub(crate) const BASE_CPU: Figure = reference("guarded ÷ bare: CPU", "µs");
pub(crate) const BASE_CALLS: Figure = reference("guarded ÷ bare: system calls", "calls");

// A probe.
pub(crate) const READY_KEEP_ALIVE: Figure =
    ratio("/ready: instructions, keep-alive", "instr", 1.10);
pub(crate) const READY_FRESH: Figure = ratio("/ready: instructions, fresh", "instr", 1.06);
pub(crate) const COUNTED_KEEP_ALIVE: Figure =
    ratio("/ready, counted: instructions, keep-alive", "instr", 1.10);
pub(crate) const COUNTED_FRESH: Figure =
    ratio("/ready, counted: instructions, fresh", "instr", 1.06);
pub(crate) const READY_SPREAD: Figure = value(
    "/ready: instructions at 100 and 10,000 checks beside 4, off by",
    "%",
    1.0,
);
pub(crate) const READY_KEEP_ALIVE_MULTI: Figure =
    ratio("/ready: instructions, keep-alive", "instr", 1.20);
pub(crate) const READY_FRESH_MULTI: Figure = ratio("/ready: instructions, fresh", "instr", 1.30);
pub(crate) const ALLOCATIONS_KEEP_ALIVE: Figure =
    beyond("/ready: allocations, keep-alive", "allocs", 0.0);
pub(crate) const ALLOCATIONS_FRESH: Figure = beyond("/ready: allocations, fresh", "allocs", 1.0);
pub(crate) const READY_CPU: Figure = reference("/ready: CPU", "µs");
pub(crate) const CALLS_OWN_THREAD: Figure = value("/ready: system calls, fresh", "calls", 10.0);
pub(crate) const CALLS_MULTI: Figure = value("/ready: system calls, fresh", "calls", 16.0);

// The report.
pub(crate) const REPORT_UNCHANGED: Figure = ratio(
    "/health of 100 checks, unchanged: instructions",
    "instr",
    1.10,
);
pub(crate) const DIALECT_UNCHANGED: Figure = ratio(
    "any dialect of 100 checks, unchanged: instructions",
    "instr",
    1.10,
);
pub(crate) const REPORT_CHANGING: Figure = ratio(
    "/health of 100 checks, run each second ÷ unchanged: CPU",
    "µs",
    1.5,
);

// The page.
pub(crate) const PAGE_PAINT: Figure =
    value("the page: first contentful paint, median", "ms", 300.0);
pub(crate) const PAGE_SHOWN: Figure =
    reference("the page: until the first check is shown, median", "ms");
pub(crate) const PAGE_KEY: Figure = value(
    "the page: from a key in its search to the frame that shows it, median",
    "ms",
    100.0,
);
pub(crate) const PAGE_WEIGHT: Figure = value("the page with its state, compressed", "KiB", 60.0);
pub(crate) const STREAM_GROWTH: Figure = value(
    "1,000 readers of the events: memory, from the one that never reads on, grown by",
    "MiB",
    1.0,
);
pub(crate) const STREAM_LOST: Figure = value(
    "1,000 readers of the events and one that never reads: lost by the others",
    "events",
    0.0,
);
pub(crate) const STREAM_CUT: Figure = value(
    "1,000 readers of the events and one that never reads: others cut off",
    "readers",
    0.0,
);

// The core.
pub(crate) const VERDICT: Figure = value("verdict_at(now)", "ns", 20.0);
pub(crate) const VERDICT_CLOCK: Figure = value("verdict with the clock", "ns", 60.0);
pub(crate) const EVALUATE_CURRENT: Figure = value(
    "evaluating a trivial check, current-thread: CPU",
    "ns",
    800.0,
);
pub(crate) const EVALUATE_MULTI: Figure =
    value("evaluating a trivial check, 2 workers: CPU", "ns", 1600.0);
pub(crate) const EVALUATE_ALLOCATIONS: Figure =
    value("evaluating a trivial check: allocations", "allocs", 3.0);
pub(crate) const RENDER: Figure = value("rendering a report, per check", "ns", 60.0);
pub(crate) const SCRAPE: Figure = value("/metrics of 1,000 checks: CPU", "ms", 10.0);
pub(crate) const CHECK_MEMORY: Figure = value(
    "memory per registered check, history of 100 included",
    "KiB",
    6.0,
);
pub(crate) const REGISTER: Figure = value("registering 10,000 checks", "ms", 1000.0);

// Ready-made checks.
pub(crate) const MEMORY_CHECK: Figure = value("memory check: CPU per run", "µs", 100.0);
pub(crate) const SYSTEM_CHECKS: Figure =
    value("all default system checks: CPU of one run", "µs", 2000.0);

// A shutdown; the base is the peer.
pub(crate) const COMPONENTS_FEW: Figure = value(
    "100 components that end at once: trigger to end",
    "µs",
    400.0,
);
pub(crate) const COMPONENTS_MANY: Figure = value(
    "10,000 components that end at once: trigger to end",
    "ms",
    20.0,
);
pub(crate) const COMPONENT_CPU: Figure =
    value("10,000 components that end at once: CPU of each", "µs", 2.5);
pub(crate) const SIGNAL_TO_UNREADY: Figure =
    value("SIGTERM to readiness answering 503, p99", "ms", 10.0);
pub(crate) const OVERSHOOT: Figure = value(
    "a blocked runtime: the process outlives its deadline by",
    "ms",
    100.0,
);

// Lags: mean absolute errors of ours beside those of the last value.
pub(crate) const LAG_FAMILY: Figure = ratio("lag in 60 s, a family of made traces", "", 1.1);
pub(crate) const LAG_FAMILIES: Figure = ratio("lag in 60 s, geometric mean of all", "", 0.20);
pub(crate) const LAG_UNDISTURBED: Figure = ratio("lag, real, undisturbed: error", "s", 0.15);
pub(crate) const LAG_REAL: Figure = ratio("lag, real, all: error", "s", 1.05);
pub(crate) const LAG_REFERENCE: Figure = reference("lag: error of another", "");
pub(crate) const LAG_COVERAGE: Figure =
    value("lag: interval of 90 % holds 91.5 %, off by", "%", 6.5);
pub(crate) const LAG_WARNED_LATE: Figure = value(
    "lag, real: crossings of 30 s not told of 20 s before",
    "crossings",
    0.0,
);
pub(crate) const LAG_FALSE_ALARMS: Figure = value("lag, real: samples of false alarm", "%", 2.0);
pub(crate) const LAG_FALSE_STALLS: Figure = value("lag: stalled without a stop", "rows", 0.0);
pub(crate) const LAG_STALLED_LATE: Figure =
    value("lag: stops not stalled within 11 s", "stops", 0.0);
pub(crate) const LAG_MEASURED: Figure = value("lag, real: measured, off by at most", "ms", 10.0);
pub(crate) const LAG_READING: Figure =
    value("taking a reading, of 200 for an update: CPU", "ns", 120.0);
pub(crate) const LAG_FORECAST: Figure = value("asking for a forecast: CPU", "ns", 1_000.0);

// A process at rest.
pub(crate) const IDLE_CPU: Figure =
    value("idle, 100 checks every 10 s: CPU per minute", "ms", 15.0);
pub(crate) const IDLE_CURRENT: Figure = value(
    "idle, 100 checks every 10 s: wake-ups per minute",
    "wakes",
    80.0,
);
pub(crate) const IDLE_MULTI: Figure = value(
    "idle, 100 checks every 10 s: wake-ups per minute",
    "wakes",
    200.0,
);
pub(crate) const IDLE_OWN_THREAD: Figure = value(
    "idle, 100 checks every 10 s: wake-ups per minute",
    "wakes",
    320.0,
);
pub(crate) const MEMORY_FRESH: Figure = value("memory of a minimal server, fresh", "MiB", 3.5);
pub(crate) const MEMORY_LOADED: Figure =
    value("memory of a minimal server, after load", "MiB", 5.0);
pub(crate) const NODE_FRESH: Figure = value("memory of node, fresh", "MiB", 5.0);
pub(crate) const NODE_LOADED: Figure = value("memory of node, after load", "MiB", 7.5);

// The build.
pub(crate) const CLEAN_CLONE: Figure = value("clean clone to the first 200", "s", 120.0);
pub(crate) const CRATES: Figure = value("health-http: crates in the tree", "crates", 40.0);
pub(crate) const BINARY: Figure = value("health-http: stripped binary", "MiB", 1.6);

// Reliability.
pub(crate) const SOAK_UNANSWERED: Figure = value(
    "1,000,000 requests, 50 checks: not answered",
    "requests",
    0.0,
);
pub(crate) const SOAK_EXTRA_RUNS: Figure = value(
    "1,000,000 requests, 50 checks: extra check runs",
    "runs",
    0.0,
);
pub(crate) const SOAK_GROWTH: Figure = value(
    "1,000,000 requests, 50 checks: RSS growth after the first 10,000",
    "MiB",
    1.0,
);
pub(crate) const CROWD_GONE: Figure =
    value("5,000 bad connections: gone after their limit", "s", 5.0);
pub(crate) const CROWD_MEMORY: Figure = value("5,000 bad connections: memory each", "KiB", 14.0);
pub(crate) const CROWD_MEMORY_PARTIAL: Figure =
    value("5,000 bad connections: memory each", "KiB", 26.0);
pub(crate) const CROWD_P99: Figure = value(
    "5,000 bad connections: p99 of good probes meanwhile",
    "ms",
    50.0,
);
pub(crate) const CROWD_FAILED: Figure = value(
    "5,000 bad connections: good probes that failed",
    "probes",
    0.0,
);
pub(crate) const FLOOD_FAILED: Figure = value(
    "a flood that goes on: good probes that failed",
    "probes",
    0.0,
);
pub(crate) const FLOOD_P99: Figure = value("a flood that goes on: p99 of good probes", "ms", 50.0);
pub(crate) const CLOSING_LOST: Figure = value(
    "SIGTERM under load: accepted requests lost",
    "requests",
    0.0,
);
pub(crate) const CLOSING_RESET: Figure = value(
    "SIGTERM under load: queued connections not answered",
    "connections",
    0.0,
);
pub(crate) const TROUBLE_CADENCE: Figure = value(
    "10,000 checks, a third in trouble: cadence of the others, off by",
    "%",
    5.0,
);
pub(crate) const TROUBLE_UNSHOWN: Figure = value(
    "10,000 checks, a third in trouble: shown other than they are",
    "checks",
    0.0,
);
pub(crate) const TROUBLE_FAILED: Figure = value(
    "10,000 checks, a third in trouble: good probes that failed",
    "probes",
    0.0,
);
pub(crate) const TROUBLE_LEAKED: Figure = value(
    "10,000 checks, a third in trouble: left behind",
    "leaks",
    0.0,
);
pub(crate) const JUMPS_WRONG: Figure = value(
    "a wall clock that jumps: wrong transitions",
    "transitions",
    0.0,
);
pub(crate) const JUMPS_FAILED: Figure = value(
    "a wall clock that jumps: reports that failed or were wrong",
    "reports",
    0.0,
);
pub(crate) const MUTATED_HARM: Figure = value(
    "1,000,000 mutated requests: panics, hangs, stray 5xx",
    "found",
    0.0,
);
pub(crate) const LAG_UPDATE_10: Figure = value("a sample of lag, 10 nodes", "ns CPU", 200.0);
pub(crate) const LAG_UPDATE_1_000: Figure = value("a sample of lag, 1,000 nodes", "ns CPU", 250.0);
pub(crate) const LAG_UPDATE_10_000: Figure =
    value("a sample of lag, 10,000 nodes", "ns CPU", 300.0);
pub(crate) const LAG_STATUS: Figure = value("a status, forecasts in it", "ns CPU", 5_000.0);
pub(crate) const LAG_STATISTICS: Figure =
    value("statistics with quantiles, 10,000 nodes", "µs CPU", 100.0);
pub(crate) const LAG_MEMORY: Figure = value("memory of a follower", "KiB", 6.0);
