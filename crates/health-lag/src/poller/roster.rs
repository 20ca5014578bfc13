//! Which followers are known, who among them went silent, and who is forgotten. Pure.
//!
//! It tells nobody: the driver does.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, Instant};

use crate::source::{FollowerReading, Readings};
use crate::source_error::SourceError;

/// The longest name that is taken, in bytes.
const LONGEST_NAME: usize = 255;

/// What follows from a poll.
#[derive(Debug)]
pub(super) enum Effect {
    /// Something is known of a follower, or why nothing is.
    Tell(FollowerReading),
    /// It is gone.
    Forget(String),
    /// There is no room for it, or its name is too long or empty.
    Refuse,
}

/// The followers that are known, and since when they have been silent, by polls that brought
/// something: while none does, nobody is.
#[derive(Debug)]
pub(super) struct Roster {
    known: BTreeMap<String, Option<Instant>>,
    most: usize,
    forget_after: Duration,
}

impl Roster {
    pub(super) fn new(most: usize, forget_after: Duration) -> Self {
        Self {
            known: BTreeMap::new(),
            most,
            forget_after,
        }
    }

    /// A poll at `now` brought these.
    pub(super) fn settle(&mut self, readings: Readings, now: Instant) -> Vec<Effect> {
        let complete = readings.complete;
        let named = once_each(readings.followers);
        let mut effects = self.silent(&named, complete, now);
        for reading in &named {
            if let Some(silent) = self.known.get_mut(&reading.follower) {
                *silent = None;
            }
        }
        for reading in named {
            self.admit(reading, &mut effects);
        }
        effects
    }

    /// Those that were not named.
    fn silent(&mut self, named: &[FollowerReading], gone: bool, now: Instant) -> Vec<Effect> {
        let present: HashSet<&str> = named.iter().map(|it| it.follower.as_str()).collect();
        let mut effects = Vec::new();
        let forget_after = self.forget_after;
        self.known.retain(|name, silent| {
            if present.contains(name.as_str()) {
                return true;
            }
            let since = *silent.get_or_insert(now);
            let forget = gone || now.saturating_duration_since(since) >= forget_after;
            effects.push(if forget {
                Effect::Forget(name.clone())
            } else {
                let error = SourceError::new(
                    "is not named by its leader any more; see whether it runs and is connected",
                );
                Effect::Tell(FollowerReading::new(name.clone(), Err(error)))
            });
            !forget
        });
        effects
    }

    fn admit(&mut self, reading: FollowerReading, effects: &mut Vec<Effect>) {
        let name = &reading.follower;
        let fits = (1..=LONGEST_NAME).contains(&name.len())
            && (self.known.contains_key(name) || self.make_room(effects));
        if fits {
            self.known.insert(name.clone(), None);
            effects.push(Effect::Tell(reading));
        } else {
            effects.push(Effect::Refuse);
        }
    }

    /// Whether there is room for one more, at the cost of who has been silent for longest.
    fn make_room(&mut self, effects: &mut Vec<Effect>) -> bool {
        if self.known.len() < self.most {
            return true;
        }
        let silent = self
            .known
            .iter()
            .filter_map(|(name, silent)| Some(((*silent)?, name.clone())));
        let Some((_, name)) = silent.min() else {
            return false;
        };
        self.known.remove(&name);
        effects.retain(|it| !matches!(it, Effect::Tell(reading) if reading.follower == name));
        effects.push(Effect::Forget(name));
        true
    }
}

/// Two followers of one name would be taken for one that jumps to and fro.
fn once_each(readings: Vec<FollowerReading>) -> Vec<FollowerReading> {
    let mut by_name = BTreeMap::new();
    for reading in readings {
        let name = reading.follower.clone();
        by_name
            .entry(name)
            .and_modify(|first: &mut FollowerReading| {
                let error = SourceError::new(
                    "several followers have this name; give each a name of its own",
                );
                *first = FollowerReading::new(first.follower.clone(), Err(error));
            })
            .or_insert(reading);
    }
    by_name.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    fn readings(names: &[&str]) -> Readings {
        names.iter().fold(Readings::new(), |readings, name| {
            readings.follower(FollowerReading::new(*name, Ok(Sample::new(7, 5))))
        })
    }

    /// `+` told, `!` told that nothing is known, `-` forgotten, `x` refused.
    fn brief(effects: &[Effect]) -> String {
        let words: Vec<String> = effects
            .iter()
            .map(|effect| match effect {
                Effect::Tell(it) if it.sample.is_ok() => format!("+{}", it.follower),
                Effect::Tell(it) => format!("!{}", it.follower),
                Effect::Forget(name) => format!("-{name}"),
                Effect::Refuse => "x".to_owned(),
            })
            .collect();
        words.join(" ")
    }

    #[test]
    fn followers_come_and_go() {
        let origin = crate::clock::instant();
        let mut roster = Roster::new(3, Duration::from_mins(1));
        for (at, names, complete, expected) in [
            (0, &["b", "a"][..], false, "+a +b"),
            (1, &["a"], false, "!b +a"),
            (2, &["a", "b"], false, "+a +b"),
            (3, &["a", "b", "c", "d"], false, "+a +b +c x"),
            (4, &["a", "c"], false, "!b +a +c"),
            // Who has been silent for longest makes room.
            (5, &["a", "c", "d"], false, "+a +c -b +d"),
            (6, &["a", "c", "d", "b"], false, "+a x +c +d"),
            (7, &["c"], false, "!a !d +c"),
            // Polls that brought nothing are no silence, and are not told here.
            (66, &["c"], false, "!a !d +c"),
            (67, &["c"], false, "-a -d +c"),
            (9_000, &["e", "e"], false, "!c !e"),
            (9_001, &["e"], true, "-c +e"),
            (9_002, &[], true, "-e"),
            (9_003, &[], false, ""),
        ] {
            let mut readings = readings(names);
            readings.complete = complete;
            let effects = roster.settle(readings, origin + Duration::from_secs(at));
            let mut words: Vec<&str> = expected.split_whitespace().collect();
            let told = brief(&effects);
            let mut told: Vec<&str> = told.split_whitespace().collect();
            words.sort_unstable();
            told.sort_unstable();
            assert_eq!(told, words, "at {at}");
        }
    }

    #[test]
    fn names_without_end_or_letters_are_refused() {
        let mut roster = Roster::new(3, Duration::ZERO);
        let long = "x".repeat(LONGEST_NAME + 1);
        let effects = roster.settle(readings(&[&long, ""]), crate::clock::instant());
        assert!(matches!(
            effects.as_slice(),
            [Effect::Refuse, Effect::Refuse]
        ));
        assert!(roster.known.is_empty());
    }
}
