//! From tallies to one status: worst-of, any, quorum, score thresholds, or the user's own.
//!
//! Pure functions of counts, so a verdict costs the same for 4 checks and for
//! 10,000. They are called when something changed, never by a reader.

use std::{fmt, sync::Arc};

use crate::status::{Impact, Status};
use crate::tallies::Tallies;
use crate::unwind::catch;

/// Makes one status out of tallies.
///
/// Called under the engine's lock on each change that counts: it must be a pure
/// function, and quick. A panic in it reads as unhealthy.
pub trait Aggregate: Send + Sync + 'static {
    /// The status that these tallies amount to.
    fn status(&self, tallies: &Tallies) -> Status;
}

/// Every `Fn(&Tallies) -> Status` is an aggregation.
impl<F: Fn(&Tallies) -> Status + Send + Sync + 'static> Aggregate for F {
    fn status(&self, tallies: &Tallies) -> Status {
        self(tallies)
    }
}

/// The aggregation of a node or a group. In all of them the empty set is healthy.
///
/// ```
/// use health_core::{Aggregation, Impact, Status, Tallies};
/// let tallies = Tallies::EMPTY
///     .with(Impact::NonCritical, Some(Status::Healthy))
///     .with(Impact::NonCritical, Some(Status::Unhealthy));
/// assert_eq!(Aggregation::WorstOf.status(&tallies), Status::Degraded);
/// assert_eq!(Aggregation::Any.status(&tallies), Status::Healthy);
/// ```
#[derive(Clone, Default)]
pub enum Aggregation {
    /// The worst of what each check contributes (see [`Impact::settle`]).
    #[default]
    WorstOf,
    /// Healthy if any check that counts is healthy, else degraded if any is, else unhealthy.
    Any,
    /// Healthy if at least this many of the checks that count are healthy,
    /// degraded if they are with the degraded ones, else unhealthy.
    Quorum(u32),
    /// By the weighted mean score: healthy from the first, degraded from the second.
    Score {
        /// The lowest score that is healthy; 0.95 by default.
        healthy: f64,
        /// The lowest score that is degraded; 0.75 by default.
        degraded: f64,
    },
    /// The user's own.
    Custom(Arc<dyn Aggregate>),
}

impl Aggregation {
    /// Score thresholds with the defaults 0.95 and 0.75.
    pub const fn score() -> Self {
        Self::Score {
            healthy: 0.95,
            degraded: 0.75,
        }
    }

    /// The user's own aggregation.
    pub fn custom(aggregate: impl Aggregate) -> Self {
        Self::Custom(Arc::new(aggregate))
    }

    /// The status that `tallies` amount to.
    pub fn status(&self, tallies: &Tallies) -> Status {
        if tallies.total() == 0 {
            return Status::Healthy;
        }
        let healthy = tallies.counted(Some(Status::Healthy));
        let serving = healthy + tallies.counted(Some(Status::Degraded));
        match self {
            Self::WorstOf => worst_of(tallies),
            Self::Any => at_least(1, healthy, serving),
            Self::Quorum(needed) => at_least(*needed, healthy, serving),
            Self::Score { healthy, degraded } => by_score(tallies.score(), *healthy, *degraded),
            Self::Custom(aggregate) => guarded(aggregate.as_ref(), tallies),
        }
    }

    pub(crate) fn is_builtin(&self) -> bool {
        !matches!(self, Self::Custom(_))
    }

    pub(crate) fn reads_scores(&self) -> bool {
        matches!(self, Self::Score { .. } | Self::Custom(_))
    }
}

fn worst_of(tallies: &Tallies) -> Status {
    tallies
        .iter()
        .map(|(impact, status, _)| impact.settle(status))
        .max()
        .unwrap_or(Status::Healthy)
}

fn at_least(needed: u32, healthy: u32, serving: u32) -> Status {
    if healthy >= needed {
        Status::Healthy
    } else if serving >= needed {
        Status::Degraded
    } else {
        Status::Unhealthy
    }
}

/// A threshold that is NaN is never reached, so nonsense reads as unhealthy.
fn by_score(score: f64, healthy: f64, degraded: f64) -> Status {
    if score >= healthy {
        Status::Healthy
    } else if score >= degraded {
        Status::Degraded
    } else {
        Status::Unhealthy
    }
}

fn guarded(aggregate: &dyn Aggregate, tallies: &Tallies) -> Status {
    catch(|| aggregate.status(tallies)).unwrap_or(Status::Unhealthy)
}

impl fmt::Debug for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WorstOf => f.write_str("WorstOf"),
            Self::Any => f.write_str("Any"),
            Self::Quorum(needed) => f.debug_tuple("Quorum").field(needed).finish(),
            Self::Score { healthy, degraded } => f
                .debug_struct("Score")
                .field("healthy", healthy)
                .field("degraded", degraded)
                .finish(),
            Self::Custom(_) => f.write_str("Custom(..)"),
        }
    }
}

/// The two classes whose unknowns count, as indices of a scope's expiries.
pub(crate) const COUNTED: [Impact; 2] = [Impact::Critical, Impact::NonCritical];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tallies(cells: &[(Impact, Option<Status>)]) -> Tallies {
        cells.iter().fold(Tallies::EMPTY, |sum, (impact, status)| {
            sum.with(*impact, *status)
        })
    }

    #[test]
    fn tables() {
        use Impact::{Critical as C, Informational as I, NonCritical as N};
        use Status::{Degraded as D, Healthy as H, Unhealthy as U};
        let score = Aggregation::score();
        let worst = Aggregation::WorstOf;
        for (aggregation, cells, expected) in [
            (&worst, vec![], H),
            (&worst, vec![(N, Some(U))], D),
            (&worst, vec![(N, None)], D),
            (&worst, vec![(C, None)], U),
            (&worst, vec![(I, None), (I, Some(U)), (C, Some(H))], H),
            (&worst, vec![(C, Some(D)), (C, Some(U))], U),
            (&Aggregation::Any, vec![], H),
            (&Aggregation::Any, vec![(C, Some(U)), (N, Some(H))], H),
            (&Aggregation::Any, vec![(C, Some(U)), (N, Some(D))], D),
            (&Aggregation::Any, vec![(C, None)], U),
            (&Aggregation::Any, vec![(I, Some(U))], H),
            (
                &Aggregation::Quorum(2),
                vec![(C, Some(H)), (C, Some(H)), (C, Some(U))],
                H,
            ),
            (
                &Aggregation::Quorum(2),
                vec![(C, Some(H)), (C, Some(D)), (C, Some(U))],
                D,
            ),
            (
                &Aggregation::Quorum(2),
                vec![(C, Some(H)), (C, None), (C, Some(U))],
                U,
            ),
            (&score, vec![(C, Some(H))], H),
            (
                &score,
                vec![(C, Some(H)), (C, Some(H)), (C, Some(H)), (C, Some(U))],
                D,
            ),
            (&score, vec![(C, Some(H)), (C, Some(U))], U),
            (
                &Aggregation::Score {
                    healthy: f64::NAN,
                    degraded: f64::NAN,
                },
                vec![(C, Some(H))],
                U,
            ),
        ] {
            assert_eq!(
                aggregation.status(&tallies(&cells)),
                expected,
                "{aggregation:?} {cells:?}"
            );
        }
    }

    #[test]
    fn a_panic_in_a_custom_one_reads_as_unhealthy() {
        let custom = Aggregation::custom(|_: &Tallies| -> Status { panic!("no") });
        assert_eq!(
            custom.status(&tallies(&[(Impact::Critical, Some(Status::Healthy))])),
            Status::Unhealthy
        );
        assert_eq!(custom.status(&Tallies::EMPTY), Status::Healthy);
    }

    fn cell() -> impl Strategy<Value = (Impact, Option<Status>)> {
        (0..3usize, 0..4usize).prop_map(|(i, s)| (Impact::ALL[i], Status::ALL.get(s).copied()))
    }

    fn cells() -> impl Strategy<Value = Vec<(Impact, Option<Status>)>> {
        prop::collection::vec(cell(), 0..12)
    }

    proptest! {
        #[test]
        fn worst_of_is_associative_commutative_idempotent(a in cells(), b in cells(), c in cells()) {
            let of = |parts: &[&Vec<(Impact, Option<Status>)>]| {
                let all: Vec<_> = parts.iter().flat_map(|p| p.iter().copied()).collect();
                Aggregation::WorstOf.status(&tallies(&all))
            };
            let join = |x: Status, y: Status| x.max(y);
            prop_assert_eq!(of(&[&a, &b]), join(of(&[&a]), of(&[&b])));
            prop_assert_eq!(of(&[&a, &b]), of(&[&b, &a]));
            prop_assert_eq!(of(&[&a, &a]), of(&[&a]));
            prop_assert_eq!(join(join(of(&[&a]), of(&[&b])), of(&[&c])), of(&[&a, &b, &c]));
        }

        #[test]
        fn one_more_unknown_never_improves(a in cells(), critical: bool) {
            let impact = if critical { Impact::Critical } else { Impact::NonCritical };
            let before = tallies(&a);
            for aggregation in [Aggregation::WorstOf, Aggregation::Any, Aggregation::Quorum(3), Aggregation::score()] {
                prop_assert!(aggregation.status(&before.with(impact, None)) >= aggregation.status(&before));
            }
        }
    }
}
