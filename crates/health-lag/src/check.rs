//! The lag of a follower as a check of `health-core`.
//!
//! What a status means for health is decided in one function here; nothing is measured.

use std::future::ready;
use std::time::Duration;

use health_core::{Outcome, Registration, Status as Health, check_fn};
use serde_json::Value;

use crate::condition::{Condition, Conditions};
use crate::follower::Follower;
use crate::lag::Lag;
use crate::level::Level;
use crate::status::Status;

impl Follower {
    /// A check of this follower, named `lag:` and its name.
    ///
    /// | status | health |
    /// |---|---|
    /// | critical, stalled, ahead of its leader | unhealthy |
    /// | no sample yet, or none for long | unhealthy: nothing is proven |
    /// | warning, predicted breach, begun anew, lag not known yet | degraded |
    /// | otherwise | healthy |
    ///
    /// Registered as passive, every 5 s, with a timeout of 1 s: it only looks at what was pushed.
    /// Its message is [`Status::explain`]; its details are the status, with the unit in each key.
    ///
    /// ```
    /// use health_core::Health;
    /// use health_lag::{FollowerSpec, LagMonitor};
    ///
    /// let monitor = LagMonitor::new();
    /// let follower = monitor.follower(FollowerSpec::new("standby-1").of("primary"))?;
    /// let health = Health::new();
    /// health.register(follower.registration().shared_dependency())?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn registration(&self) -> Registration {
        let follower = self.clone();
        let description = match self.leader() {
            Some(leader) => format!("replication lag of {} behind {leader}", self.name()),
            None => format!("replication lag of {}", self.name()),
        };
        check_fn(format!("lag:{}", self.name()), move |_| {
            ready(
                follower
                    .status()
                    .map_or_else(gone, |status| outcome(&status)),
            )
        })
        .description(description)
        .every(Duration::from_secs(5))
        .timeout(Duration::from_secs(1))
        .passive()
    }
}

fn gone() -> Outcome {
    Outcome::unhealthy("the follower is not registered any more; take this check away too")
}

pub(crate) fn judge(status: &Status) -> Health {
    let has = |condition| status.conditions.has(condition);
    let failing = [
        Condition::Stalled,
        Condition::NoData,
        Condition::FollowerAhead,
    ];
    if status.lag.is_none() || status.level == Level::Critical || failing.into_iter().any(has) {
        return Health::Unhealthy;
    }
    let unknown = !matches!(status.lag, Some(Lag::Exact(_)));
    if status.level == Level::Warning
        || status.breach_predicted
        || unknown
        || status.conditions != Conditions::default()
    {
        return Health::Degraded;
    }
    Health::Healthy
}

fn outcome(status: &Status) -> Outcome {
    let outcome = Outcome::new(judge(status), status.explain());
    match serde_json::to_value(status) {
        Ok(Value::Object(details)) => outcome.with_details(details),
        _ => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::LagMonitor;
    use crate::sample::Sample;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    /// Second, leader, applied.
    type Samples = Vec<(u64, u64, u64)>;

    /// How it is judged at a second.
    fn judged(samples: &[(u64, u64, u64)], now: u64) -> Health {
        let monitor = LagMonitor::new();
        let follower = monitor.follower_at("b", Duration::ZERO).unwrap();
        for (second, leader, applied) in samples {
            let sample = Sample::new(*leader, *applied);
            follower.push_at(secs(*second), sample).unwrap();
        }
        judge(&follower.status_at(secs(now)).unwrap())
    }

    #[test]
    fn nothing_unproven_is_healthy() {
        use Health::{Degraded, Healthy, Unhealthy};
        // One position a second, applied so many seconds later.
        let late = |lag: u64| {
            let samples = (0..100_u64).map(|second| (second, second, second.saturating_sub(lag)));
            samples.collect::<Samples>()
        };
        let cases: &[(&str, Samples, u64, Health)] = &[
            ("no sample", vec![], 1, Unhealthy),
            ("caught up", vec![(0, 7, 7)], 1, Healthy),
            ("behind, lag unknown", vec![(0, 101, 0)], 1, Degraded),
            ("small lag", late(1), 99, Healthy),
            ("warning", late(7), 99, Degraded),
            ("silent", late(1), 120, Unhealthy),
            ("ahead", vec![(0, 7, 8)], 1, Unhealthy),
            ("begun anew", vec![(0, 7, 7), (1, 3, 3)], 1, Degraded),
            (
                "stalled",
                (0..20).map(|second| (second, 100 + second, 100)).collect(),
                19,
                Unhealthy,
            ),
        ];
        for (case, samples, now, expected) in cases {
            assert_eq!(judged(samples, *now), *expected, "{case}");
        }
    }

    #[test]
    fn details_name_their_units() {
        let monitor = LagMonitor::new();
        let follower = monitor.follower_at("b", Duration::ZERO).unwrap();
        follower.push_at(secs(0), Sample::new(10, 0)).unwrap();
        follower.push_at(secs(2), Sample::new(20, 10)).unwrap();
        let outcome = outcome(&follower.status_at(secs(3)).unwrap());
        let details = outcome.details();
        assert_eq!(details["lag"]["seconds"], 2.0);
        assert_eq!(details["last_sample_age_seconds"], 1.0);
        assert_eq!(details["behind"], 10);
        assert!(
            outcome.message().starts_with("lag 2 s"),
            "{}",
            outcome.message()
        );
    }
}
