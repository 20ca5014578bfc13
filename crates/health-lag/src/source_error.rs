//! Why a poll, or one follower of it, brought nothing.
//!
//! What is wrong with which server is said by the sources.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use health_core::{Cause, Redaction};
use serde::{Serialize, Serializer};

/// So many bytes of a message are kept with a follower.
pub(crate) const KEPT: usize = 256;

/// A text without credentials, and of at most so many bytes.
pub(crate) fn bounded(text: &str, most: usize) -> String {
    let mut text = Redaction::default().text(text).into_owned();
    text.truncate(text.floor_char_boundary(most));
    text
}

/// Why there is no data: a message that anybody may read, and for the log alone the error itself.
///
/// ```
/// use health_lag::SourceError;
///
/// let error = SourceError::new("the log is locked; see who holds it").with_error("flock: EAGAIN");
/// assert_eq!(error.to_string(), "the log is locked; see who holds it");
/// ```
#[derive(Clone)]
pub struct SourceError {
    message: Cow<'static, str>,
    cause: Cause,
    error: Option<Arc<dyn Error + Send + Sync>>,
}

impl SourceError {
    /// What is wrong, and what to do. Credentials do not belong there.
    pub fn new(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            message: message.into(),
            cause: Cause::Reported,
            error: None,
        }
    }

    /// The error behind it, for the log alone.
    pub fn with_error(mut self, error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.error = Some(Arc::from(error.into()));
        self
    }

    pub(crate) fn late(limit: Duration) -> Self {
        Self {
            cause: Cause::Timeout,
            ..Self::new(format!(
                "gave no answer within {limit:?}; see whether it hangs or is overloaded"
            ))
        }
    }

    pub(crate) fn still_running() -> Self {
        Self {
            cause: Cause::Timeout,
            ..Self::new(
                "an earlier poll still blocks its thread, and no second one is begun; see what it waits for",
            )
        }
    }

    pub(crate) fn panicked(text: &str) -> Self {
        Self {
            cause: Cause::Panic,
            ..Self::new(format!("panicked: {text}"))
        }
    }

    /// Its message as it is kept with a follower.
    pub(crate) fn kept(&self) -> Arc<str> {
        bounded(&self.message, KEPT).into()
    }

    /// The same with another message.
    pub(crate) fn reworded(self, message: String) -> Self {
        Self {
            message: message.into(),
            ..self
        }
    }

    /// Whether it was reported, a timeout or a panic.
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// What anybody may read.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error behind it; it may name users, hosts and more.
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync + 'static)> {
        self.error.as_deref()
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Without the error behind it.
impl fmt::Debug for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SourceError")
            .field("message", &self.message)
            .field("cause", &self.cause)
            .finish_non_exhaustive()
    }
}

impl Error for SourceError {}

/// As its message.
impl Serialize for SourceError {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.message)
    }
}
