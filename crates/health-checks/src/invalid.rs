//! Why a check is refused when it is made. What is refused, each check says itself.

use thiserror::Error;

/// The longest that is told of a problem, in bytes.
const LONGEST: usize = 512;

/// Why a check was refused when it was made: which one, what is wrong, and what
/// would be right. Never holds a credential, nor more than one line of a bounded length.
///
/// ```
/// # #[cfg(feature = "system")] {
/// use health_checks::system::DiskCheck;
/// let refused = DiskCheck::root().thresholds(0.9, 0.5).unwrap_err();
/// assert!(refused.to_string().starts_with("disk: "));
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{check}: {problem}")]
pub struct InvalidCheck {
    check: &'static str,
    problem: String,
}

impl InvalidCheck {
    pub(crate) fn new(check: &'static str, problem: impl Into<String>) -> Self {
        let problem = problem.into();
        let shown = problem.get(..problem.floor_char_boundary(LONGEST));
        let mut shown: String = shown
            .unwrap_or_default()
            .chars()
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect();
        if problem.len() > LONGEST {
            shown.push('…');
        }
        Self {
            check,
            problem: shown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_one_bounded_line() {
        for (problem, told) in [
            ("plain".to_owned(), "x: plain".to_owned()),
            (
                "a\0b\nc\u{1b}[0m".to_owned(),
                "x: a\u{fffd}b\u{fffd}c\u{fffd}[0m".to_owned(),
            ),
            ("é".repeat(9_999), format!("x: {}…", "é".repeat(256))),
        ] {
            assert_eq!(InvalidCheck::new("x", problem).to_string(), told);
        }
    }
}
