//! A metric as lines of Prometheus' text format, version 0.0.4.
//!
//! Written as they come, without a copy of each label: 1,000 checks have some 20,000 series.
//! The format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::Write as _;

use prometheus::TextEncoder;
use prometheus::proto::MetricFamily;

use super::family::{Family, Kind, Labels};

/// One metric, written.
#[derive(Debug)]
pub(super) struct Text {
    name: String,
    lines: String,
    /// How long the lines are that tell of no series.
    heading: usize,
}

impl Text {
    /// A family of somebody else's, as the `prometheus` crate writes it.
    pub(super) fn of(family: MetricFamily) -> Result<Self, prometheus::Error> {
        let name = family.name().to_owned();
        let mut lines = String::new();
        TextEncoder::new().encode_utf8(&[family], &mut lines)?;
        Ok(Self {
            name,
            lines,
            heading: 0,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn lines(&self) -> &str {
        &self.lines
    }

    fn line(&mut self, suffix: &str, labels: Labels<'_>, quantile: Option<f64>, value: Value) {
        self.lines.push_str(&self.name);
        self.lines.push_str(suffix);
        let mut before = '{';
        for (label, text) in labels {
            self.lines.push(before);
            self.lines.push_str(label);
            self.lines.push_str("=\"");
            escape(&mut self.lines, text, true);
            self.lines.push('"');
            before = ',';
        }
        if let Some(quantile) = quantile {
            let _ = write!(self.lines, "{before}quantile=\"{quantile}\"");
            before = ',';
        }
        if before == ',' {
            self.lines.push('}');
        }
        self.lines.push(' ');
        value.write(&mut self.lines);
        self.lines.push('\n');
    }
}

#[derive(Clone, Copy, Debug)]
enum Value {
    Float(f64),
    Count(u64),
}

impl Value {
    fn write(self, to: &mut String) {
        match self {
            Self::Count(count) => to.push_str(itoa::Buffer::new().format(count)),
            Self::Float(0.0) => to.push('0'),
            Self::Float(1.0) => to.push('1'),
            Self::Float(f64::INFINITY) => to.push_str("+Inf"),
            Self::Float(f64::NEG_INFINITY) => to.push_str("-Inf"),
            // Rust's shortest form that reads back as the same number; `NaN` is spelt alike.
            Self::Float(value) => {
                let _ = write!(to, "{value}");
            }
        }
    }
}

/// Line feeds and backslashes are escaped everywhere, quotes in labels alone.
fn escape(to: &mut String, text: &str, quotes: bool) {
    let is_special = |c: char| c == '\\' || c == '\n' || (quotes && c == '"');
    let mut rest = text;
    while let Some((plain, special)) = rest
        .find(is_special)
        .and_then(|at| rest.split_at_checked(at))
    {
        to.push_str(plain);
        let mut following = special.chars();
        match following.next() {
            Some('\n') => to.push_str("\\n"),
            Some(other) => to.extend(['\\', other]),
            None => {}
        }
        rest = following.as_str();
    }
    to.push_str(rest);
}

impl Family for Text {
    fn new(name: &'static str, help: &'static str, kind: Kind) -> Self {
        let kind = match kind {
            Kind::Gauge => "gauge",
            Kind::Counter => "counter",
            Kind::Summary => "summary",
        };
        let mut lines = format!("# HELP {name} ");
        escape(&mut lines, help, false);
        let _ = writeln!(lines, "\n# TYPE {name} {kind}");
        Self {
            name: name.to_owned(),
            heading: lines.len(),
            lines,
        }
    }

    fn set(&mut self, labels: Labels<'_>, value: f64) {
        self.line("", labels, None, Value::Float(value));
    }

    fn count(&mut self, labels: Labels<'_>, value: u64) {
        self.line("", labels, None, Value::Count(value));
    }

    fn summarise(
        &mut self,
        labels: Labels<'_>,
        quantiles: impl Iterator<Item = (f64, f64)>,
        (count, sum): (u64, f64),
    ) {
        for (quantile, value) in quantiles {
            self.line("", labels, Some(quantile), Value::Float(value));
        }
        self.line("_sum", labels, None, Value::Float(sum));
        self.line("_count", labels, None, Value::Count(count));
    }

    fn is_empty(&self) -> bool {
        self.lines.len() == self.heading
    }
}

#[cfg(test)]
mod tests {
    use super::super::proto::Proto;
    use super::*;

    fn fill<F: Family>() -> Vec<F> {
        let mut gauge = F::gauge("level", "How \"high\", in \\ or\nless.");
        for (label, value) in [
            ("", 0.0),
            ("plain", 1.0),
            ("a\"b\\c\nd", -1.5),
            ("\\", 1e-7),
            ("é", 1e21),
            ("not measured", f64::NAN),
            ("up", f64::INFINITY),
            ("down", f64::NEG_INFINITY),
        ] {
            gauge.set(&[("name", label), ("other", "x")], value);
        }
        let mut counter = F::counter("runs_total", "Runs.");
        counter.count(&[], 0);
        counter.count(&[("outcome", "healthy")], 1 << 53);
        let mut summary = F::new("seconds", "Time.", Kind::Summary);
        let quantiles = [(0.5, 0.25), (0.99, f64::NAN)];
        summary.summarise(&[("check", "db")], quantiles.into_iter(), (3, 0.75));
        summary.summarise(&[], [].into_iter(), (0, 0.0));
        vec![gauge, counter, summary, F::gauge("none", "Nothing.")]
    }

    #[test]
    fn it_is_what_the_prometheus_crate_writes() {
        let ours: String = fill::<Text>()
            .iter()
            .filter(|family| !family.is_empty())
            .map(Text::lines)
            .collect();
        let families: Vec<_> = fill::<Proto>()
            .into_iter()
            .filter(|family| !family.is_empty())
            .map(Proto::done)
            .collect();
        let theirs = TextEncoder::new().encode_to_string(&families).unwrap();
        assert_eq!(ours, theirs);
    }
}
