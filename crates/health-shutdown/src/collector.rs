//! The figures of a shutdown for Prometheus, read when they are scraped.
//!
//! It counts nothing itself, and serves nothing.

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, GaugeVec, IntCounter, IntGauge, Opts};

use crate::phase::Phase;
use crate::shutdown::Shutdown;

/// Collects the figures of one [`Shutdown`]; register it once.
///
/// | metric | kind | meaning |
/// |---|---|---|
/// | `health_shutdown_phase{phase}` | gauge | 1 for the phase that it is in, 0 for the others |
/// | `health_shutdown_elapsed_seconds` | gauge | since the trigger; 0 before |
/// | `health_shutdown_components_left` | gauge | not ended yet |
/// | `health_shutdown_critical_failures_total` | counter | confirmed by the policy |
/// | `health_shutdown_dry_runs_total` | counter | of those, only said in a dry run |
/// | `health_shutdown_vetoes_total` | counter | of those, kept back by a guard |
///
/// ```
/// use health_core::Health;
/// use health_shutdown::{Shutdown, ShutdownCollector};
///
/// let shutdown = Shutdown::of(&Health::new()).install()?;
/// let registry = prometheus::Registry::new();
/// registry.register(Box::new(ShutdownCollector::new(&shutdown)?))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct ShutdownCollector {
    shutdown: Shutdown,
    phase: GaugeVec,
    elapsed: Gauge,
    left: IntGauge,
    critical: IntCounter,
    dry_runs: IntCounter,
    vetoes: IntCounter,
}

impl ShutdownCollector {
    /// Reads from `shutdown`. Fails only if the `prometheus` crate refuses a name.
    pub fn new(shutdown: &Shutdown) -> Result<Self, prometheus::Error> {
        let opts = |name: &str, help: &str| Opts::new(format!("health_shutdown_{name}"), help);
        let counter = |name, help| IntCounter::with_opts(opts(name, help));
        Ok(Self {
            shutdown: shutdown.clone(),
            phase: GaugeVec::new(opts("phase", "The phase of the shutdown."), &["phase"])?,
            elapsed: Gauge::with_opts(opts("elapsed_seconds", "Time since the shutdown began."))?,
            left: IntGauge::with_opts(opts(
                "components_left",
                "Components that have not ended yet.",
            ))?,
            critical: counter(
                "critical_failures_total",
                "Critical failures that the policy confirmed.",
            )?,
            dry_runs: counter(
                "dry_runs_total",
                "Confirmed critical failures that were only said.",
            )?,
            vetoes: counter("vetoes_total", "Vetoes of guards.")?,
        })
    }
}

impl Collector for ShutdownCollector {
    fn desc(&self) -> Vec<&Desc> {
        let mut descriptions = self.phase.desc();
        descriptions.extend(self.elapsed.desc());
        descriptions.extend(self.left.desc());
        for counter in [&self.critical, &self.dry_runs, &self.vetoes] {
            descriptions.extend(counter.desc());
        }
        descriptions
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let report = self.shutdown.report();
        let at = report.as_ref().and_then(|report| report.phase);
        for phase in Phase::ALL {
            let gauge = self.phase.with_label_values(&[phase.as_str()]);
            gauge.set(if at == Some(phase) { 1.0 } else { 0.0 });
        }
        let elapsed = report.as_ref().map(|report| report.elapsed);
        self.elapsed.set(elapsed.unwrap_or_default().as_secs_f64());
        let components = report.iter().flat_map(|report| &report.components);
        let left = components.filter(|component| component.ending.is_none());
        self.left
            .set(i64::try_from(left.count()).unwrap_or(i64::MAX));
        for (counter, count) in [
            (&self.critical, self.shutdown.critical_failures()),
            (&self.dry_runs, self.shutdown.dry_runs()),
            (&self.vetoes, self.shutdown.vetoes()),
        ] {
            // The counts only grow; a scrape beside this one may have been here before.
            counter.inc_by(count.saturating_sub(counter.get()));
        }
        let mut families = self.phase.collect();
        families.extend(self.elapsed.collect());
        families.extend(self.left.collect());
        for counter in [&self.critical, &self.dry_runs, &self.vetoes] {
            families.extend(counter.collect());
        }
        families
    }
}
