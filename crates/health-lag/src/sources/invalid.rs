//! Why a source is refused when it is made. What is refused, each source says itself.

/// Why a source was refused when it was made: which one, what is wrong, and what would be right.
/// Never holds a credential.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{source_of}: {problem}")]
pub struct InvalidSource {
    source_of: &'static str,
    problem: &'static str,
}

impl InvalidSource {
    #[allow(dead_code, reason = "a source may be left out")]
    pub(crate) fn new(source_of: &'static str, problem: &'static str) -> Self {
        Self { source_of, problem }
    }
}
