//! One breach of a rule, shown so that an editor can jump to it.
//! It does not know which rule it came from.

use std::fmt;

/// Where, and what is wrong with the remedy. Ordered by path, then line.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Violation {
    path: String,
    line: usize,
    message: String,
}

impl Violation {
    /// At a line, counted from 1.
    pub(super) fn new(path: &str, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line,
            message: message.into(),
        }
    }

    /// The file.
    #[cfg(test)]
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_path_line_and_message() {
        let violation = Violation::new("a.rs", 3, "wrong");
        assert_eq!(violation.to_string(), "a.rs:3: wrong");
        assert_eq!(violation.path(), "a.rs");
    }
}
