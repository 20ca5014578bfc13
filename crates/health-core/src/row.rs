//! What a section shows: typed rows, never markup, so that whoever draws them decides how.
//!
//! It bounds and redacts nothing; see `section`.

use serde::Serialize;

use crate::status::CheckStatus;

/// One line of a section: a thing, how it is, and its figures.
///
/// ```
/// use health_core::{CheckStatus, Field, Row};
///
/// let row = Row::new("standby-1")
///     .status(CheckStatus::Degraded)
///     .message("lag 12.3 s, growing 0.61 s/s")
///     .field("lag", Field::Seconds(12.3))
///     .field("behind", Field::Bytes(1_720));
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Row {
    /// What it is about.
    pub name: String,
    /// How that is; `None`: it has no health of its own.
    pub status: Option<CheckStatus>,
    /// A sentence for people.
    pub message: String,
    /// Its figures, in the order given. A text named `state` is shown as the word for its
    /// status, such as `draining`.
    pub fields: Vec<NamedField>,
}

/// A figure with its name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NamedField {
    /// What it measures.
    pub name: String,
    /// What was measured.
    #[serde(flatten)]
    pub field: Field,
}

/// A figure that says what it is. A number that is not finite is shown as unknown.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Field {
    /// Words.
    Text(String),
    /// A count or a plain number.
    Number(f64),
    /// A time in seconds.
    Seconds(f64),
    /// A size in bytes.
    Bytes(u64),
    /// A part of a whole, 0 to 1; shown as a bar.
    Share(f64),
    /// A figure over time.
    Series(Series),
}

/// A figure over time, what it is expected to become, and the limits it is held against.
///
/// Times are seconds from now: what was is negative, what is to come positive.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Series {
    /// Its unit, such as `s`; empty if it has none.
    pub unit: String,
    /// `[time, value]`, the oldest first.
    pub points: Vec<[f64; 2]>,
    /// `[time, lower, expected, upper]`, the nearest first.
    pub forecast: Vec<[f64; 4]>,
    /// Values not to be crossed, with a name each.
    pub limits: Vec<(String, f64)>,
}

impl Row {
    /// A row that says nothing yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            status: None,
            message: String::new(),
            fields: Vec::new(),
        }
    }

    /// How it is.
    pub fn status(mut self, status: CheckStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// A sentence for people.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    /// One more figure.
    pub fn field(mut self, name: impl Into<String>, field: Field) -> Self {
        self.fields.push(NamedField {
            name: name.into(),
            field,
        });
        self
    }
}
