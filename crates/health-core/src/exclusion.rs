//! Whether a probe or a group would pass if some of its checks were healthy: what somebody who
//! excludes them asks.
//!
//! Pure: judged from the states of a report. It changes nothing, and nobody else sees it.

use crate::aggregate::Aggregation;
use crate::report::Report;
use crate::state::CheckState;
use crate::status::{Impact, Status};
use crate::tallies::{SCORE_ONE, Tallies};

/// Whether the checks of `report`, each with the impact that `impact` gives it, amount to anything
/// but unhealthy, with those that are `excluded` taken for healthy.
///
/// A user's own aggregation is no reader's business: under one, every other check that counts
/// must be healthy.
pub(crate) fn passes(
    aggregation: &Aggregation,
    report: &Report,
    impact: impl Fn(&CheckState) -> Option<Impact>,
    excluded: impl Fn(&str) -> bool,
) -> bool {
    let mut tallies = Tallies::EMPTY;
    for check in &report.checks {
        let Some(impact) = impact(check).filter(|_| check.counted) else {
            continue;
        };
        if excluded(check.name()) {
            tallies.add(impact, Some(Status::Healthy), SCORE_ONE);
        } else {
            tallies.add(impact, check.effective, check.score);
        }
    }
    if aggregation.is_builtin() {
        aggregation.status(&tallies) != Status::Unhealthy
    } else {
        tallies.counted(Some(Status::Healthy)) == tallies.total()
    }
}

/// The aggregation that liveness has, whatever the node's.
pub(crate) fn of_liveness() -> Aggregation {
    // A restart is no remedy for a missing quorum elsewhere.
    Aggregation::WorstOf
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::component::{Component, ComponentSpec};
    use crate::group::Group;
    use crate::health::Health;
    use crate::status::Probe;

    fn node(aggregation: Aggregation) -> (Health, Vec<Component>) {
        let health = Health::builder().aggregation(aggregation).build();
        let parts = ["a", "b", "c"].map(|name| {
            let part = health
                .component(ComponentSpec::new(name).critical())
                .unwrap();
            part.ready();
            part
        });
        (health, parts.into())
    }

    #[tokio::test]
    async fn what_is_excluded_counts_as_healthy() {
        for (aggregation, failing, excluded, passes) in [
            (Aggregation::WorstOf, &["a"][..], &[][..], false),
            (Aggregation::WorstOf, &["a"], &["a"], true),
            (Aggregation::WorstOf, &["a", "b"], &["a"], false),
            (Aggregation::WorstOf, &["a", "b"], &["b", "a"], true),
            (Aggregation::WorstOf, &[], &["nobody"], true),
            // A quorum does not break by an exclusion.
            (Aggregation::Quorum(3), &[], &["a", "b", "c"], true),
            (Aggregation::Quorum(3), &["a"], &["b"], false),
            (Aggregation::Quorum(3), &["a"], &["a"], true),
            (
                Aggregation::custom(|_: &Tallies| Status::Unhealthy),
                &["a"],
                &["a"],
                true,
            ),
            (
                Aggregation::custom(|_: &Tallies| Status::Unhealthy),
                &["a"],
                &["b"],
                false,
            ),
        ] {
            let shown = format!("{aggregation:?} {failing:?} {excluded:?}");
            let (health, parts) = node(aggregation.clone());
            health
                .group(Group::listed("all", ["a", "b", "c"]).aggregation(aggregation))
                .unwrap();
            health.start().unwrap();
            for part in parts
                .iter()
                .zip(["a", "b", "c"])
                .filter(|(_, n)| failing.contains(n))
            {
                part.0.not_ready("gone");
            }
            let report = health.report();
            let asked = |name: &str| excluded.contains(&name);
            assert_eq!(
                health.passes_without(Probe::Ready, &report, asked),
                passes,
                "{shown}"
            );
            let group = health.group_report("all").unwrap();
            assert_eq!(
                health.group_passes_without("all", &group, asked),
                Some(passes),
                "{shown}"
            );
        }
    }

    #[tokio::test]
    async fn no_exclusion_brings_back_a_node_that_is_starting_or_stopping() {
        let (health, parts) = node(Aggregation::WorstOf);
        let passes = |probe| health.passes_without(probe, &health.report(), |_| true);
        assert!(!passes(Probe::Ready) && passes(Probe::Live) && !passes(Probe::Startup));
        health.start().unwrap();
        assert!(passes(Probe::Ready) && passes(Probe::Startup));
        health.begin_shutdown_within(std::time::Duration::ZERO);
        assert!(!passes(Probe::Ready) && !passes(Probe::Health) && passes(Probe::Startup));
        assert!(!passes(Probe::Live), "it has overrun its deadline");
        drop(parts);
    }
}
