//! The last outcome, said again while it is young. When a check runs, its schedule says.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Status};

use super::contained::contained;
use crate::clock;
use crate::span::millis;

pub(super) struct Cached {
    check: Arc<dyn Check>,
    keeping: Keeping,
    last: Mutex<Option<(Instant, Outcome)>>,
}

#[derive(Clone, Copy)]
struct Keeping {
    healthy_for: Duration,
    failures_for: Duration,
}

impl Cached {
    pub(super) fn new(
        check: Arc<dyn Check>,
        healthy_for: Duration,
        failures_for: Duration,
    ) -> Self {
        Self {
            check,
            keeping: Keeping {
                healthy_for,
                failures_for,
            },
            last: Mutex::default(),
        }
    }

    fn last(&self) -> Option<(Instant, Outcome)> {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl Check for Cached {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        if let Some((at, outcome)) = self.last() {
            let age = clock::instant().saturating_duration_since(at);
            if self.keeping.holds(outcome.status(), age) {
                return outcome.detail("cached_ms", millis(age));
            }
        }
        let outcome = contained(self.check.as_ref(), cx, None).await;
        let last = Some((clock::instant(), outcome.clone()));
        let before = std::mem::replace(
            &mut *self.last.lock().unwrap_or_else(PoisonError::into_inner),
            last,
        );
        // It holds a foreign error, which is dropped outside of the lock.
        drop(before);
        outcome
    }
}

impl Keeping {
    fn holds(self, status: Status, age: Duration) -> bool {
        age < match status {
            Status::Healthy => self.healthy_for,
            Status::Degraded | Status::Unhealthy => self.failures_for,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kept_by_status_and_age() {
        use Status::{Degraded, Healthy, Unhealthy};
        let secs = Duration::from_secs;
        let usual = Keeping {
            healthy_for: secs(60),
            failures_for: secs(5),
        };
        let never = Keeping {
            healthy_for: secs(0),
            failures_for: secs(0),
        };
        for (keeping, status, age, held) in [
            (usual, Healthy, 0, true),
            (usual, Healthy, 59, true),
            (usual, Healthy, 60, false),
            (usual, Degraded, 4, true),
            (usual, Degraded, 5, false),
            (usual, Unhealthy, 4, true),
            (usual, Unhealthy, 5, false),
            (never, Healthy, 0, false),
            (never, Unhealthy, 0, false),
        ] {
            assert_eq!(keeping.holds(status, secs(age)), held, "{status:?} {age}");
        }
    }
}
