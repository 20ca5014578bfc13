//! A metric as a registry takes it from a collector.
//!
//! It writes nothing: that is the encoder's.

use prometheus::proto::{
    Counter, Gauge, LabelPair, Metric, MetricFamily, MetricType, Quantile, Summary,
};

use super::family::{Family, Kind, Labels, float};

/// One metric, in the form of the `prometheus` crate.
pub(super) struct Proto {
    family: MetricFamily,
    metrics: Vec<Metric>,
}

impl Proto {
    pub(super) fn done(mut self) -> MetricFamily {
        self.family.set_metric(self.metrics);
        self.family
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
}

impl Family for Proto {
    fn new(name: &'static str, help: &'static str, kind: Kind) -> Self {
        let mut family = MetricFamily::default();
        family.set_name(name.to_owned());
        family.set_help(help.to_owned());
        family.set_field_type(match kind {
            Kind::Gauge => MetricType::GAUGE,
            Kind::Counter => MetricType::COUNTER,
            Kind::Summary => MetricType::SUMMARY,
            Kind::Histogram => MetricType::HISTOGRAM,
        });
        Self {
            family,
            metrics: Vec::new(),
        }
    }

    fn set(&mut self, labels: Labels<'_>, value: f64) {
        let mut gauge = Gauge::default();
        gauge.set_value(value);
        self.series(labels).set_gauge(gauge);
    }

    fn count(&mut self, labels: Labels<'_>, value: u64) {
        let mut counter = Counter::default();
        counter.set_value(float(value));
        self.series(labels).set_counter(counter);
    }

    fn summarise(
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

    fn is_empty(&self) -> bool {
        self.metrics.is_empty()
    }
}
