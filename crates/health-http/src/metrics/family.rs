//! One metric with all its series, as the `prometheus` crate's encoder takes it.
//!
//! Made anew for each scrape, so that a check that is gone leaves no series behind.

use prometheus::proto::{
    Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType, Quantile, Summary,
};

/// A metric in the making.
pub(super) struct Family {
    family: MetricFamily,
    metrics: Vec<Metric>,
}

/// The labels of one series.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

impl Family {
    pub(super) fn gauge(name: &str, help: &str) -> Self {
        Self::new(name, help, MetricType::GAUGE)
    }

    pub(super) fn counter(name: &str, help: &str) -> Self {
        Self::new(name, help, MetricType::COUNTER)
    }

    pub(super) fn summary(name: &str, help: &str) -> Self {
        Self::new(name, help, MetricType::SUMMARY)
    }

    fn new(name: &str, help: &str, kind: MetricType) -> Self {
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help(help.to_owned());
        family.set_field_type(kind);
        Self {
            family,
            metrics: Vec::new(),
        }
    }

    /// A gauge's series.
    pub(super) fn set(&mut self, labels: Labels<'_>, value: f64) {
        let mut gauge = Gauge::default();
        gauge.set_value(value);
        self.series(labels).set_gauge(gauge);
    }

    /// A gauge that is 1 or 0.
    pub(super) fn flag(&mut self, labels: Labels<'_>, on: bool) {
        self.set(labels, if on { 1.0 } else { 0.0 });
    }

    /// A counter's series.
    pub(super) fn count(&mut self, labels: Labels<'_>, value: u64) {
        let mut counter = Counter::default();
        counter.set_value(float(value));
        self.series(labels).set_counter(counter);
    }

    /// A summary's series: quantiles with their values, and count and sum of all.
    pub(super) fn summarise(
        &mut self,
        labels: Labels<'_>,
        quantiles: impl Iterator<Item = (f64, f64)>,
        (count, sum): (u64, f64),
    ) {
        let mut summary = Summary::default();
        summary.set_sample_count(count);
        summary.set_sample_sum(sum);
        summary.set_quantile(
            quantiles
                .map(|(q, value)| {
                    let mut quantile = Quantile::default();
                    quantile.set_quantile(q);
                    quantile.set_value(value);
                    quantile
                })
                .collect(),
        );
        self.series(labels).set_summary(summary);
    }

    fn series(&mut self, labels: Labels<'_>) -> &mut Metric {
        let mut metric = Metric::default();
        metric.set_label(
            labels
                .iter()
                .map(|(name, value)| {
                    let mut label = LabelPair::default();
                    label.set_name((*name).to_owned());
                    label.set_value((*value).to_owned());
                    label
                })
                .collect(),
        );
        self.metrics.push(metric);
        let last = self.metrics.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "one was pushed above")]
        &mut self.metrics[last]
    }

    /// `None` if there is no series: a metric without one is none.
    pub(super) fn done(mut self) -> Option<MetricFamily> {
        (!self.metrics.is_empty()).then(|| {
            self.family.set_metric(self.metrics);
            self.family
        })
    }
}

/// A count as Prometheus has it, exact up to 2⁵³.
#[allow(
    clippy::cast_precision_loss,
    reason = "Prometheus has no other numbers"
)]
pub(super) fn float(count: u64) -> f64 {
    count as f64
}
