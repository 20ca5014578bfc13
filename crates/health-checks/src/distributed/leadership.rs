//! Follows who leads, from one look to the next. Pure: it is told the time, and judges nothing.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::election::ElectionState;

const HOUR: Duration = Duration::from_hours(1);
/// The most changes that are remembered: one each 3.6 s of an hour.
const MOST_CHANGES: usize = 1000;

/// What was seen of the leadership so far.
#[derive(Debug, Default)]
pub(super) struct Leadership {
    leader: Option<(String, Option<u64>)>,
    since: Option<Instant>,
    leaderless_since: Option<Instant>,
    changes: VecDeque<Instant>,
}

/// What is known after one more look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// How long no leader has been known; `None` while one is.
    pub(super) leaderless: Option<Duration>,
    /// How long the leader has been seen to lead.
    pub(super) uptime: Option<Duration>,
    /// How often the leader changed within the last hour.
    pub(super) changes: usize,
}

impl Leadership {
    /// Takes one more look at `now`. The same leader in another term is a change.
    pub(super) fn observe(&mut self, state: &ElectionState, now: Instant) -> Seen {
        if let Some(leader) = &state.leader {
            self.leaderless_since = None;
            let same = self
                .leader
                .as_ref()
                .is_some_and(|(name, term)| name == leader && *term == state.term);
            if !same {
                if self.leader.is_some() {
                    self.changes.push_back(now);
                }
                self.leader = Some((leader.clone(), state.term));
                self.since = Some(now);
            }
        } else {
            // Who led before is remembered: coming back in the same term is no change.
            self.leaderless_since.get_or_insert(now);
        }
        while self.changes.len() > MOST_CHANGES
            || self
                .changes
                .front()
                .is_some_and(|change| now.saturating_duration_since(*change) > HOUR)
        {
            self.changes.pop_front();
        }
        let ago = |since: Option<Instant>| since.map(|then| now.saturating_duration_since(then));
        Seen {
            leaderless: ago(self.leaderless_since),
            uptime: state.leader.as_ref().and(ago(self.since)),
            changes: self.changes.len(),
        }
    }
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "an instant to count from is read once"
)]
mod tests {
    use super::*;
    use crate::distributed::election::ElectionRole;

    fn led(leader: Option<&str>, term: Option<u64>) -> ElectionState {
        let mut state = ElectionState::new(ElectionRole::Follower);
        state.leader = leader.map(str::to_owned);
        state.term = term;
        state
    }

    #[test]
    fn leaders_are_followed() {
        type Look = (
            u64,
            Option<&'static str>,
            Option<u64>,
            (Option<u64>, Option<u64>, usize),
        );
        let tables: [(&str, &[Look]); 6] = [
            (
                "steady",
                &[
                    (0, Some("a"), Some(1), (None, Some(0), 0)),
                    (15, Some("a"), Some(1), (None, Some(15), 0)),
                ],
            ),
            (
                "another",
                &[
                    (0, Some("a"), None, (None, Some(0), 0)),
                    (15, Some("b"), None, (None, Some(0), 1)),
                    (30, Some("b"), None, (None, Some(15), 1)),
                ],
            ),
            (
                "the same in another term",
                &[
                    (0, Some("a"), Some(1), (None, Some(0), 0)),
                    (15, Some("a"), Some(3), (None, Some(0), 1)),
                ],
            ),
            (
                "none at first is no change",
                &[
                    (0, None, None, (Some(0), None, 0)),
                    (15, None, Some(1), (Some(15), None, 0)),
                    (30, Some("a"), Some(2), (None, Some(0), 0)),
                ],
            ),
            (
                "none between",
                &[
                    (0, Some("a"), Some(1), (None, Some(0), 0)),
                    (10, None, Some(1), (Some(0), None, 0)),
                    (20, Some("a"), Some(1), (None, Some(20), 0)),
                    (30, None, Some(2), (Some(0), None, 0)),
                    (40, Some("b"), Some(2), (None, Some(0), 1)),
                ],
            ),
            (
                "an hour forgets",
                &[
                    (0, Some("a"), None, (None, Some(0), 0)),
                    (10, Some("b"), None, (None, Some(0), 1)),
                    (3610, Some("b"), None, (None, Some(3600), 1)),
                    (3611, Some("b"), None, (None, Some(3601), 0)),
                ],
            ),
        ];
        let start = Instant::now();
        for (name, looks) in tables {
            let mut leadership = Leadership::default();
            for (at, leader, term, expected) in looks {
                let seen =
                    leadership.observe(&led(*leader, *term), start + Duration::from_secs(*at));
                let seconds = |span: Option<Duration>| span.map(|span| span.as_secs());
                let seen = (seconds(seen.leaderless), seconds(seen.uptime), seen.changes);
                assert_eq!(seen, *expected, "{name} at {at}");
            }
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (mut leadership, start) = (Leadership::default(), Instant::now());
        for millis in 0..10_000 {
            let state = led(Some("a"), Some(millis));
            leadership.observe(&state, start + Duration::from_millis(millis));
        }
        assert_eq!(leadership.changes.len(), MOST_CHANGES);
    }
}
