//! Other statuses for those of a check. What a check found out is not changed.

use std::sync::Arc;

use async_trait::async_trait;
use health_core::{Cause, Check, CheckContext, Outcome, Status};

use super::contained::contained;

pub(super) struct Mapped<F> {
    pub(super) check: Arc<dyn Check>,
    pub(super) map: F,
}

#[async_trait]
impl<F: Fn(Status) -> Status + Send + Sync + 'static> Check for Mapped<F> {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let outcome = contained(self.check.as_ref(), cx, None).await;
        let status = (self.map)(outcome.status());
        mapped(outcome, status)
    }
}

pub(super) struct Inverted(pub(super) Arc<dyn Check>);

#[async_trait]
impl Check for Inverted {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        inverted(contained(self.0.as_ref(), cx, None).await)
    }
}

/// Without evidence nothing is healthy, whatever it is mapped to.
fn mapped(outcome: Outcome, status: Status) -> Outcome {
    let status = match outcome.cause() {
        Cause::Reported => status,
        _ => status.max(Status::Degraded),
    };
    outcome.with_status(status)
}

fn inverted(outcome: Outcome) -> Outcome {
    if outcome.cause() != Cause::Reported {
        return outcome;
    }
    let (status, words) = match outcome.status() {
        Status::Healthy => (Status::Unhealthy, "passes, which it must not"),
        Status::Degraded => return outcome,
        Status::Unhealthy => (Status::Healthy, "fails, as it must"),
    };
    let message = if outcome.message().is_empty() {
        words.to_owned()
    } else {
        format!("{words}: {}", outcome.message())
    };
    outcome.with_status(status).with_message(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_evidence_nothing_is_healthy() {
        use Status::{Degraded, Healthy, Unhealthy};
        let timeout = || Outcome::timeout("late");
        for (outcome, to, status) in [
            (Outcome::healthy(), Unhealthy, Unhealthy),
            (Outcome::unhealthy("u"), Healthy, Healthy),
            (Outcome::unhealthy("u"), Degraded, Degraded),
            (timeout(), Healthy, Degraded),
            (timeout(), Degraded, Degraded),
            (timeout(), Unhealthy, Unhealthy),
        ] {
            assert_eq!(mapped(outcome, to).status(), status);
        }
    }

    #[test]
    fn inverted_outcomes() {
        use Status::{Degraded, Healthy, Unhealthy};
        for (outcome, status, message) in [
            (Outcome::healthy(), Unhealthy, "passes, which it must not"),
            (
                Outcome::healthy().with_message("found"),
                Unhealthy,
                "passes, which it must not: found",
            ),
            (Outcome::degraded("d"), Degraded, "d"),
            (
                Outcome::unhealthy("gone"),
                Healthy,
                "fails, as it must: gone",
            ),
            (Outcome::timeout("late"), Unhealthy, "late"),
        ] {
            let outcome = inverted(outcome.detail("n", 1));
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["n"], 1);
        }
    }
}
