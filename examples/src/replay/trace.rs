//! How a row of a trace is read: which columns it needs, and what is a number there.
//!
//! It reads records that somebody else has split, and knows no monitor.

use csv::ByteRecord;
use thiserror::Error;

const COLUMNS: [&str; 3] = ["t_secs", "leader_pos", "applied_pos"];
/// A field is shown in an error up to here.
const SHOWN: usize = 40;
/// Some three thousand years, in seconds: beyond are other units, and slips.
const MOST_TIME: f64 = 1e11;

/// Where the columns that count stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns([usize; 3]);

/// What a row says.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The time as it was written.
    pub time_text: String,
    /// The time in seconds.
    pub time: f64,
    /// The position of the leader.
    pub leader: u64,
    /// The position of the follower.
    pub applied: u64,
}

/// Why a header or a row is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum TraceError {
    /// Nothing at all.
    #[error("the input is empty; it needs a header with t_secs, leader_pos and applied_pos")]
    Empty,
    /// A column is not there.
    #[error(
        "the header has no column {0:?}; it needs t_secs, leader_pos and applied_pos, with commas between"
    )]
    Missing(&'static str),
    /// A column is there twice.
    #[error("the header has the column {0:?} twice")]
    Twice(&'static str),
    /// The row is too short.
    #[error("there is no {0}: the row has too few fields")]
    Short(&'static str),
    /// Not a time.
    #[error("t_secs {0:?} is no finite number")]
    Time(String),
    /// Not a time that may be.
    #[error("t_secs {0:?} is too far from any date; times are in seconds")]
    Range(String),
    /// Longer than memory allows.
    #[error("it is longer than 16 MiB, which no row is")]
    TooLong,
    /// Not a position.
    #[error("{column} {text:?} is no position; positions are numbers from 0 to 2^64 - 1")]
    Position {
        /// Of whom.
        column: &'static str,
        /// What was written.
        text: String,
    },
}

impl Columns {
    /// Finds the columns by their names, in a header unless it was too long.
    pub fn of(header: Option<&ByteRecord>) -> Result<Self, TraceError> {
        let header = header.ok_or(TraceError::TooLong)?;
        let names: Vec<_> = header.iter().map(name).collect();
        if names.iter().all(String::is_empty) {
            return Err(TraceError::Empty);
        }
        let mut places = [0; 3];
        for (place, column) in places.iter_mut().zip(COLUMNS) {
            let mut found = names.iter().enumerate().filter(|(_, it)| *it == column);
            *place = found.next().ok_or(TraceError::Missing(column))?.0;
            if found.next().is_some() {
                return Err(TraceError::Twice(column));
            }
        }
        Ok(Self(places))
    }

    /// Reads a row, unless it was too long.
    pub fn row(&self, record: Option<&ByteRecord>) -> Result<Row, TraceError> {
        let record = record.ok_or(TraceError::TooLong)?;
        let Self([time, leader, applied]) = *self;
        let [time_column, leader_column, applied_column] = COLUMNS;
        let field = |place: usize, column| {
            let field = record.get(place).ok_or(TraceError::Short(column))?;
            Ok(String::from_utf8_lossy(field).trim().to_owned())
        };
        let time_text = field(time, time_column)?;
        let number: Option<f64> = time_text.parse().ok();
        let Some(time) = number.filter(|it| it.is_finite()) else {
            return Err(TraceError::Time(shown(&time_text)));
        };
        if time.abs() > MOST_TIME {
            return Err(TraceError::Range(shown(&time_text)));
        }
        let position = |place, column| {
            let text = field(place, column)?;
            position(&text).ok_or_else(|| TraceError::Position {
                column,
                text: shown(&text),
            })
        };
        Ok(Row {
            time,
            leader: position(leader, leader_column)?,
            applied: position(applied, applied_column)?,
            time_text,
        })
    }
}

/// A name as it is compared; some programs put a mark before the first.
fn name(field: &[u8]) -> String {
    let text = String::from_utf8_lossy(field);
    text.trim_start_matches('\u{feff}').trim().to_owned()
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// A whole number, or the whole part of one with a fraction.
fn position(text: &str) -> Option<u64> {
    if let Ok(whole) = text.parse() {
        return Some(whole);
    }
    // Digits with a fraction lose nothing; only what has an exponent goes through a float.
    if let Some((whole, fraction)) = text.split_once('.')
        && !whole.is_empty()
        && fraction.bytes().all(|it| it.is_ascii_digit())
    {
        return whole.parse().ok();
    }
    let number: f64 = text.parse().ok()?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is within the range"
    )]
    (0.0..18_446_744_073_709_551_616.0)
        .contains(&number)
        .then_some(number as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(fields: &[&str]) -> ByteRecord {
        ByteRecord::from(fields.to_vec())
    }

    #[test]
    fn columns_are_found_by_name_in_any_order() {
        let header = record(&["x", " applied_pos ", "t_secs", "", "leader_pos"]);
        let columns = Columns::of(Some(&header)).unwrap();
        let row = columns
            .row(Some(&record(&["?", "5", " 1.50", "", "9.9"])))
            .unwrap();
        assert_eq!(
            row,
            Row {
                time_text: "1.50".to_owned(),
                time: 1.5,
                leader: 9,
                applied: 5,
            }
        );
        let marked = record(&["\u{feff}t_secs", "leader_pos", "applied_pos"]);
        assert_eq!(Columns::of(Some(&marked)), Ok(Columns([0, 1, 2])));
    }

    #[test]
    fn a_header_that_lacks_a_column_is_refused() {
        for (header, error) in [
            (vec![], TraceError::Empty),
            (vec![""], TraceError::Empty),
            (vec!["0", "1", "2"], TraceError::Missing("t_secs")),
            (
                vec!["t_secs", "leader_pos"],
                TraceError::Missing("applied_pos"),
            ),
            (
                vec!["t_secs", "leader_pos", "applied_pos", "t_secs"],
                TraceError::Twice("t_secs"),
            ),
        ] {
            assert_eq!(
                Columns::of(Some(&record(&header))),
                Err(error),
                "{header:?}"
            );
        }
    }

    #[test]
    fn positions_are_numbers_from_zero_on() {
        for (text, expected) in [
            ("0", Some(0)),
            ("18446744073709551615", Some(u64::MAX)),
            ("9007199254740993.7", Some(9_007_199_254_740_993)),
            ("7.", Some(7)),
            ("1e3", Some(1_000)),
            ("1.5E3", Some(1_500)),
            ("-0.0", None),
            ("18446744073709551616", None),
            ("-1", None),
            ("-0.5", None),
            ("nan", None),
            ("inf", None),
            ("", None),
            ("0/7E82A38", None),
            ("1 000", None),
        ] {
            assert_eq!(position(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_bad_row_says_what_is_bad() {
        let columns = Columns([0, 1, 2]);
        for (fields, word) in [
            (vec!["1", "2"], "applied_pos"),
            (vec![""], "t_secs"),
            (vec!["NaN", "2", "3"], "t_secs \"NaN\""),
            (vec!["1e999", "2", "3"], "t_secs"),
            (vec!["1700000000000", "2", "3"], "times are in seconds"),
            (vec!["-2e11", "2", "3"], "times are in seconds"),
            (vec!["1", "x", "3"], "leader_pos \"x\""),
            (vec!["1", "2", "-3"], "applied_pos \"-3\""),
        ] {
            let error = columns.row(Some(&record(&fields))).unwrap_err().to_string();
            assert!(error.contains(word), "{fields:?}: {error}");
        }
        let long = "9".repeat(10_000);
        let error = columns.row(Some(&record(&["1", &long, "3"]))).unwrap_err();
        assert!(error.to_string().len() < 200);
        assert_eq!(columns.row(None), Err(TraceError::TooLong));
        assert_eq!(Columns::of(None), Err(TraceError::TooLong));
    }
}
