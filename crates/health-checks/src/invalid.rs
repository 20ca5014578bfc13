//! Why a check is refused when it is made. What is refused, each check says itself.

use thiserror::Error;

/// Why a check was refused when it was made: which one, what is wrong, and what
/// would be right. Never holds a credential.
///
/// ```
/// # #[cfg(feature = "system")] {
/// use health_checks::system::DiskCheck;
/// let refused = DiskCheck::new("/var").thresholds(0.9, 0.5).unwrap_err();
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
        Self {
            check,
            problem: problem.into(),
        }
    }
}
