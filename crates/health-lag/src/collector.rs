//! The figures of a monitor for Prometheus, read when they are scraped.
//!
//! It counts nothing itself, and serves nothing.

use std::time::Duration;

use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{Gauge, GaugeVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts};

use crate::alert::{AlertEvent, AlertKind};
use crate::breach::Crossing;
use crate::condition::Condition;
use crate::follower::Follower;
use crate::lag::Lag;
use crate::level::Level;
use crate::monitor::LagMonitor;
use crate::statistics::Statistics;
use crate::status::Status;

/// How many followers have series of their own, unless told otherwise.
const FOLLOWERS: usize = 1_000;
/// How far ahead the forecast is that is told.
const AHEAD: Duration = Duration::from_mins(1);
/// Of how many forecasts the truth should lie between the bounds.
const COVERAGE: f64 = 0.9;

/// Collects the figures of one [`LagMonitor`]; register it once.
///
/// | metric | kind | meaning |
/// |---|---|---|
/// | `health_lag_seconds{follower}` | gauge | the lag at the last sample; absent if it is not known |
/// | `health_lag_behind{follower}` | gauge | positions or entries not applied yet |
/// | `health_lag_level{follower}` | gauge | 0 normal, 1 warning, 2 critical |
/// | `health_lag_condition{follower,condition}` | gauge | 1 while it holds, else 0 |
/// | `health_lag_last_sample_age_seconds{follower}` | gauge | how old the last sample is |
/// | `health_lag_breach_predicted{follower}` | gauge | 1 while a breach is predicted, else 0 |
/// | `health_lag_breach_in_seconds{follower}` | gauge | until the critical limit, as the forecast has it; 0 above it, absent if it is not in sight |
/// | `health_lag_forecast_seconds{follower,bound}` | gauge | the lag 60 s after the last sample: `likely`, and the `lower` and `upper` end of where it lies in 9 of 10 cases; absent with the lag |
/// | `health_lag_followers{level}` | gauge | `normal`, `warning`, `critical`, `unknown` |
/// | `health_lag_max_seconds` | gauge | the most of all known lags |
/// | `health_lag_followers_not_shown` | gauge | followers over the bound, without series of their own |
/// | `health_lag_samples_total` | counter | samples taken |
/// | `health_lag_samples_refused_total` | counter | samples refused |
/// | `health_lag_level_changes_total` | counter | how often a level changed |
/// | `health_lag_alerts_total{kind,event}` | counter | steps of alerts |
/// | `health_lag_alerts_dropped_total` | counter | dropped from the log for want of room |
///
/// The first 1,000 followers by name have series of their own; [`followers`](Self::followers) sets
/// another bound.
///
/// ```
/// use health_lag::{LagCollector, LagMonitor};
///
/// let monitor = LagMonitor::new();
/// let registry = prometheus::Registry::new();
/// registry.register(Box::new(LagCollector::new(&monitor)?))?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct LagCollector {
    monitor: LagMonitor,
    most: usize,
    lag: GaugeVec,
    behind: GaugeVec,
    level: IntGaugeVec,
    condition: IntGaugeVec,
    age: GaugeVec,
    predicted: IntGaugeVec,
    breach_in: GaugeVec,
    forecast: GaugeVec,
    followers: IntGaugeVec,
    max: Gauge,
    not_shown: IntGauge,
    samples: IntCounter,
    refused: IntCounter,
    changes: IntCounter,
    alerts: IntCounterVec,
    dropped: IntCounter,
    /// One scrape at a time: series are cleared and set anew.
    scraping: std::sync::Mutex<()>,
}

fn opts(name: &str, help: &str) -> Opts {
    Opts::new(format!("health_lag_{name}"), help)
}

impl LagCollector {
    /// Reads from `monitor`. Fails only if the `prometheus` crate refuses a name.
    pub fn new(monitor: &LagMonitor) -> Result<Self, prometheus::Error> {
        let gauges = |name, help| GaugeVec::new(opts(name, help), &["follower"]);
        let whole = |name, help, labels: &[&str]| IntGaugeVec::new(opts(name, help), labels);
        let counter = |name, help| IntCounter::with_opts(opts(name, help));
        let follower: &[&str] = &["follower"];
        Ok(Self {
            monitor: monitor.clone(),
            most: FOLLOWERS,
            lag: gauges("seconds", "The lag at the last sample.")?,
            behind: gauges("behind", "Positions or entries not applied yet.")?,
            level: whole("level", "0 normal, 1 warning, 2 critical.", follower)?,
            condition: whole(
                "condition",
                "1 while the condition holds.",
                &["follower", "condition"],
            )?,
            age: gauges("last_sample_age_seconds", "How old the last sample is.")?,
            predicted: whole(
                "breach_predicted",
                "1 while a breach of the critical limit is predicted.",
                follower,
            )?,
            breach_in: gauges(
                "breach_in_seconds",
                "Until the critical limit is reached, as the forecast has it.",
            )?,
            forecast: GaugeVec::new(
                opts("forecast_seconds", "The lag 60 s after the last sample."),
                &["follower", "bound"],
            )?,
            followers: whole("followers", "Followers by level.", &["level"])?,
            max: Gauge::with_opts(opts("max_seconds", "The most of all known lags."))?,
            not_shown: IntGauge::with_opts(opts(
                "followers_not_shown",
                "Followers without series of their own.",
            ))?,
            samples: counter("samples_total", "Samples taken.")?,
            refused: counter("samples_refused_total", "Samples refused.")?,
            changes: counter("level_changes_total", "How often a level changed.")?,
            alerts: IntCounterVec::new(
                opts("alerts_total", "Steps of alerts."),
                &["kind", "event"],
            )?,
            dropped: counter(
                "alerts_dropped_total",
                "Alerts dropped from the log for want of room.",
            )?,
            scraping: std::sync::Mutex::default(),
        })
    }

    /// So many followers have series of their own.
    pub fn followers(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    fn parts(&self) -> [&dyn Collector; 16] {
        [
            &self.lag,
            &self.behind,
            &self.level,
            &self.condition,
            &self.age,
            &self.predicted,
            &self.breach_in,
            &self.forecast,
            &self.followers,
            &self.max,
            &self.not_shown,
            &self.samples,
            &self.refused,
            &self.changes,
            &self.alerts,
            &self.dropped,
        ]
    }

    fn show(&self, of: &Follower, status: &Status) {
        let follower: &[&str] = &[&status.follower];
        if let Some(Lag::Exact(lag) | Lag::AtLeast(lag)) = status.lag
            && !status.conditions.has(Condition::NoData)
        {
            let gauge = self.lag.with_label_values(follower);
            gauge.set(lag.as_secs_f64());
            self.look_ahead(of, status);
        }
        if let Some(behind) = status.behind {
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            self.behind.with_label_values(follower).set(behind as f64);
        }
        let level = self.level.with_label_values(follower);
        level.set(status.level as i64);
        for condition in Condition::ALL {
            let labels: &[&str] = &[&status.follower, condition.name()];
            let gauge = self.condition.with_label_values(labels);
            gauge.set(i64::from(status.conditions.has(condition)));
        }
        if let Some(age) = status.last_sample_age {
            self.age.with_label_values(follower).set(age.as_secs_f64());
        }
        let predicted = self.predicted.with_label_values(follower);
        predicted.set(i64::from(status.breach_predicted));
    }

    /// What is ahead of a follower whose lag is known.
    fn look_ahead(&self, of: &Follower, status: &Status) {
        let breach_in = match status.breach {
            Crossing::Already => Some(Duration::ZERO),
            Crossing::In { likely, .. } => Some(likely),
            Crossing::Never | Crossing::Unknown => None,
        };
        if let Some(time) = breach_in {
            let gauge = self.breach_in.with_label_values(&[&status.follower]);
            gauge.set(time.as_secs_f64());
        }
        if let Some(forecast) = of.forecast(AHEAD, COVERAGE) {
            let interval = forecast.interval;
            for (bound, lag) in [
                ("lower", interval.lower),
                ("likely", forecast.lag),
                ("upper", interval.upper),
            ] {
                let labels: &[&str] = &[&status.follower, bound];
                let gauge = self.forecast.with_label_values(labels);
                gauge.set(lag.as_secs_f64());
            }
        }
    }

    fn sum_up(&self, statistics: &Statistics) {
        let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        for (level, count) in [
            (Level::Normal.name(), statistics.normal),
            (Level::Warning.name(), statistics.warning),
            (Level::Critical.name(), statistics.critical),
            ("unknown", statistics.unknown),
        ] {
            self.followers.with_label_values(&[level]).set(whole(count));
        }
        self.max
            .set(statistics.max.unwrap_or_default().as_secs_f64());
        // The counts only grow; a scrape beside this one may have been here before.
        let raise = |counter: &IntCounter, count: u64| {
            counter.inc_by(count.saturating_sub(counter.get()));
        };
        raise(&self.samples, statistics.samples);
        raise(&self.refused, statistics.refused);
        raise(&self.changes, statistics.level_changes);
        raise(&self.dropped, statistics.alerts_dropped);
        let alerts = self.monitor.alerts();
        for kind in AlertKind::ALL {
            for event in AlertEvent::ALL {
                let counter = self.alerts.with_label_values(&[kind.name(), event.name()]);
                raise(&counter, alerts.count(kind, event));
            }
        }
    }
}

impl Collector for LagCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.parts().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let _scraping = crate::driver::lock(&self.scraping);
        for family in [&self.lag, &self.behind, &self.age] {
            family.reset();
        }
        for family in [&self.breach_in, &self.forecast] {
            family.reset();
        }
        for family in [&self.level, &self.condition, &self.predicted] {
            family.reset();
        }
        let followers = self.monitor.followers();
        for follower in followers.iter().take(self.most) {
            if let Some(status) = follower.status() {
                self.show(follower, &status);
            }
        }
        let rest = followers.len().saturating_sub(self.most);
        self.not_shown.set(i64::try_from(rest).unwrap_or(i64::MAX));
        self.sum_up(&self.monitor.statistics());
        self.parts()
            .into_iter()
            .flat_map(Collector::collect)
            .collect()
    }
}
