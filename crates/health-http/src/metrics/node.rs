//! The figures of a node and its checks.
//!
//! One pass over the checks of one report; it asks nobody and runs nothing.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use health_core::{CheckState, CheckStatus, Health, NodeStatus, Probe, Report, Totals};
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;

use super::family::{Family, Kind, float};
use super::proto::Proto;
use crate::clock;

const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];

/// Of all runs of a check, and of the latencies of those that are remembered.
type Figures = (Totals, [Option<Duration>; 3]);

/// Collects the figures of one [`Health`], for a registry of the service's own; `/metrics`
/// has them without.
///
/// | metric | kind | meaning |
/// |---|---|---|
/// | `health_node_info{node_id,version}` | gauge | 1 |
/// | `health_node_status{status}` | state set | 1 for the status of the node |
/// | `health_node_score` | gauge | the weighted mean of the checks' scores, 0 to 1 |
/// | `health_node_start_time_seconds`, `health_node_uptime_seconds` | gauge | |
/// | `health_probe_passing{probe}` | gauge | 1 if the probe would get 200 |
/// | `health_check_info{check,impact,kind}` | gauge | 1 |
/// | `health_check_status{check,status}` | state set | 1 for the effective status of the check |
/// | `health_check_enabled{check}`, `health_check_stale{check}` | gauge | 1 or 0 |
/// | `health_check_score{check}` | gauge | of the remembered runs, 0 to 1 |
/// | `health_check_consecutive_failures{check}` | gauge | |
/// | `health_check_last_run_timestamp_seconds{check}` | gauge | absent before the first |
/// | `health_check_runs_total{check,outcome}` | counter | `healthy`, `degraded`, `unhealthy`, `timeout`, `panic` |
/// | `health_check_duration_seconds{check}` | summary | quantiles of the remembered runs, count and sum of all |
///
/// A scrape is drawn from one [`Report`]: statuses, scores and which checks there are belong
/// together. What is not in it is read just after, for each by itself: the verdicts of the probes,
/// and the figures of the runs, each check's all at once. So in a scrape that is made while
/// something changes, a check may have one run more in its counters than in its score, and a probe
/// may be a change ahead of the node's status. A check that is taken away or replaced meanwhile is
/// left out of that scrape, whole.
///
/// Names of checks are a bounded alphabet, and there are as many series as checks: one that
/// is unregistered is gone from the next scrape. The counters of a check begin anew when it is
/// replaced.
///
/// ```
/// use health_core::Health;
/// use health_http::HealthCollector;
///
/// let registry = prometheus::Registry::new();
/// registry.register(Box::new(HealthCollector::new(Health::new())?))?;
/// # Ok::<(), prometheus::Error>(())
/// ```
#[derive(Debug)]
pub struct HealthCollector {
    health: Health,
    descriptions: Vec<Desc>,
}

impl HealthCollector {
    /// Reads from `health`. Fails only if the `prometheus` crate refuses a name.
    pub fn new(health: Health) -> Result<Self, prometheus::Error> {
        let describe = |(name, help, labels): &(&str, &str, &[&str])| {
            let labels = labels.iter().map(|label| (*label).to_owned()).collect();
            Desc::new(
                (*name).to_owned(),
                (*help).to_owned(),
                labels,
                HashMap::new(),
            )
        };
        let descriptions = DESCRIPTIONS
            .iter()
            .map(describe)
            .collect::<Result<_, _>>()?;
        Ok(Self {
            health,
            descriptions,
        })
    }
}

type Description = (&'static str, &'static str, &'static [&'static str]);

const INFO: Description = (
    "health_node_info",
    "The node's name and version.",
    &["node_id", "version"],
);
const STATUS: Description = (
    "health_node_status",
    "The status of the node: 1 for the one it has.",
    &["status"],
);
const SCORE: Description = (
    "health_node_score",
    "The weighted mean of the scores of the checks, 0 to 1.",
    &[],
);
const START: Description = (
    "health_node_start_time_seconds",
    "When the node came up, in seconds since 1970.",
    &[],
);
const UPTIME: Description = (
    "health_node_uptime_seconds",
    "How long the node has been up.",
    &[],
);
const PASSING: Description = (
    "health_probe_passing",
    "Whether the probe passes.",
    &["probe"],
);
const CHECK: Description = (
    "health_check_info",
    "What the check is.",
    &["check", "impact", "kind"],
);
const CHECK_STATUS: Description = (
    "health_check_status",
    "The status of the check: 1 for the one it has.",
    &["check", "status"],
);
const ENABLED: Description = (
    "health_check_enabled",
    "Whether the check is switched on.",
    &["check"],
);
const STALE: Description = (
    "health_check_stale",
    "Whether the check is without fresh evidence.",
    &["check"],
);
const CHECK_SCORE: Description = (
    "health_check_score",
    "The share of remembered runs that were healthy; degraded ones count half.",
    &["check"],
);
const FAILURES: Description = (
    "health_check_consecutive_failures",
    "Unhealthy runs in a row, up to the last.",
    &["check"],
);
const LAST: Description = (
    "health_check_last_run_timestamp_seconds",
    "When the last result came, in seconds since 1970.",
    &["check"],
);
const RUNS: Description = (
    "health_check_runs_total",
    "Runs of the check by what came of them.",
    &["check", "outcome"],
);
const DURATION: Description = (
    "health_check_duration_seconds",
    "How long runs of the check took.",
    &["check"],
);

const DESCRIPTIONS: [Description; 15] = [
    INFO,
    STATUS,
    SCORE,
    START,
    UPTIME,
    PASSING,
    CHECK,
    CHECK_STATUS,
    ENABLED,
    STALE,
    CHECK_SCORE,
    FAILURES,
    LAST,
    RUNS,
    DURATION,
];

fn gauge<F: Family>((name, help, _): Description) -> F {
    F::gauge(name, help)
}

impl Collector for HealthCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.descriptions.iter().collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.families().map(Proto::done).collect()
    }
}

impl HealthCollector {
    /// All of it: one pass over the checks. Metrics without a series are left out.
    pub(super) fn families<F: Family>(&self) -> impl Iterator<Item = F> {
        let report = self.health.report();
        let mut checks = Checks::<F>::new();
        for check in &report.checks {
            if let Some(figures) = self.health.run_figures(check, QUANTILES) {
                checks.add(check, figures);
            }
        }
        let node: [F; 6] = self.node(&report);
        node.into_iter()
            .chain(checks.done())
            .filter(|family| !family.is_empty())
    }

    fn node<F: Family>(&self, report: &Report) -> [F; 6] {
        let health = &self.health;
        let one = |description, labels: &[(&'static str, &str)], value| {
            let mut family: F = gauge(description);
            family.set(labels, value);
            family
        };
        let uptime = health.uptime_at(clock::now().into_std()).as_secs_f64();
        let mut status: F = gauge(STATUS);
        for known in NodeStatus::ALL {
            status.flag(&[("status", known.as_str())], *known == report.status);
        }
        let mut passing: F = gauge(PASSING);
        for probe in Probe::ALL {
            let passes = health.verdict(*probe).passing;
            passing.flag(&[("probe", probe.as_str())], passes);
        }
        let named = [("node_id", health.node_id()), ("version", health.version())];
        [
            one(INFO, &named, 1.0),
            status,
            one(SCORE, &[], report.summary().overall_score),
            one(START, &[], seconds_since_1970(health.start_time())),
            one(UPTIME, &[], uptime),
            passing,
        ]
    }
}

/// The metrics that have a series for each check.
struct Checks<F> {
    info: F,
    status: F,
    enabled: F,
    stale: F,
    score: F,
    failures: F,
    last: F,
    runs: F,
    duration: F,
}

impl<F: Family> Checks<F> {
    fn new() -> Self {
        Self {
            info: gauge(CHECK),
            status: gauge(CHECK_STATUS),
            enabled: gauge(ENABLED),
            stale: gauge(STALE),
            score: gauge(CHECK_SCORE),
            failures: gauge(FAILURES),
            last: gauge(LAST),
            runs: F::counter(RUNS.0, RUNS.1),
            duration: F::new(DURATION.0, DURATION.1, Kind::Summary),
        }
    }

    fn add(&mut self, check: &CheckState, (totals, latencies): Figures) {
        let name = ("check", check.name());
        let spec = &check.spec;
        let kind = if check.component {
            "component"
        } else {
            spec.kind.as_str()
        };
        self.info.set(
            &[name, ("impact", spec.impact.as_str()), ("kind", kind)],
            1.0,
        );
        for known in CheckStatus::ALL {
            self.status
                .flag(&[name, ("status", known.as_str())], *known == check.status);
        }
        self.enabled.flag(&[name], check.enabled);
        self.stale
            .flag(&[name], check.enabled && check.effective.is_none());
        self.score.set(&[name], check.score());
        self.failures
            .set(&[name], float(check.consecutive_failures));
        if let Some(at) = check.at {
            self.last.set(&[name], seconds_since_1970(at));
        }
        for (outcome, count) in [
            ("healthy", totals.healthy),
            ("degraded", totals.degraded),
            ("unhealthy", totals.unhealthy),
            ("timeout", totals.timeouts),
            ("panic", totals.panics),
        ] {
            self.runs.count(&[name, ("outcome", outcome)], count);
        }
        if !check.component {
            // What was not measured is NaN, as Prometheus' own summaries have it.
            let seconds = |value: Option<Duration>| value.map_or(f64::NAN, |it| it.as_secs_f64());
            let quantiles = QUANTILES.into_iter().zip(latencies.map(seconds));
            self.duration.summarise(
                &[name],
                quantiles,
                (totals.runs(), totals.latency.as_secs_f64()),
            );
        }
    }

    fn done(self) -> [F; 9] {
        [
            self.info,
            self.status,
            self.enabled,
            self.stale,
            self.score,
            self.failures,
            self.last,
            self.runs,
            self.duration,
        ]
    }
}

fn seconds_since_1970(at: SystemTime) -> f64 {
    at.duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_secs_f64()
}
