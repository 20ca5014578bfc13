//! The followers of a monitor taken together: counted on each update, ranked on read.
//!
//! It judges nothing, and holds no lock: the monitor does. A lag is a whole number of nanoseconds
//! and its sum has room for all of them, so that a mean neither drifts nor rounds.

use std::time::Duration;

use serde::Serialize;

use crate::condition::{Condition, Conditions};
use crate::judge::Standing;
use crate::lag::{optional_seconds, seconds};
use crate::level::Level;

/// In the place of a lag that is not known, and of a time that never comes.
pub(crate) const NONE: u64 = u64::MAX;

/// How many followers stand how, and how far behind they are. Exact, all of one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Statistics {
    /// All that are registered.
    pub followers: u64,
    /// Of those, with a known lag that is normal.
    pub normal: u64,
    /// A known lag that is a warning.
    pub warning: u64,
    /// A known lag that is critical.
    pub critical: u64,
    /// Without a known lag: never heard, silent, or ahead of their leader.
    pub unknown: u64,
    /// Stalled.
    pub stalled: u64,
    /// Silent.
    pub no_data: u64,
    /// Ahead of their leader.
    pub follower_ahead: u64,
    /// Begun anew of late.
    pub reset: u64,
    /// The mean of all known lags; `None` if there are none, as with the rest.
    #[serde(serialize_with = "optional_seconds", rename = "mean_lag_seconds")]
    pub mean: Option<Duration>,
    /// The most.
    #[serde(serialize_with = "optional_seconds", rename = "max_lag_seconds")]
    pub max: Option<Duration>,
    /// The least that at least half of them do not exceed.
    #[serde(serialize_with = "optional_seconds", rename = "p50_lag_seconds")]
    pub p50: Option<Duration>,
    /// The least that at least 99 % of them do not exceed.
    #[serde(serialize_with = "optional_seconds", rename = "p99_lag_seconds")]
    pub p99: Option<Duration>,
    /// Samples taken so far, those of followers that are gone among them.
    pub samples: u64,
    /// Samples refused so far.
    pub refused: u64,
    /// How often a level changed so far.
    pub level_changes: u64,
    /// Alerts that the log dropped for want of room.
    pub alerts_dropped: u64,
    /// Since the monitor was made.
    #[serde(serialize_with = "seconds", rename = "uptime_seconds")]
    pub uptime: Duration,
}

/// One follower as it counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    lag: u64,
    due: u64,
    standing: Standing,
    taken: bool,
}

const FREE: Place = Place {
    lag: NONE,
    due: NONE,
    standing: Standing {
        level: Level::Normal,
        conditions: Conditions::NONE,
    },
    taken: false,
};

/// The places of all followers, and what they add up to.
#[derive(Debug, Default)]
pub(crate) struct Board {
    places: Vec<Place>,
    free: Vec<usize>,
    levels: [u64; 3],
    conditions: [u64; 4],
    sum: u128,
    known: u64,
    pub(crate) samples: u64,
    pub(crate) refused: u64,
    level_changes: u64,
}

impl Board {
    /// Gives a new follower its place.
    pub(crate) fn take(&mut self) -> usize {
        let place = self.free.pop().unwrap_or(self.places.len());
        if place == self.places.len() {
            self.places.push(FREE);
        }
        if let Some(free) = self.places.get_mut(place) {
            free.taken = true;
        }
        place
    }

    /// Takes the place of a follower back.
    pub(crate) fn leave(&mut self, place: usize) {
        let level_changes = self.level_changes;
        self.set(place, NONE, Standing::default(), NONE);
        // Who is gone has not become better.
        self.level_changes = level_changes;
        if let Some(taken) = self.places.get_mut(place) {
            *taken = FREE;
            self.free.push(place);
        }
    }

    /// A follower lies `lag` nanoseconds behind, stands so, and time alone changes that at `due`.
    pub(crate) fn set(&mut self, place: usize, lag: u64, standing: Standing, due: u64) {
        let Some(held) = self.places.get_mut(place) else {
            return;
        };
        let before = *held;
        *held = Place {
            lag,
            due,
            standing,
            taken: before.taken,
        };
        if before.lag != lag {
            self.forget(before.lag);
            if lag != NONE {
                self.sum += u128::from(lag);
                self.known += 1;
            }
        }
        if before.standing == standing && (before.lag == NONE) == (lag == NONE) {
            return;
        }
        self.level_changes += u64::from(before.standing.level != standing.level);
        self.count(&before, false);
        self.count(
            &Place {
                lag,
                standing,
                ..before
            },
            true,
        );
    }

    fn forget(&mut self, lag: u64) {
        if lag != NONE {
            self.sum -= u128::from(lag);
            self.known -= 1;
        }
    }

    fn count(&mut self, place: &Place, enters: bool) {
        let change = |count: &mut u64| {
            *count = if enters {
                *count + 1
            } else {
                count.saturating_sub(1)
            };
        };
        if place.lag != NONE {
            self.levels
                .get_mut(place.standing.level as usize)
                .map(change);
        }
        for condition in place.standing.conditions.iter() {
            self.conditions.get_mut(condition as usize).map(change);
        }
    }

    /// The places for which something is due, into `due`; when the next one is.
    pub(crate) fn due(&self, now: u64, due: &mut Vec<usize>) -> u64 {
        let mut next = NONE;
        for (place, held) in self.places.iter().enumerate() {
            if held.due <= now {
                due.push(place);
            } else {
                next = next.min(held.due);
            }
        }
        next
    }

    /// What they add up to, and all known lags, to be ranked by [`Statistics::rank`].
    pub(crate) fn tally(&self) -> (Statistics, Vec<u64>) {
        let level = |level: Level| self.levels.get(level as usize).copied().unwrap_or(0);
        let condition = |it: Condition| self.conditions.get(it as usize).copied().unwrap_or(0);
        let followers = self.places.len() - self.free.len();
        let followers = u64::try_from(followers).unwrap_or(u64::MAX);
        let mean = self.sum.checked_div(u128::from(self.known));
        let statistics = Statistics {
            followers,
            normal: level(Level::Normal),
            warning: level(Level::Warning),
            critical: level(Level::Critical),
            unknown: followers - self.known,
            stalled: condition(Condition::Stalled),
            no_data: condition(Condition::NoData),
            follower_ahead: condition(Condition::FollowerAhead),
            reset: condition(Condition::Reset),
            mean: mean.map(|nanos| Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))),
            samples: self.samples,
            refused: self.refused,
            level_changes: self.level_changes,
            ..Statistics::default()
        };
        let lags = self.places.iter().map(|place| place.lag);
        (statistics, lags.filter(|lag| *lag != NONE).collect())
    }
}

impl Statistics {
    /// Works out what needs an order: the most, and the quantiles by nearest rank.
    pub(crate) fn rank(mut self, mut lags: Vec<u64>) -> Self {
        let rank = |percent: usize| (lags.len() * percent).div_ceil(100).checked_sub(1);
        let (Some(half), Some(most)) = (rank(50), rank(99)) else {
            return self;
        };
        self.max = lags.iter().max().copied().map(Duration::from_nanos);
        let (below, value, _) = lags.select_nth_unstable(most);
        self.p99 = Some(Duration::from_nanos(*value));
        // What is below that is all that the lower one needs.
        self.p50 = if half < most {
            Some(Duration::from_nanos(*below.select_nth_unstable(half).1))
        } else {
            self.p99
        };
        self
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn standing(level: u8, conditions: u8) -> Standing {
        let level = Level::ALL[usize::from(level % 3)];
        let all = Condition::ALL.into_iter().enumerate();
        let conditions = all
            .filter(|(bit, _)| conditions & (1 << bit) != 0)
            .fold(Conditions::default(), |set, (_, it)| set.with(it));
        Standing { level, conditions }
    }

    #[test]
    fn of_none_nothing_is_known() {
        let (statistics, lags) = Board::default().tally();
        assert_eq!(statistics.rank(lags), Statistics::default());
    }

    #[test]
    fn quantiles_are_of_nearest_rank() {
        for (count, p50, p99) in [
            (1, 1, 1),
            (2, 1, 2),
            (3, 2, 3),
            (100, 50, 99),
            (101, 51, 100),
            (1_000, 500, 990),
        ] {
            let lags: Vec<u64> = (1..=count).rev().collect();
            let ranked = Statistics::default().rank(lags);
            let nanos = |time: Option<Duration>| u64::try_from(time.unwrap().as_nanos()).unwrap();
            assert_eq!(
                (nanos(ranked.p50), nanos(ranked.p99), nanos(ranked.max)),
                (p50, p99, count),
                "{count}"
            );
        }
    }

    #[test]
    fn the_mean_does_not_drift_over_many_updates() {
        let mut board = Board::default();
        let places = [board.take(), board.take(), board.take()];
        for step in 0..1_000_000_u64 {
            let lag = step.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 1;
            board.set(places[(step % 3) as usize], lag, Standing::default(), NONE);
        }
        for (place, lag) in places.iter().zip([1, 2, 6]) {
            board.set(*place, lag, Standing::default(), NONE);
        }
        assert_eq!(board.tally().0.mean, Some(Duration::from_nanos(3)));
    }

    #[test]
    fn only_what_is_due_is_due() {
        let mut board = Board::default();
        for due in [5, NONE, 9, 7] {
            let place = board.take();
            board.set(place, 0, Standing::default(), due);
        }
        let mut due = Vec::new();
        assert_eq!(board.due(7, &mut due), 9);
        assert_eq!(due, [0, 3]);
    }

    proptest! {
        #[test]
        fn what_it_adds_up_to_equals_a_recount(
            steps in prop::collection::vec((0_usize..12, any::<Option<u32>>(), 0_u8..3, 0_u8..16, 0_u8..9), 0..200),
        ) {
            let mut board = Board::default();
            let mut model: Vec<(usize, Option<u32>, Standing)> = Vec::new();
            let mut level_changes = 0;
            for (pick, lag, level, conditions, act) in steps {
                match (act, model.len()) {
                    (0, _) | (_, 0) => model.push((board.take(), None, Standing::default())),
                    (1, count) => board.leave(model.swap_remove(pick % count).0),
                    (_, count) => {
                        let held = &mut model[pick % count];
                        let standing = standing(level, conditions);
                        level_changes += u64::from(standing.level != held.2.level);
                        (held.1, held.2) = (lag, standing);
                        board.set(held.0, lag.map_or(NONE, u64::from), held.2, NONE);
                    }
                }
                let (found, lags) = board.tally();
                let found = found.rank(lags);
                let mut known: Vec<u64> = model.iter().filter_map(|it| it.1).map(u64::from).collect();
                known.sort_unstable();
                let of = |level| model.iter().filter(|it| it.1.is_some() && it.2.level == level).count() as u64;
                let with = |condition| model.iter().filter(|it| it.2.conditions.has(condition)).count() as u64;
                prop_assert_eq!(found.level_changes, level_changes);
                prop_assert_eq!(found.followers, model.len() as u64);
                prop_assert_eq!(found.unknown, (model.len() - known.len()) as u64);
                prop_assert_eq!(
                    [found.normal, found.warning, found.critical],
                    Level::ALL.map(of)
                );
                prop_assert_eq!(
                    [found.stalled, found.no_data, found.follower_ahead, found.reset],
                    Condition::ALL.map(with)
                );
                let mean = known.iter().sum::<u64>().checked_div(known.len() as u64);
                prop_assert_eq!(found.mean, mean.map(Duration::from_nanos));
                prop_assert_eq!(found.max, known.last().copied().map(Duration::from_nanos));
                let rank = |percent: usize| {
                    let rank = (known.len() * percent).div_ceil(100).checked_sub(1)?;
                    known.get(rank).copied().map(Duration::from_nanos)
                };
                prop_assert_eq!((found.p50, found.p99), (rank(50), rank(99)));
            }
        }
    }
}
