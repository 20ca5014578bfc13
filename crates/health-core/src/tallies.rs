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
pub(crate) const SCORE_ONE: u64 = 1_000_000;

const STATUSES: [Option<Status>; 4] = [
    Some(Status::Healthy),
    Some(Status::Degraded),
    Some(Status::Unhealthy),
    None,
];

fn column(status: Option<Status>) -> usize {
    status.map_or(3, |known| known as usize)
}

/// A past without fresh evidence earns nothing.
fn evident(status: Option<Status>, score: u64) -> u64 {
    status.map_or(0, |_| score)
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

    /// These tallies if nothing were known of any check of `impact`, and of one more.
    ///
    /// What those checks earned is not known apart, so as much as they can have is taken off.
    #[allow(
        clippy::indexing_slicing,
        reason = "both indices come from enums of that size"
    )]
    pub(crate) fn doubting(mut self, impact: Impact) -> Self {
        let [healthy, degraded, unhealthy, unknown] = self.counts[impact as usize];
        let known = healthy + degraded + unhealthy;
        self.counts[impact as usize] = [0, 0, 0, unknown + known];
        let most = u64::from(known) * impact.weight() * SCORE_ONE;
        self.score = self.score.saturating_sub(most);
        self.with(impact, None)
    }

    #[allow(
        clippy::indexing_slicing,
        reason = "both indices come from enums of that size"
    )]
    pub(crate) fn add(&mut self, impact: Impact, status: Option<Status>, score: u64) {
        self.counts[impact as usize][column(status)] += 1;
        self.weight += impact.weight();
        self.score += impact.weight() * evident(status, score);
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
        let score = impact.weight() * evident(status, score);
        self.score = self.score.saturating_sub(score);
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
    fn what_is_doubted_counts_for_nothing() {
        let (critical, other) = (Impact::Critical, Impact::NonCritical);
        let tallies = Tallies::EMPTY
            .with(critical, Some(Status::Healthy))
            .with(critical, Some(Status::Unhealthy))
            .with(other, Some(Status::Healthy));
        let doubted = tallies.doubting(critical);
        assert_eq!(doubted.count(critical, None), 3, "and one more");
        assert_eq!(doubted.counted(Some(Status::Healthy)), 1);
        assert!(doubted.score() <= 1.0 / 7.0, "{}", doubted.score());
        let mut stale = Tallies::EMPTY;
        stale.add(critical, None, SCORE_ONE);
        assert!(stale.score() < f64::EPSILON, "a past earns nothing");
    }

    #[test]
    fn informational_is_in_no_total() {
        let tallies = Tallies::EMPTY.with(Impact::Informational, Some(Status::Unhealthy));
        assert_eq!((tallies.total(), tallies.iter().count()), (0, 1));
        assert!((tallies.score() - 1.0).abs() < f64::EPSILON);
    }
}
