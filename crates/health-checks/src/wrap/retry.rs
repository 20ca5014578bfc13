//! Another attempt for what failed. What a failed result counts for, thresholds say.

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use health_core::{Check, CheckContext, Outcome, Status};
use tokio::task::yield_now;
use tokio::time::sleep;

use super::contained::contained;
use crate::clock;
use crate::margin;

/// Beyond this it is no retry, but load.
const MOST_ATTEMPTS: u32 = 100;

pub(super) struct Retried {
    check: Arc<dyn Check>,
    attempts: u32,
    pause: Duration,
}

impl Retried {
    pub(super) fn new(check: Arc<dyn Check>, attempts: u32, pause: Duration) -> Self {
        Self {
            check,
            attempts: attempts.clamp(1, MOST_ATTEMPTS),
            pause,
        }
    }
}

#[async_trait]
impl Check for Retried {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let last = margin::before(clock::instant(), cx.deadline(), margin::TO_SAY_SO);
        let mut attempt = 1;
        loop {
            let outcome = contained(self.check.as_ref(), cx, Some(last)).await;
            let done = outcome.status() != Status::Unhealthy || attempt >= self.attempts;
            if done || !fits(clock::instant(), self.pause, last) {
                return outcome.detail("attempts", attempt);
            }
            attempt += 1;
            // Attempts that are ready at once would keep this task from its deadline.
            yield_now().await;
            if !self.pause.is_zero() {
                sleep(self.pause).await;
            }
        }
    }
}

/// Whether an attempt after `pause` would begin before `last`.
fn fits(now: Instant, pause: Duration, last: Instant) -> bool {
    now.checked_add(pause).is_some_and(|begin| begin < last)
}
