//! How long a server is left alone that asks for it by a kiss of death (RFC 5905, 7.4).
//!
//! Pure. What a kiss is, `packet` knows.

use std::time::{Duration, Instant};

use super::packet::Refused;

/// After the first RATE; doubled by each that follows without an answer between.
const FIRST: Duration = Duration::from_mins(15);
/// The longest rest. RFC 5905 wants one that denies never asked again; but an operator may
/// change a server's mind, and a packet a day burdens nobody.
const LONGEST: Duration = Duration::from_hours(24);

/// What a server has asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Rest {
    until: Option<Instant>,
    kisses: u32,
}

impl Rest {
    /// Whether it is to be left alone.
    pub(super) fn holds(self, now: Instant) -> bool {
        self.until.is_some_and(|until| now < until)
    }

    /// After an answer, or none.
    pub(super) fn after<T>(self, answer: &Result<T, Refused>, now: Instant) -> Self {
        let rest = match answer {
            Ok(_) => return Self::default(),
            Err(Refused::Rate) => FIRST
                .saturating_mul(2_u32.saturating_pow(self.kisses))
                .min(LONGEST),
            Err(Refused::Denied) => LONGEST,
            Err(_) => return self,
        };
        Self {
            until: Some(now + rest),
            kisses: self.kisses.saturating_add(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rests_grow_and_end() {
        let now = crate::clock::instant();
        let hours = |hours: u64| Duration::from_hours(hours);
        let mut rest = Rest::default();
        assert!(!rest.holds(now));
        for (answer, length) in [
            (Err(Refused::Rate), FIRST),
            (Err(Refused::Rate), FIRST * 2),
            // What is no kiss changes nothing.
            (Err(Refused::Unsynchronised), FIRST * 2),
            (Err(Refused::Rate), hours(1)),
            (Ok(()), Duration::ZERO),
            (Err(Refused::Rate), FIRST),
            (Err(Refused::Denied), hours(24)),
            (Err(Refused::Rate), hours(1)),
        ] {
            rest = rest.after(&answer, now);
            assert!(!rest.holds(now + length), "{answer:?}");
            let almost = length.saturating_sub(Duration::from_nanos(1));
            assert_eq!(rest.holds(now + almost), !length.is_zero(), "{answer:?}");
        }
        for _ in 0..100 {
            rest = rest.after(&Err::<(), _>(Refused::Rate), now);
        }
        assert!(rest.holds(now + hours(23)) && !rest.holds(now + LONGEST));
    }
}
