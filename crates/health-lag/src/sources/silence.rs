//! For how long a thing that should change has stood still, by the clock of who looks. Pure.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// What was last seen of each name, and since when it is so.
#[derive(Debug, Default)]
pub(super) struct Silence(HashMap<String, (String, Instant)>);

impl Silence {
    /// At `now` the thing of this name is `seen`: for how long it has been so.
    pub(super) fn of(&mut self, name: &str, seen: &str, now: Instant) -> Duration {
        match self.0.get_mut(name) {
            Some((last, since)) if last == seen => return now.saturating_duration_since(*since),
            Some(entry) => *entry = (seen.to_owned(), now),
            None => {
                self.0.insert(name.to_owned(), (seen.to_owned(), now));
            }
        }
        Duration::ZERO
    }

    /// Forgets all but these names.
    pub(super) fn keep_only(&mut self, is_kept: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| is_kept(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_still() {
        let origin = crate::clock::instant();
        let mut silence = Silence::default();
        for (at, name, seen, expected) in [
            (0, "a", "1", 0),
            (3, "b", "1", 0),
            (5, "a", "1", 5),
            (6, "a", "2", 0),
            (7, "b", "1", 4),
            (9, "a", "2", 3),
            (10, "a", "1", 0),
        ] {
            let still = silence.of(name, seen, origin + Duration::from_secs(at));
            assert_eq!(still, Duration::from_secs(expected), "{name} at {at}");
        }
        silence.keep_only(|name| name == "b");
        assert_eq!(silence.0.len(), 1);
    }
}
