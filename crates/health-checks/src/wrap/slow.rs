//! What takes long is degraded, though it works. Nothing is given up here.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use health_core::{Cause, Check, CheckContext, Outcome, Status};

use crate::clock;
use crate::span::{Span, millis};

pub(super) struct Slow {
    pub(super) check: Arc<dyn Check>,
    pub(super) threshold: Duration,
}

#[async_trait]
impl Check for Slow {
    async fn check(&self, cx: &CheckContext) -> Outcome {
        let begin = clock::instant();
        let outcome = self.check.check(cx).await;
        let took = clock::instant().saturating_duration_since(begin);
        judged(outcome, took, self.threshold)
    }
}

fn judged(mut outcome: Outcome, took: Duration, threshold: Duration) -> Outcome {
    if outcome.cause() == Cause::Reported && !outcome.details().contains_key("latency_ms") {
        outcome = outcome.detail("latency_ms", millis(took));
    }
    if outcome.status() != Status::Healthy || took < threshold {
        return outcome;
    }
    let mut message = format!("slow: took {}, limit {}", Span(took), Span(threshold));
    if !outcome.message().is_empty() {
        message = format!("{message}; {}", outcome.message());
    }
    outcome.with_status(Status::Degraded).with_message(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_healthy_can_be_too_slow() {
        let ms = |millis: u32| Duration::from_millis(millis.into());
        for (outcome, took, status, message) in [
            (Outcome::healthy(), 99, Status::Healthy, ""),
            (
                Outcome::healthy(),
                100,
                Status::Degraded,
                "slow: took 100 ms, limit 100 ms",
            ),
            (
                Outcome::healthy().with_message("3 rows"),
                2500,
                Status::Degraded,
                "slow: took 2.5 s, limit 100 ms; 3 rows",
            ),
            (Outcome::degraded("half"), 2500, Status::Degraded, "half"),
            (Outcome::unhealthy("none"), 2500, Status::Unhealthy, "none"),
        ] {
            let outcome = judged(outcome, ms(took), ms(100));
            assert_eq!((outcome.status(), outcome.message()), (status, message));
            assert_eq!(outcome.details()["latency_ms"], f64::from(took));
        }
        let late = judged(Outcome::timeout("late"), ms(2500), ms(100));
        assert!(!late.details().contains_key("latency_ms"));
        let own = Outcome::healthy().detail("latency_ms", 1);
        assert_eq!(judged(own, ms(2), ms(100)).details()["latency_ms"], 1);
    }
}
