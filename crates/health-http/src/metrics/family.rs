//! One metric with all its series, in the making.
//!
//! Made anew for each scrape, so that a check that is gone leaves no series behind. What it is
//! made into is said by [`Text`](super::text::Text), for `/metrics`, and by
//! [`Proto`](super::proto::Proto), for a registry.

/// What a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gauge,
    Counter,
    Summary,
    /// Of registries alone.
    Histogram,
}

/// The labels of one series.
pub(super) type Labels<'a> = &'a [(&'static str, &'a str)];

/// A metric in the making.
pub(super) trait Family: Sized {
    /// Without a series yet; one that stays so is no metric.
    fn new(name: &'static str, help: &'static str, kind: Kind) -> Self;

    /// A gauge's series.
    fn set(&mut self, labels: Labels<'_>, value: f64);

    /// A counter's series.
    fn count(&mut self, labels: Labels<'_>, value: u64);

    /// A summary's series: quantiles with their values, and count and sum of all.
    fn summarise(
        &mut self,
        labels: Labels<'_>,
        quantiles: impl Iterator<Item = (f64, f64)>,
        all: (u64, f64),
    );

    /// Whether it has no series.
    fn is_empty(&self) -> bool;

    fn gauge(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, Kind::Gauge)
    }

    fn counter(name: &'static str, help: &'static str) -> Self {
        Self::new(name, help, Kind::Counter)
    }

    /// A gauge that is 1 or 0.
    fn flag(&mut self, labels: Labels<'_>, on: bool) {
        self.set(labels, if on { 1.0 } else { 0.0 });
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
