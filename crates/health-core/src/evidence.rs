//! An outcome made fit to keep: redacted, bounded, one line.
//!
//! Every word of a check or component passes here once, before it is stored,
//! logged or served. It judges nothing.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use crate::outcome::Outcome;
use crate::redact::Redaction;
use crate::status::{Cause, Status};
use crate::unwind::catch;

/// The longest message, in bytes.
pub const MAX_MESSAGE: usize = 512;
/// The most that a check's details take as JSON, in bytes.
pub const MAX_DETAILS: usize = 4096;
/// The deepest nesting of details.
pub const MAX_DEPTH: usize = 8;
/// What is looked at of a text at all; the rest could only be cut anyway.
const MAX_SCANNED: usize = 64 * 1024;

/// What is stored of one run.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    pub(crate) status: Status,
    pub(crate) cause: Cause,
    pub(crate) message: Cow<'static, str>,
    /// `None`: there were none.
    pub(crate) details: Option<Arc<Map<String, Value>>>,
    /// How many details (or parts of them) did not fit.
    pub(crate) dropped: u32,
    /// The private error with its sources, for the log.
    pub(crate) error: Option<String>,
    pub(crate) measured: Measured,
}

/// When something was measured, in real time: a suspension makes it older.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measured {
    /// Since the `Health` was made.
    pub(crate) at: Duration,
    /// How long ago, if an earlier run did; `None`: this one.
    pub(crate) ago: Option<Duration>,
}

impl Evidence {
    pub(crate) fn new(outcome: Outcome, measured: Measured, redaction: &Redaction) -> Self {
        let (details, dropped) = if outcome.details.is_empty() {
            (None, 0)
        } else {
            let (kept, dropped) = bound_details(outcome.details, redaction);
            (Some(Arc::new(kept)), dropped)
        };
        Self {
            status: outcome.status,
            cause: outcome.cause,
            message: line(outcome.message, redaction, MAX_MESSAGE),
            details,
            dropped,
            error: outcome.error.map(|error| {
                // Printing and dropping it runs code of the check's author.
                let chain = catch(move || describe(error.as_ref()))
                    .unwrap_or_else(|text| format!("the error itself panicked: {text}"));
                line(Cow::Owned(chain), redaction, 4 * MAX_MESSAGE).into_owned()
            }),
            measured,
        }
    }
}

/// The error and its sources, as far as they are worth reading.
fn describe(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    for _ in 0..8 {
        let Some(error) = source else { break };
        if write!(text, ": {error}").is_err() {
            break;
        }
        source = error.source();
    }
    text
}

/// `text` redacted, on one line, of at most `bound` bytes.
pub(crate) fn line(
    text: Cow<'static, str>,
    redaction: &Redaction,
    bound: usize,
) -> Cow<'static, str> {
    if text.is_empty() {
        return text;
    }
    let scanned = text
        .get(..text.floor_char_boundary(MAX_SCANNED))
        .unwrap_or_default();
    let redacted = redaction.text(scanned);
    let clean = redacted.len() <= bound && !redacted.contains(breaks_line);
    match redacted {
        Cow::Borrowed(same) if clean && same.len() == text.len() => text,
        redacted => {
            let mut out: String = redacted
                .chars()
                .map(|c| if breaks_line(c) { ' ' } else { c })
                .collect();
            if out.len() > bound {
                out.truncate(out.floor_char_boundary(bound.saturating_sub('…'.len_utf8())));
                out.push('…');
            }
            Cow::Owned(out)
        }
    }
}

/// Control characters, line separators, and the marks that reorder text.
fn breaks_line(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// As many details as fit, in order, and how many parts were left out.
fn bound_details(details: Map<String, Value>, redaction: &Redaction) -> (Map<String, Value>, u32) {
    let mut kept = Map::new();
    let mut dropped = 0;
    let mut room = MAX_DETAILS.saturating_sub("{}".len());
    for (key, value) in details {
        let (flat, mut lost) = (Flattener { redaction, lost: 0 }).entry(&key, value);
        // `"key":value,`; a value that does not serialise does not exist in `Value`.
        let size = serde_json::to_string(&flat.1)
            .map_or(usize::MAX, |json| json.len())
            .saturating_add(serde_json::to_string(&flat.0).map_or(usize::MAX, |json| json.len()))
            .saturating_add(2);
        if size <= room {
            room -= size;
            kept.insert(flat.0, flat.1);
        } else {
            lost = lost.saturating_add(1);
        }
        dropped += lost;
    }
    (kept, dropped)
}

/// Bounds depth and the length of strings before redaction recurses.
struct Flattener<'a> {
    redaction: &'a Redaction,
    lost: u32,
}

impl Flattener<'_> {
    fn entry(mut self, key: &str, value: Value) -> ((String, Value), u32) {
        let value = self.flatten(value, 1);
        let (key, value) = self.redaction.entry(self.text(key), value);
        ((key, value), self.lost)
    }

    fn flatten(&mut self, value: Value, depth: usize) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(&text)),
            Value::Array(_) | Value::Object(_) if depth >= MAX_DEPTH => {
                self.lost = self.lost.saturating_add(1);
                dismantle(value);
                Value::from("…")
            }
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.flatten(item, depth + 1))
                .collect(),
            Value::Object(map) => map
                .into_iter()
                .map(|(key, value)| (self.text(&key), self.flatten(value, depth + 1)))
                .collect(),
            plain => plain,
        }
    }

    fn text(&mut self, text: &str) -> String {
        if text.len() > MAX_SCANNED {
            self.lost = self.lost.saturating_add(1);
        }
        text.get(..text.floor_char_boundary(MAX_SCANNED))
            .unwrap_or_default()
            .to_owned()
    }
}

/// Drops a value of any depth without recursing.
pub(crate) fn dismantle(value: Value) {
    let mut rest = vec![value];
    while let Some(value) = rest.pop() {
        match value {
            Value::Array(items) => rest.extend(items),
            Value::Object(map) => rest.extend(map.into_iter().map(|(_, value)| value)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(outcome: Outcome) -> Evidence {
        Evidence::new(outcome, Measured::default(), &Redaction::default())
    }

    #[test]
    fn messages_are_one_bounded_line() {
        for (message, expected) in [
            ("plain".to_owned(), "plain".to_owned()),
            (
                "a\nb\r\n\tc\u{1b}[31m\0".to_owned(),
                "a b   c [31m ".to_owned(),
            ),
            ("x".repeat(600), format!("{}…", "x".repeat(509))),
            ("é".repeat(600), format!("{}…", "é".repeat(254))),
            (
                "password=hunter2\u{2028}".to_owned(),
                "password=*** ".to_owned(),
            ),
        ] {
            assert_eq!(evidence(Outcome::unhealthy(message)).message, expected);
        }
        let cut = format!("{}postgres://u:{}@h", "x".repeat(480), "s3cret".repeat(20));
        assert!(
            !evidence(Outcome::unhealthy(cut)).message.contains("s3cret"),
            "redacted before it is cut"
        );
        let huge = "n".repeat(10_000_000);
        assert_eq!(
            evidence(Outcome::unhealthy(huge)).message.len(),
            MAX_MESSAGE
        );
    }

    #[test]
    fn details_are_bounded_and_counted() {
        let flood = (0..1000).fold(Outcome::healthy(), |o, i| {
            o.detail(format!("key{i}"), "x".repeat(100))
        });
        let evidence = evidence(flood);
        let json = serde_json::to_string(evidence.details.as_deref().unwrap()).unwrap();
        assert!(
            json.len() <= MAX_DETAILS && json.len() > MAX_DETAILS - 200,
            "{}",
            json.len()
        );
        assert_eq!(
            evidence.dropped as usize + evidence.details.unwrap().len(),
            1000
        );
    }

    #[test]
    fn deep_nesting_ends_as_json() {
        let deep = (0..100_000).fold(Value::from("hunter2"), |inner, _| Value::Array(vec![inner]));
        let evidence = evidence(
            Outcome::healthy()
                .detail("deep", deep)
                .detail("password", Value::from(vec![1])),
        );
        assert_eq!(
            serde_json::to_string(evidence.details.as_deref().unwrap()).unwrap(),
            r#"{"deep":[[[[[[["…"]]]]]]],"password":"***"}"#
        );
        assert_eq!(evidence.dropped, 1);
    }

    #[test]
    fn the_private_error_is_redacted_too() {
        let error = std::io::Error::other("connect postgres://u:hunter2@db:\nrefused");
        let evidence = evidence(Outcome::from(Err::<(), _>(error)));
        assert_eq!(
            evidence.error.as_deref(),
            Some("connect postgres://***@db: refused")
        );
    }
}
