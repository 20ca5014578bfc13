//! Counts of checks by impact and status, and the weighted score beside them.
//!
//! Plain arithmetic that a result moves in O(1); what a tally means is said by
//! an [`Aggregate`](crate::Aggregate).

use crate::status::{Impact, Status};

/// How many checks of each impact stand where; the input of every aggregation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tallies {
    counts: [[u32; 4]; 3],
    score: u64,
    weight: u64,
}

/// A score of 1.0 as fixed point, so that sums stay exact however often they move.
pub(crate) const SCORE_ONE: u64 = 1 << 20;

const STATUSES: [Option<Status>; 4] = [
    Some(Status::Healthy),
    Some(Status::Degraded),
    Some(Status::Unhealthy),
    None,
];

fn column(status: Option<Status>) -> usize {
    status.map_or(3, |known| known as usize)
}

impl Tallies {
    /// No checks at all.
    pub const EMPTY: Self = Self {
        counts: [[0; 4]; 3],
        score: 0,
        weight: 0,
    };

    /// How many checks of `impact` have `status` (`None`: unknown).
    #[allow(
        clippy::indexing_slicing,
        reason = "both indices come from enums of that size"
    )]
    pub fn count(&self, impact: Impact, status: Option<Status>) -> u32 {
        self.counts[impact as usize][column(status)]
    }

    /// How many checks that count have `status` (`None`: unknown); informational ones do not.
    pub fn counted(&self, status: Option<Status>) -> u32 {
        self.count(Impact::Critical, status) + self.count(Impact::NonCritical, status)
    }

    /// How many checks count at all.
    pub fn total(&self) -> u32 {
        STATUSES.iter().map(|status| self.counted(*status)).sum()
    }

    /// Every filled cell: impact, status, how many.
    pub fn iter(&self) -> impl Iterator<Item = (Impact, Option<Status>, u32)> + '_ {
        Impact::ALL.iter().flat_map(move |impact| {
            STATUSES
                .iter()
                .map(move |status| (*impact, *status, self.count(*impact, *status)))
                .filter(|cell| cell.2 > 0)
        })
    }

    /// The mean score of the checks, weighted by impact, in 0..=1; 1 when there are none.
    #[allow(
        clippy::cast_precision_loss,
        reason = "a ratio for display; 52 bits are plenty"
    )]
    pub fn score(&self) -> f64 {
        if self.weight == 0 {
            return 1.0;
        }
        self.score as f64 / (self.weight as f64 * SCORE_ONE as f64)
    }

    /// These tallies and one more check.
    pub fn with(mut self, impact: Impact, status: Option<Status>) -> Self {
        self.add(
            impact,
            status,
            if status == Some(Status::Healthy) {
                SCORE_ONE
            } else {
                0
            },
        );
        self
    }

    #[allow(
        clippy::indexing_slicing,
        reason = "both indices come from enums of that size"
    )]
    pub(crate) fn add(&mut self, impact: Impact, status: Option<Status>, score: u64) {
        self.counts[impact as usize][column(status)] += 1;
        self.weight += impact.weight();
        self.score += impact.weight() * score;
    }

    #[allow(
        clippy::indexing_slicing,
        reason = "both indices come from enums of that size"
    )]
    pub(crate) fn remove(&mut self, impact: Impact, status: Option<Status>, score: u64) {
        let cell = &mut self.counts[impact as usize][column(status)];
        debug_assert!(
            *cell > 0,
            "removed what was never added: {impact} {status:?}"
        );
        *cell = cell.saturating_sub(1);
        self.weight = self.weight.saturating_sub(impact.weight());
        self.score = self.score.saturating_sub(impact.weight() * score);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn add_and_remove_cancel() {
        let mut tallies = Tallies::EMPTY.with(Impact::Critical, None);
        let before = tallies;
        tallies.add(Impact::NonCritical, Some(Status::Degraded), SCORE_ONE / 2);
        assert_eq!(tallies.total(), 2);
        assert!(
            (tallies.score() - 1.0 / 6.0).abs() < 1e-9,
            "{}",
            tallies.score()
        );
        tallies.remove(Impact::NonCritical, Some(Status::Degraded), SCORE_ONE / 2);
        assert_eq!(tallies, before);
    }

    #[test]
    fn informational_is_in_no_total() {
        let tallies = Tallies::EMPTY.with(Impact::Informational, Some(Status::Unhealthy));
        assert_eq!((tallies.total(), tallies.iter().count()), (0, 1));
        assert!((tallies.score() - 1.0).abs() < f64::EPSILON);
    }
}
