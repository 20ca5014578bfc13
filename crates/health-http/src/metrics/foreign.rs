//! A metric of somebody else's registry, in the lines that we serve.
//!
//! The `prometheus` crate writes it, and so reads it: how its figures are had hangs on whether the
//! service builds that crate with protobuf. OpenMetrics spells infinities, moments and the bounds
//! of buckets otherwise; those are put right here. A figure that OpenMetrics forbids, such as a sum
//! that is no number, stays as it is: Prometheus takes it, and to drop it would hide it.

use prometheus::TextEncoder;
use prometheus::proto::{MetricFamily, MetricType};

use super::family::Kind;
use super::format::Format;
use super::text::Text;

/// Why a metric is left out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unwritable {
    /// That crate's own encoder panics on it.
    #[error("the metric {0} is untyped, which cannot be written")]
    Untyped(String),
    #[error("the metric {name} cannot be written: {error}")]
    Refused {
        name: String,
        error: prometheus::Error,
    },
}

pub(super) fn written(family: MetricFamily, format: Format) -> Result<Text, Unwritable> {
    let (name, help) = (family.name().to_owned(), family.help().to_owned());
    let kind = match family.get_field_type() {
        MetricType::COUNTER => Kind::Counter,
        MetricType::GAUGE => Kind::Gauge,
        MetricType::SUMMARY => Kind::Summary,
        MetricType::HISTOGRAM => Kind::Histogram,
        MetricType::UNTYPED => return Err(Unwritable::Untyped(name)),
    };
    let mut text = String::new();
    match TextEncoder::new().encode_utf8(&[family], &mut text) {
        Ok(()) => {}
        Err(error) => return Err(Unwritable::Refused { name, error }),
    }
    let samples = text.split_inclusive('\n').filter(|it| !it.starts_with('#'));
    let lines = match format {
        Format::Plain => samples.collect(),
        Format::OpenMetrics => samples.filter_map(|line| open(line, kind)).collect(),
    };
    Ok(Text {
        name: name.into(),
        help: help.into(),
        kind,
        lines,
    })
}

/// One line of the text format as OpenMetrics has it.
fn open(line: &str, kind: Kind) -> Option<String> {
    let line = line.trim_end_matches('\n');
    let name = line.find(['{', ' '])?;
    // A label may hold anything, what stands behind the labels no brace.
    let end = match line.get(name..)?.strip_prefix('{') {
        Some(_) => line.rfind('}')? + 1,
        None => name,
    };
    let (series, figures) = line.split_at_checked(end)?;
    let mut figures = figures.split_whitespace();
    let series = match kind {
        Kind::Histogram | Kind::Summary => bounded(series),
        Kind::Counter | Kind::Gauge => None,
    }
    .unwrap_or_else(|| series.to_owned());
    let value = number(figures.next()?);
    Some(match figures.next() {
        Some(millis) => format!("{series} {value} {}\n", seconds(millis)?),
        None => format!("{series} {value}\n"),
    })
}

/// A series whose last label is a bound, which is written as a float. `None` for any other.
fn bounded(series: &str) -> Option<String> {
    let (start, bound) = series.strip_suffix("\"}")?.rsplit_once("=\"")?;
    let (_, label) = start.rsplit_once(['{', ','])?;
    if !["le", "quantile"].contains(&label) {
        return None;
    }
    let bound = number(bound);
    let is_whole = bound.bytes().all(|it| it.is_ascii_digit() || it == b'-');
    let fraction = if is_whole { ".0" } else { "" };
    Some(format!("{start}=\"{bound}{fraction}\"}}"))
}

fn number(text: &str) -> &str {
    match text {
        "inf" => "+Inf",
        "-inf" => "-Inf",
        finite => finite,
    }
}

/// Milliseconds since 1970 as seconds.
fn seconds(millis: &str) -> Option<String> {
    let millis: i64 = millis.parse().ok()?;
    let sign = if millis < 0 { "-" } else { "" };
    let millis = millis.unsigned_abs();
    Some(format!("{sign}{}.{:03}", millis / 1000, millis % 1000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use prometheus::proto::Metric;
    use prometheus::{CounterVec, Gauge, Histogram, HistogramOpts, Opts, Registry};

    fn hostile() -> Registry {
        let registry = Registry::new();
        let counter = CounterVec::new(Opts::new("jobs_total", "Jobs."), &["of"]).unwrap();
        counter.with_label_values(&["a} 1 \"\n\\{"]).inc_by(2.5);
        counter.with_label_values(&["le=\"1\""]).inc();
        registry.register(Box::new(counter)).unwrap();
        let level = Gauge::new("level", "High.").unwrap();
        level.set(f64::NEG_INFINITY);
        registry.register(Box::new(level)).unwrap();
        let options = HistogramOpts::new("size", "How large.").buckets(vec![-1.5, 2.0, 10.25]);
        let size = Histogram::with_opts(options.const_label("of", "x le=\"1\"}")).unwrap();
        size.observe(2.0);
        registry.register(Box::new(size)).unwrap();
        registry
    }

    fn lines(format: Format) -> String {
        let families = hostile().gather().into_iter();
        let texts = families.map(|family| written(family, format).unwrap().lines);
        texts.collect()
    }

    #[test]
    fn lines_of_openmetrics() {
        let expected = concat!(
            "jobs_total{of=\"a} 1 \\\"\\n\\\\{\"} 2.5\n",
            "jobs_total{of=\"le=\\\"1\\\"\"} 1\n",
            "level -Inf\n",
            "size_bucket{of=\"x le=\\\"1\\\"}\",le=\"-1.5\"} 0\n",
            "size_bucket{of=\"x le=\\\"1\\\"}\",le=\"2.0\"} 1\n",
            "size_bucket{of=\"x le=\\\"1\\\"}\",le=\"10.25\"} 1\n",
            "size_bucket{of=\"x le=\\\"1\\\"}\",le=\"+Inf\"} 1\n",
            "size_sum{of=\"x le=\\\"1\\\"}\"} 2\n",
            "size_count{of=\"x le=\\\"1\\\"}\"} 1\n",
        );
        assert_eq!(lines(Format::OpenMetrics), expected);
    }

    #[test]
    fn the_plain_format_is_left_as_that_crate_has_it() {
        let theirs = TextEncoder::new().encode_to_string(&hostile().gather());
        let families = hostile().gather().into_iter();
        let ours: Vec<_> = families
            .map(|family| written(family, Format::Plain).unwrap())
            .collect();
        assert_eq!(Format::Plain.scrape(&ours), theirs.unwrap());
    }

    #[test]
    fn moments_are_seconds() {
        for (plain, expected) in [
            ("level 1 1500\n", Some("level 1 1.500\n")),
            ("level inf -7\n", Some("level +Inf -0.007\n")),
            (
                "level NaN 1790000000123\n",
                Some("level NaN 1790000000.123\n"),
            ),
            ("level{a=\"b c\"} -inf\n", Some("level{a=\"b c\"} -Inf\n")),
            ("level\n", None),
            ("level 1 soon\n", None),
            ("level{ 1\n", None),
        ] {
            assert_eq!(open(plain, Kind::Gauge).as_deref(), expected, "{plain}");
        }
    }

    #[test]
    fn bounds_are_floats() {
        for (series, expected) in [
            ("s_bucket{le=\"1\"}", "s_bucket{le=\"1.0\"}"),
            ("s_bucket{le=\"inf\"}", "s_bucket{le=\"+Inf\"}"),
            (
                "s{a=\"le=\\\"1\",quantile=\"1\"}",
                "s{a=\"le=\\\"1\",quantile=\"1.0\"}",
            ),
            ("s_sum{whole=\"1\"}", "s_sum{whole=\"1\"}"),
            ("s_sum", "s_sum"),
        ] {
            let line = open(&format!("{series} 1\n"), Kind::Histogram);
            assert_eq!(line, Some(format!("{expected} 1\n")));
        }
    }

    #[test]
    fn what_that_crate_cannot_write_is_left_out() {
        let mut family = MetricFamily::default();
        family.set_name("odd".to_owned());
        family.set_field_type(MetricType::UNTYPED);
        family.set_metric(vec![Metric::default()]);
        assert!(written(family.clone(), Format::Plain).is_err());
        family.set_field_type(MetricType::GAUGE);
        family.set_metric(Vec::new());
        assert!(written(family, Format::OpenMetrics).is_err());
    }
}
