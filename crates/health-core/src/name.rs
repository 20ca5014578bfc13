//! Names of checks, components, groups and tags: what is allowed, and why not.
//!
//! The alphabet needs no escaping in a URL path, JSON, a log line or a
//! Prometheus label. Uniqueness is the engine's business.

use thiserror::Error;

/// Longest name, in bytes.
pub const MAX_NAME: usize = 64;

/// Why a name is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameError {
    /// Nothing there.
    #[error("the name is empty; give it 1 to {MAX_NAME} characters")]
    Empty,
    /// Over [`MAX_NAME`] bytes.
    #[error("the name `{start}…` has {length} bytes; {MAX_NAME} is the most")]
    TooLong {
        /// Its first characters.
        start: String,
        /// Its length in bytes.
        length: usize,
    },
    /// A character outside the alphabet.
    #[error("the name {name:?} has the character {character:?}; use a-z A-Z 0-9 and - _ . :")]
    Character {
        /// The name.
        name: String,
        /// The first character that is not allowed.
        character: char,
    },
    /// `.` and `..` mean something else in a path.
    #[error("the name {0:?} is a path segment with a meaning of its own; choose another")]
    Dots(String),
}

/// Checks `name` against the alphabet `a-z A-Z 0-9 - _ . :` and the length.
pub(crate) fn validate(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Empty);
    }
    if name.len() > MAX_NAME {
        return Err(NameError::TooLong {
            start: name.chars().take(16).collect(),
            length: name.len(),
        });
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    if let Some(character) = name.chars().find(|c| !allowed(*c)) {
        return Err(NameError::Character {
            name: name.to_owned(),
            character,
        });
    }
    if name == "." || name == ".." {
        return Err(NameError::Dots(name.to_owned()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in [
            "db",
            "disk:/var".split('/').next().unwrap(),
            "A-1_b.c:d",
            &"x".repeat(64),
        ] {
            assert_eq!(validate(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "a b",
            "a/b",
            "dé",
            "a\n",
            "a\0b",
            "a%2e",
            &"x".repeat(65),
        ] {
            assert!(validate(bad).is_err(), "{bad:?}");
        }
        let text = validate(&"é".repeat(40)).unwrap_err().to_string();
        assert!(text.contains("80 bytes"), "{text}");
    }
}
