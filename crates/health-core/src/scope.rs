//! A scope: what a probe or a group counts, and what it publishes of it.
//!
//! Pure arithmetic over tallies and expiries; the engine says when.

use std::collections::BTreeSet;
use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::aggregate::{Aggregation, COUNTED};
use crate::cell::Cell;
use crate::group::Members;
use crate::moment::Moment;
use crate::status::{Impact, Lifecycle, NodeStatus, Probe, Status};
use crate::tallies::Tallies;
use crate::verdict::Table;
use crate::wording::ScopeText;

/// The part of a scope that readers see.
#[derive(Debug)]
pub(crate) struct Published {
    pub(crate) cell: Cell,
    pub(crate) text: ArcSwap<ScopeText>,
}

/// Whom a scope answers.
#[derive(Clone, Debug)]
pub(crate) enum Audience {
    Probe(Probe),
    Group { name: Arc<str>, members: Members },
}

#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) audience: Audience,
    pub(crate) aggregation: Aggregation,
    pub(crate) tallies: Tallies,
    /// Lower bounds, by class, of when evidence runs out.
    pub(crate) expiries: [Moment; 2],
    /// The names of those that are amiss, worst first.
    pub(crate) failing: BTreeSet<(Rank, Arc<str>)>,
    pub(crate) table: Table,
    pub(crate) demand: Moment,
    pub(crate) published: Arc<Published>,
}

/// Position in a list that starts with the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Rank(u8);

impl Rank {
    /// `None`: nothing is amiss.
    pub(crate) fn of(impact: Impact, status: Option<Status>) -> Option<Self> {
        match (impact.settle(status), status) {
            (Status::Healthy, _) => None,
            (Status::Unhealthy, Some(_)) => Some(Self(0)),
            (Status::Unhealthy, None) => Some(Self(1)),
            (Status::Degraded, Some(Status::Unhealthy)) => Some(Self(2)),
            (Status::Degraded, None) => Some(Self(3)),
            (Status::Degraded, _) => Some(Self(4)),
        }
    }
}

impl Scope {
    pub(crate) fn new(audience: Audience, aggregation: Aggregation) -> Self {
        let table = Table::new([(NodeStatus::Starting, false); 4]);
        let text = ScopeText {
            table,
            message: "".into(),
        };
        Self {
            audience,
            aggregation,
            tallies: Tallies::EMPTY,
            expiries: [Moment::NEVER; 2],
            failing: BTreeSet::new(),
            table,
            demand: Moment::NEVER,
            published: Arc::new(Published {
                cell: Cell::new(table),
                text: ArcSwap::from_pointee(text),
            }),
        }
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.audience, Audience::Probe(Probe::Live))
    }

    /// The verdicts for each set of expired classes, given the node's life.
    ///
    /// `proven`: the node has been running once, which startup latches.
    pub(crate) fn entries(&self, lifecycle: Lifecycle, proven: bool) -> Table {
        let entry = |mask: u32| {
            let status = || self.status_with_unknowns(mask);
            match (&self.audience, lifecycle) {
                // Draining must not be cut short by a restart, but an overrun must end.
                (Audience::Probe(Probe::Live), Lifecycle::Stopping | Lifecycle::Stopped) => {
                    (NodeStatus::Stopping, mask == 0)
                }
                (Audience::Probe(Probe::Live), Lifecycle::Starting) => match status() {
                    Status::Unhealthy => (NodeStatus::Unhealthy, false),
                    _ => (NodeStatus::Starting, true),
                },
                (Audience::Probe(Probe::Startup), Lifecycle::Running) => {
                    (NodeStatus::Healthy, true)
                }
                (Audience::Probe(Probe::Startup), Lifecycle::Stopping | Lifecycle::Stopped) => {
                    (NodeStatus::Stopping, proven)
                }
                (_, Lifecycle::Starting) => (NodeStatus::Starting, false),
                (_, Lifecycle::Stopping | Lifecycle::Stopped) => (NodeStatus::Stopping, false),
                (_, Lifecycle::Running) => {
                    let status = status();
                    (status.into(), status != Status::Unhealthy)
                }
            }
        };
        Table::new([entry(0), entry(1), entry(2), entry(3)])
    }

    /// The status if the evidence of each class of `mask` had run out.
    ///
    /// Which check's it is, and of how many, the reader does not know: were it
    /// one more unknown only, a quorum would go on counting what is stale.
    fn status_with_unknowns(&self, mask: u32) -> Status {
        let tallies = COUNTED
            .into_iter()
            .enumerate()
            .filter(|(class, _)| mask >> class & 1 == 1)
            .fold(self.tallies, |tallies, (_, impact)| {
                tallies.doubting(impact)
            });
        self.aggregation.status(&tallies)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_a_probe_follows_lifecycle_and_expiry() {
        use NodeStatus as N;
        let verdicts = |probe, lifecycle, cells: &[(Impact, Status)]| {
            let mut scope = Scope::new(Audience::Probe(probe), Aggregation::WorstOf);
            scope.tallies = cells
                .iter()
                .fold(Tallies::EMPTY, |t, (i, s)| t.with(*i, Some(*s)));
            let table = scope.entries(lifecycle, true);
            [0, 1, 2, 3].map(|mask| (table.verdict(mask).status, table.verdict(mask).passing))
        };
        let fine = &[(Impact::Critical, Status::Healthy)][..];
        let bad = &[(Impact::Critical, Status::Unhealthy)][..];
        let (down, degraded) = ((N::Unhealthy, false), (N::Degraded, true));
        for (probe, lifecycle, cells, expected) in [
            (
                Probe::Ready,
                Lifecycle::Running,
                fine,
                [(N::Healthy, true), down, degraded, down],
            ),
            (Probe::Ready, Lifecycle::Running, bad, [down; 4]),
            (
                Probe::Ready,
                Lifecycle::Starting,
                fine,
                [(N::Starting, false); 4],
            ),
            (
                Probe::Ready,
                Lifecycle::Stopping,
                fine,
                [(N::Stopping, false); 4],
            ),
            (
                Probe::Health,
                Lifecycle::Stopped,
                fine,
                [(N::Stopping, false); 4],
            ),
            (
                Probe::Live,
                Lifecycle::Starting,
                fine,
                [(N::Starting, true), down, (N::Starting, true), down],
            ),
            (Probe::Live, Lifecycle::Starting, bad, [down; 4]),
            (Probe::Live, Lifecycle::Running, bad, [down; 4]),
            (
                Probe::Live,
                Lifecycle::Stopping,
                bad,
                [
                    (N::Stopping, true),
                    (N::Stopping, false),
                    (N::Stopping, false),
                    (N::Stopping, false),
                ],
            ),
            (
                Probe::Startup,
                Lifecycle::Starting,
                fine,
                [(N::Starting, false); 4],
            ),
            (
                Probe::Startup,
                Lifecycle::Running,
                bad,
                [(N::Healthy, true); 4],
            ),
            (
                Probe::Startup,
                Lifecycle::Stopping,
                bad,
                [(N::Stopping, true); 4],
            ),
        ] {
            assert_eq!(
                verdicts(probe, lifecycle, cells),
                expected,
                "{probe} {lifecycle} {cells:?}"
            );
        }
    }
}
