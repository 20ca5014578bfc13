//! The formats of a scrape, and what stands around the lines of a metric in each.
//!
//! Version 0.0.4 of Prometheus' text format
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>), and OpenMetrics 1.0
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>), which Prometheus asks for first. A
//! series has the same name, labels and value in both, so that nothing that was written for one
//! has to know which is scraped.

use std::fmt::Write as _;

use hyper::header::HeaderMap;

use super::family::Kind;
use super::text::{Text, escape};
use crate::negotiate::{Offer, preferred};

/// How a scrape is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Plain,
    OpenMetrics,
}

/// The first for whoever is content with anything.
const OFFERED: [Offer<Format>; 2] = [
    Offer {
        what: Format::Plain,
        name: ["text", "plain", ""],
        version: Some("0.0.4"),
    },
    Offer {
        what: Format::OpenMetrics,
        name: ["application", "openmetrics-text", ""],
        version: Some("1.0.0"),
    },
];

/// Base units, by which names end.
const UNITS: [&str; 3] = ["seconds", "bytes", "ratio"];

impl Format {
    pub(super) fn asked(headers: &HeaderMap) -> Self {
        preferred(headers, &OFFERED).unwrap_or(Self::Plain)
    }

    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Plain => prometheus::TEXT_FORMAT,
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }

    /// The whole scrape. The families are sorted by name.
    pub(super) fn scrape(self, families: &[Text]) -> String {
        let has = |name: &str| {
            let found = families.binary_search_by(|family| (*family.name).cmp(name));
            found.is_ok()
        };
        let headings: Vec<_> = families
            .iter()
            .map(|family| match self {
                Self::Plain => plain(family),
                Self::OpenMetrics => open(family, has),
            })
            .collect();
        let mut parts: Vec<&str> = Vec::with_capacity(2 * families.len() + 1);
        for (heading, family) in headings.iter().zip(families) {
            parts.extend([heading, family.lines.as_str()]);
        }
        if self == Self::OpenMetrics {
            parts.push("# EOF\n");
        }
        parts.concat()
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Gauge => "gauge",
        Kind::Counter => "counter",
        Kind::Summary => "summary",
        Kind::Histogram => "histogram",
    }
}

fn plain(family: &Text) -> String {
    let (name, kind) = (&family.name, kind(family.kind));
    let mut heading = help(name, &family.help, false);
    let _ = writeln!(heading, "# TYPE {name} {kind}");
    heading
}

/// A counter is named without the `_total` of its series. One that lacks it, or whose name would
/// be another metric's, is of unknown type there: its series keep their name.
fn open(family: &Text, is_taken: impl Fn(&str) -> bool) -> String {
    let short = family.name.strip_suffix("_total");
    let short = short.filter(|short| !short.is_empty());
    let (name, kind) = match (family.kind, short) {
        (Kind::Counter, Some(short)) if !is_taken(short) => (short, "counter"),
        (Kind::Counter, _) => (&*family.name, "unknown"),
        (other, _) => (&*family.name, kind(other)),
    };
    let mut heading = format!("# TYPE {name} {kind}\n");
    let unit = name.rsplit_once('_').map(|(_, unit)| unit);
    if let Some(unit) = unit.filter(|unit| UNITS.contains(unit)) {
        let _ = writeln!(heading, "# UNIT {name} {unit}");
    }
    heading + &help(name, &family.help, true)
}

/// None for a metric that has none.
fn help(name: &str, text: &str, quotes: bool) -> String {
    if text.is_empty() {
        return String::new();
    }
    let mut line = format!("# HELP {name} ");
    escape(&mut line, text, quotes);
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::super::family::Family;
    use super::super::proto::Proto;
    use super::*;
    use hyper::header::{ACCEPT, HeaderValue};
    use prometheus::TextEncoder;

    fn fill<F: Family>() -> Vec<F> {
        let mut gauge = F::gauge("level", "How \"high\", in \\ or\nless.");
        for (label, value) in [
            ("", 0.0),
            ("plain", 1.0),
            ("a\"b\\c\nd", -1.5),
            ("\\", 1e-7),
            ("é", 1e21),
            ("not measured", f64::NAN),
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
        let all = vec![gauge, counter, summary, F::gauge("none", "Nothing.")];
        all.into_iter().filter(|it| !it.is_empty()).collect()
    }

    #[test]
    fn the_plain_one_is_what_the_prometheus_crate_writes() {
        let theirs: Vec<_> = fill::<Proto>().into_iter().map(Proto::done).collect();
        let theirs = TextEncoder::new().encode_to_string(&theirs).unwrap();
        assert_eq!(Format::Plain.scrape(&fill::<Text>()), theirs);
    }

    /// That crate writes `inf`, the formats say `+Inf`.
    #[test]
    fn infinities_are_as_the_formats_have_them() {
        let mut gauge = Text::gauge("level", "High.");
        gauge.set(&[], f64::INFINITY);
        gauge.set(&[], f64::NEG_INFINITY);
        assert_eq!(gauge.lines, "level +Inf\nlevel -Inf\n");
    }

    #[test]
    fn headings_of_openmetrics() {
        for (name, kind, others, expected) in [
            ("level", Kind::Gauge, &[][..], "# TYPE level gauge\n"),
            ("runs_total", Kind::Counter, &[], "# TYPE runs counter\n"),
            ("runs_total", Kind::Gauge, &[], "# TYPE runs_total gauge\n"),
            ("runs", Kind::Counter, &[], "# TYPE runs unknown\n"),
            ("_total", Kind::Counter, &[], "# TYPE _total unknown\n"),
            (
                "runs_total",
                Kind::Counter,
                &["runs"],
                "# TYPE runs_total unknown\n",
            ),
            (
                "busy_seconds_total",
                Kind::Counter,
                &[],
                "# TYPE busy_seconds counter\n# UNIT busy_seconds seconds\n",
            ),
            (
                "size_bytes",
                Kind::Histogram,
                &[],
                "# TYPE size_bytes histogram\n# UNIT size_bytes bytes\n",
            ),
            ("seconds", Kind::Summary, &[], "# TYPE seconds summary\n"),
        ] {
            let text = Text::new(name, "A \"b\".", kind);
            let heading = open(&text, |name| others.contains(&name));
            let (head, help) = heading.split_once("# HELP ").unwrap();
            assert_eq!(head, expected);
            assert!(help.ends_with(" A \\\"b\\\".\n"), "{help}");
        }
        let silent = open(&Text::new("level", "", Kind::Gauge), |_| false);
        assert_eq!(silent, "# TYPE level gauge\n");
    }

    #[test]
    fn lines_are_the_same_and_the_end_is_told() {
        let mut families = fill::<Text>();
        families.sort_by(|a, b| a.name.cmp(&b.name));
        let lines = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.starts_with('#'));
            lines.map(str::to_owned).collect()
        };
        let open = Format::OpenMetrics.scrape(&families);
        assert_eq!(lines(&open), lines(&Format::Plain.scrape(&families)));
        assert!(open.ends_with("\n# EOF\n"));
        assert_eq!(Format::OpenMetrics.scrape(&[]), "# EOF\n");
    }

    #[test]
    fn which_is_asked_for() {
        use Format::{OpenMetrics, Plain};
        for (accept, expected) in [
            ("", Plain),
            ("*/*", Plain),
            ("text/plain", Plain),
            ("text/html", Plain),
            ("application/json", Plain),
            ("application/openmetrics-text", OpenMetrics),
            ("application/*", OpenMetrics),
            ("application/openmetrics-text; version=1.0.0", OpenMetrics),
            (
                "Application/OpenMetrics-Text; VERSION=\"1.0.0\"",
                OpenMetrics,
            ),
            ("application/openmetrics-text; version=0.0.1", Plain),
            ("application/openmetrics-text; version=2.0.0", Plain),
            ("application/openmetrics-text; q=0", Plain),
            (
                "application/openmetrics-text;q=0.3, text/plain;q=0.2",
                OpenMetrics,
            ),
            (
                "application/openmetrics-text;q=0.2, text/plain;q=0.3",
                Plain,
            ),
            // Prometheus 2.
            (
                "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                OpenMetrics,
            ),
            // Before it knew 1.0.0.
            (
                "application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                Plain,
            ),
            // Prometheus 3.
            (
                "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1",
                OpenMetrics,
            ),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_str(accept).unwrap());
            assert_eq!(Format::asked(&headers), expected, "{accept}");
        }
        assert_eq!(Format::asked(&HeaderMap::new()), Plain);
    }
}
