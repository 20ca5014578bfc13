//! The lines of a metric, which are the same in every format that we write.
//!
//! Written as they come, without a copy of each label: 1,000 checks have some 20,000 series. What
//! stands above them is the [format](super::format)'s.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::family::{Family, Kind, Labels};

/// One metric, written.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) name: Cow<'static, str>,
    pub(super) help: Cow<'static, str>,
    pub(super) kind: Kind,
    pub(super) lines: String,
}

impl Text {
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

/// Line feeds and backslashes are escaped everywhere, quotes where the format says so.
pub(super) fn escape(to: &mut String, text: &str, quotes: bool) {
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
        Self {
            name: name.into(),
            help: help.into(),
            kind,
            lines: String::new(),
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
        self.lines.is_empty()
    }
}
