//! The lines of a trace, numbered, none of them longer than memory allows, and taken back if need be.
//!
//! What stands on a line it does not know.

use std::collections::VecDeque;
use std::io::{self, BufRead};

/// The longest line that is kept, in bytes.
pub const LONGEST: usize = 16 << 20;

/// A line without its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number, from 1 on.
    pub number: u64,
    /// What stands on it; `None` if that is longer than [`LONGEST`].
    pub text: Option<Vec<u8>>,
}

/// Reads lines.
#[derive(Debug)]
pub struct Lines<R> {
    input: R,
    /// How many have been read.
    number: u64,
    again: VecDeque<Line>,
}

impl<R: BufRead> Lines<R> {
    /// The lines of an input.
    pub fn new(input: R) -> Self {
        Self {
            input,
            number: 0,
            again: VecDeque::new(),
        }
    }

    /// The next line; `None` at the end.
    pub fn read(&mut self) -> io::Result<Option<Line>> {
        if let Some(line) = self.again.pop_front() {
            return Ok(Some(line));
        }
        let mut text = Vec::new();
        let mut length = 0_usize;
        loop {
            let chunk = match self.input.fill_buf() {
                Ok(chunk) => chunk,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if chunk.is_empty() && length == 0 {
                return Ok(None);
            }
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or(chunk);
            length = length.saturating_add(part.len());
            if length <= LONGEST {
                text.extend_from_slice(part);
            } else {
                text = Vec::new();
            }
            let read = part.len() + usize::from(end.is_some());
            self.input.consume(read);
            // An empty chunk is the end of a last line that has none.
            if end.is_some() || read == 0 {
                break;
            }
        }
        self.number += 1;
        Ok(Some(Line {
            number: self.number,
            text: (length <= LONGEST).then_some(text),
        }))
    }

    /// Takes lines back, which are the next ones again, in this order.
    pub fn take_back(&mut self, lines: impl DoubleEndedIterator<Item = Line>) {
        for line in lines.rev() {
            self.again.push_front(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufReader, Read};

    fn all(input: impl Read, buffer: usize) -> Vec<(u64, Option<String>)> {
        let mut lines = Lines::new(BufReader::with_capacity(buffer, input));
        std::iter::from_fn(|| lines.read().unwrap())
            .map(|line| {
                let text = line.text.map(|text| String::from_utf8(text).unwrap());
                (line.number, text)
            })
            .collect()
    }

    #[test]
    fn lines_are_numbered_whatever_ends_them() {
        for (input, expected) in [
            ("", &[][..]),
            ("\n", &[""]),
            ("ab\n\nc", &["ab", "", "c"]),
            ("ab\r\nc\n", &["ab\r", "c"]),
        ] {
            let expected: Vec<_> = (1..)
                .zip(expected.iter().map(|it| Some((*it).to_owned())))
                .collect();
            for buffer in [1, 2, 3, 100] {
                assert_eq!(
                    all(input.as_bytes(), buffer),
                    expected,
                    "{input:?} {buffer}"
                );
            }
        }
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let long = u64::try_from(LONGEST).unwrap();
        let input = io::repeat(b'x').take(long).chain(&b"\n"[..]);
        let input = input
            .chain(io::repeat(b'x').take(long + 1))
            .chain(&b"\ny"[..]);
        let lines = all(input, 1 << 16);
        let lengths: Vec<_> = lines
            .iter()
            .map(|(_, it)| it.as_ref().map(String::len))
            .collect();
        assert_eq!(lengths, [Some(LONGEST), None, Some(1)]);
    }

    #[test]
    fn lines_that_are_taken_back_come_again() {
        let mut lines = Lines::new(&b"a\nb\nc\n"[..]);
        let first = lines.read().unwrap().unwrap();
        let second = lines.read().unwrap().unwrap();
        lines.take_back([first.clone(), second.clone()].into_iter());
        assert_eq!(lines.read().unwrap(), Some(first));
        assert_eq!(lines.read().unwrap(), Some(second));
        assert_eq!(lines.read().unwrap().unwrap().number, 3);
        assert_eq!(lines.read().unwrap(), None);
    }
}
