//! Records of CSV from lines: a cell in quotes may hold line ends, but a quote that is never closed
//! costs its own line alone.
//!
//! What a record means it does not know. Cells are split by the `csv` crate.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use csv::{ByteRecord, ReaderBuilder, Terminator};

use super::lines::{LONGEST, Line, Lines};

/// A record stands on so many lines at most.
const MOST_LINES: usize = 64;

/// A record, and where it begins.
#[derive(Debug)]
pub struct Record {
    /// The number of its first line.
    pub line: u64,
    /// Its fields; `None` if it is too long.
    pub fields: Option<ByteRecord>,
    /// Its further lines.
    rest: VecDeque<Line>,
}

/// Reads records.
#[derive(Debug)]
pub struct Records<R> {
    lines: Lines<R>,
}

impl<R: BufRead> Records<R> {
    /// The records of an input.
    pub fn new(input: R) -> Self {
        Self {
            lines: Lines::new(input),
        }
    }

    /// The next record; `None` at the end. Empty lines are none.
    pub fn read(&mut self) -> Result<Option<Record>, csv::Error> {
        while let Some(Line { number, text }) = self.lines.read()? {
            let Some(text) = text else {
                return Ok(Some(Record {
                    line: number,
                    fields: None,
                    rest: VecDeque::new(),
                }));
            };
            if text.trim_ascii().is_empty() {
                continue;
            }
            let (text, rest) = self.whole(text)?;
            return Ok(Some(Record {
                line: number,
                fields: Some(split(&text)?),
                rest,
            }));
        }
        Ok(None)
    }

    /// Gives up on a record: what stands on its further lines is read as records of their own.
    pub fn give_up(&mut self, record: Record) {
        self.lines.take_back(record.rest.into_iter());
    }

    /// The text of a record with the lines on which it goes on, which are none if its quote is not
    /// closed soon.
    fn whole(&mut self, first: Vec<u8>) -> io::Result<(Vec<u8>, VecDeque<Line>)> {
        let mut rest = VecDeque::new();
        let mut quote = Quote::default();
        quote.read(&first);
        if quote != Quote::Open {
            return Ok((first, rest));
        }
        let mut text = first.clone();
        while quote == Quote::Open {
            let next = if rest.len() < MOST_LINES {
                self.lines.read()?
            } else {
                None
            };
            let more = next.as_ref().and_then(|line| line.text.as_deref());
            let more = more.filter(|more| text.len() + more.len() < LONGEST);
            if let Some(more) = more {
                quote.read(b"\n");
                quote.read(more);
                text.push(b'\n');
                text.extend_from_slice(more);
            }
            let closed = more.is_some() && quote != Quote::Broken;
            rest.extend(next);
            if !closed {
                self.lines.take_back(rest.into_iter());
                return Ok((first, VecDeque::new()));
            }
        }
        Ok((text, rest))
    }
}

/// One record. A carriage return at its end belongs to the last cell, where it is blank.
fn split(text: &[u8]) -> Result<ByteRecord, csv::Error> {
    if !text.contains(&b'"') {
        return Ok(text.split(|byte| *byte == b',').collect());
    }
    let mut record = ByteRecord::new();
    ReaderBuilder::new()
        .has_headers(false)
        .terminator(Terminator::Any(b'\n'))
        .buffer_capacity(512)
        .from_reader(text)
        .read_byte_record(&mut record)?;
    Ok(record)
}

/// Whether a cell in quotes has begun and not ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Quote {
    /// At the beginning of a cell, where a quote would open.
    #[default]
    Begin,
    /// In a cell without quotes, where a quote is a character.
    Plain,
    /// In a cell in quotes.
    Open,
    /// After a quote in such a cell: its end, or one half of a quote that is a character.
    Closed,
    /// Something follows the end of such a cell: the quotes are not what they seem.
    Broken,
}

impl Quote {
    fn read(&mut self, text: &[u8]) {
        for byte in text {
            *self = match (*self, byte) {
                (Self::Open, b'"') | (Self::Closed, b' ' | b'\r') => Self::Closed,
                (Self::Begin | Self::Closed, b'"') | (Self::Open, _) => Self::Open,
                (Self::Begin | Self::Plain | Self::Closed, b',') => Self::Begin,
                (Self::Closed | Self::Broken, _) => Self::Broken,
                (Self::Begin | Self::Plain, _) => Self::Plain,
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The records with the lines they begin on, each given up if its first cell is `bad`.
    fn all(input: &str) -> Vec<(u64, Vec<String>)> {
        let mut records = Records::new(input.as_bytes());
        let mut all = Vec::new();
        while let Some(record) = records.read().unwrap() {
            let fields = record.fields.as_ref().unwrap();
            let fields: Vec<_> = fields
                .iter()
                .map(|it| String::from_utf8(it.to_vec()).unwrap())
                .collect();
            if fields[0] == "bad" {
                records.give_up(record);
            } else {
                all.push((record.line, fields));
            }
        }
        all
    }

    fn expect(input: &str, expected: &[(u64, &[&str])]) {
        let expected: Vec<_> = expected
            .iter()
            .map(|(line, fields)| (*line, fields.iter().map(|it| (*it).to_owned()).collect()))
            .collect();
        assert_eq!(all(input), expected, "{input:?}");
    }

    #[test]
    fn a_record_knows_its_line_past_empty_ones() {
        expect("", &[]);
        expect("a,b\n\n\nc,d", &[(1, &["a", "b"]), (4, &["c", "d"])]);
        expect("\r\na\r\n\r\nb\r\n", &[(2, &["a\r"]), (4, &["b\r"])]);
        expect("\"a\nb\",c\n\nd\n", &[(1, &["a\nb", "c"]), (4, &["d"])]);
    }

    #[test]
    fn quotes_are_those_of_csv() {
        expect("\"a, \"\"b\"\"\",\"\"\n", &[(1, &["a, \"b\"", ""])]);
        expect("a\"b,c\nd\n", &[(1, &["a\"b", "c"]), (2, &["d"])]);
        expect("\"a\"b,\0\n", &[(1, &["ab", "\0"])]);
        expect("\"a\"\"\nb\"\r\nc\n", &[(1, &["a\"\nb\r"]), (3, &["c"])]);
    }

    #[test]
    fn a_quote_that_is_not_closed_costs_its_own_line_alone() {
        expect(
            "a,\"b\nc\nd\n",
            &[(1, &["a", "b"]), (2, &["c"]), (3, &["d"])],
        );
        // What seems to close it opens another cell.
        expect(
            "a,\"b\nc\nd,\"e\"\n",
            &[(1, &["a", "b"]), (2, &["c"]), (3, &["d", "e"])],
        );
        expect("bad,\"b\nc\nd\"\n", &[(2, &["c"]), (3, &["d\""])]);
        let long = format!("\"a\n{}\"b\"\n", "c\n".repeat(MOST_LINES));
        let found = all(&long);
        assert_eq!(found.len(), MOST_LINES + 2);
        assert_eq!(
            found.last().map(|(line, _)| *line),
            Some(MOST_LINES as u64 + 2)
        );
    }
}
