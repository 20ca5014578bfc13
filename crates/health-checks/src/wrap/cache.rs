//! The last outcome, said again while it is young. When a check runs, its schedule says.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Status};

use super::contained::contained;
use crate::again::Said;
use crate::clock;

pub(super) struct Cached {
    check: Arc<dyn Check>,
    keeping: Keeping,
    last: Mutex<Option<Said>>,
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

    fn last(&self) -> Option<Said> {
        self.last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

#[async_trait]
impl Check for Cached {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        if let Some(last) = self.last() {
            let now = clock::instant();
            if self.keeping.holds(last.outcome().status(), last.age(now)) {
                return last.again(now);
            }
        }
        let outcome = contained(self.check.as_ref(), cx, None).await;
        let last = Said::new(outcome.clone(), clock::instant());
        let before = self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .replace(last);
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
