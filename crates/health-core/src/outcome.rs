//! What one run of a check says: status, public message, details, private error.
//!
//! Bounding and redaction happen later, in `evidence`; nothing is judged here.

use std::borrow::Cow;
use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Map, Value};

use crate::status::{Cause, Status};

type PrivateError = Box<dyn Error + Send + Sync>;

/// The result of one run of a check.
///
/// `message` and `details` are public: whoever may read the endpoint reads them.
/// `error` is private and goes to the log only.
///
/// ```
/// use health_core::{Outcome, Status};
/// let outcome = Outcome::degraded("disk /var 93 % used, limit 90 %").detail("used_bytes", 93);
/// assert_eq!(outcome.status(), Status::Degraded);
///
/// let outcome = Outcome::from(Err::<(), _>(std::io::Error::other("db01: connection refused")));
/// assert_eq!(outcome.status(), Status::Unhealthy);
/// assert_eq!(outcome.message(), "check failed"); // the error itself is not for strangers
/// ```
#[derive(Clone, Debug)]
#[must_use = "an outcome that nobody records says nothing"]
pub struct Outcome {
    pub(crate) status: Status,
    pub(crate) cause: Cause,
    pub(crate) message: Cow<'static, str>,
    pub(crate) details: Map<String, Value>,
    pub(crate) error: Option<Arc<dyn Error + Send + Sync>>,
    pub(crate) measured: Option<Instant>,
}

impl Outcome {
    /// An outcome of `status` with a public `message`.
    pub fn new(status: Status, message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            cause: Cause::Reported,
            message: message.into(),
            details: Map::new(),
            error: None,
            measured: None,
        }
    }

    /// It works.
    pub fn healthy() -> Self {
        Self::new(Status::Healthy, "")
    }

    /// It works, but not as it should; `message` says what a person can do about it.
    pub fn degraded(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Status::Degraded, message)
    }

    /// It does not work; `message` says what a person can do about it.
    pub fn unhealthy(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Status::Unhealthy, message)
    }

    /// Unhealthy, with the cause `timeout`: no result came in time. For checks that
    /// keep a deadline themselves, so that they can say what they waited for.
    pub fn timeout(message: impl Into<Cow<'static, str>>) -> Self {
        Self {
            cause: Cause::Timeout,
            ..Self::unhealthy(message)
        }
    }

    pub(crate) fn panicked(payload: &str) -> Self {
        Self {
            cause: Cause::Panic,
            ..Self::unhealthy("check panicked").with_error(payload.to_owned())
        }
    }

    /// Replaces the status; cause, message and details stay.
    pub fn with_status(mut self, status: Status) -> Self {
        self.status = status;
        self
    }

    /// Replaces the public message.
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = message.into();
        self
    }

    /// Adds one public detail; put the unit into the key (`used_bytes`, `latency_ms`).
    /// A float that is not finite becomes `null`.
    pub fn detail(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.details.insert(key.into(), value.into());
        self
    }

    /// Adds one public detail if it is known: what is not has none, rather than `null`.
    ///
    /// ```
    /// use health_core::Outcome;
    /// let outcome = Outcome::healthy()
    ///     .detail_if_known("leader", Some("n1"))
    ///     .detail_if_known("term", None::<u64>);
    /// assert_eq!(outcome.details().len(), 1);
    /// ```
    pub fn detail_if_known(self, key: impl Into<String>, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.detail(key, value),
            None => self,
        }
    }

    /// Replaces all details.
    pub fn with_details(mut self, details: Map<String, Value>) -> Self {
        self.details = details;
        self
    }

    /// The underlying error, for the log only.
    pub fn with_error(mut self, error: impl Into<PrivateError>) -> Self {
        self.error = Some(Arc::from(error.into()));
        self
    }

    /// It was measured then, and is said again by this run, which measured nothing.
    ///
    /// The monitor takes it for as old as that, and what it has counted already does not
    /// count again: neither for thresholds, nor for the history, nor as fresh evidence.
    /// An instant that is yet to come is taken for now; for a component it says nothing.
    ///
    /// ```
    /// use std::time::Instant;
    /// use health_core::Outcome;
    ///
    /// let last = (Instant::now(), Outcome::degraded("disk 93 % used, limit 90 %"));
    /// let again = last.1.clone().measured_at(last.0);
    /// assert_eq!(again.measured(), Some(last.0));
    /// ```
    pub fn measured_at(mut self, measured: Instant) -> Self {
        self.measured = Some(measured);
        self
    }

    /// What it says.
    pub fn status(&self) -> Status {
        self.status
    }

    /// Why: [`Cause::Reported`], unless it timed out or panicked.
    pub fn cause(&self) -> Cause {
        self.cause
    }

    /// The public message; empty when there is nothing to say.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The public details.
    pub fn details(&self) -> &Map<String, Value> {
        &self.details
    }

    /// When it was measured, if it is said again; `None`: by the run that says it.
    pub fn measured(&self) -> Option<Instant> {
        self.measured
    }

    /// The private error.
    pub fn error(&self) -> Option<&(dyn Error + Send + Sync)> {
        self.error.as_deref()
    }
}

impl From<Status> for Outcome {
    fn from(status: Status) -> Self {
        Self::new(status, "")
    }
}

impl From<bool> for Outcome {
    fn from(healthy: bool) -> Self {
        if healthy {
            Self::healthy()
        } else {
            Self::unhealthy("check failed")
        }
    }
}

impl From<()> for Outcome {
    fn from((): ()) -> Self {
        Self::healthy()
    }
}

/// `Ok` passes through; an error is unhealthy, with itself as the private error.
impl<T: Into<Outcome>, E: Into<PrivateError>> From<Result<T, E>> for Outcome {
    fn from(result: Result<T, E>) -> Self {
        match result {
            Ok(outcome) => outcome.into(),
            Err(error) => Self::unhealthy("check failed").with_error(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conversions() {
        let io = || std::io::Error::other("secret path");
        for (outcome, status, message, private) in [
            (Outcome::from(true), Status::Healthy, "", false),
            (
                Outcome::from(false),
                Status::Unhealthy,
                "check failed",
                false,
            ),
            (
                Outcome::from(Ok::<(), std::io::Error>(())),
                Status::Healthy,
                "",
                false,
            ),
            (
                Outcome::from(Err::<(), _>(io())),
                Status::Unhealthy,
                "check failed",
                true,
            ),
            (
                Outcome::from(Ok::<_, std::io::Error>(Outcome::degraded("slow"))),
                Status::Degraded,
                "slow",
                false,
            ),
            (
                Outcome::from(Ok::<_, std::io::Error>(false)),
                Status::Unhealthy,
                "check failed",
                false,
            ),
            (
                Outcome::from(Err::<(), _>("text")),
                Status::Unhealthy,
                "check failed",
                true,
            ),
        ] {
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.error().is_some(), private);
        }
    }

    #[test]
    fn nan_is_null() {
        let outcome = Outcome::healthy().detail("ratio", f64::NAN);
        assert_eq!(outcome.details()["ratio"], Value::Null);
    }
}
