//! What is wrong with a follower apart from the size of its lag.
//!
//! It finds nothing out; see `judge`.

use serde::Serialize;
use serde::ser::SerializeSeq;

/// One thing that is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// Behind, and no progress for long: 10 s or 3 intervals, whichever is more.
    Stalled,
    /// Nothing heard for long.
    NoData,
    /// Applied more than the leader has: another history, or a leader that went back.
    FollowerAhead,
    /// The leader went back, or began another epoch; what was known before it is void.
    Reset,
}

impl Condition {
    /// Each of them.
    pub const ALL: [Self; 4] = [
        Self::Stalled,
        Self::NoData,
        Self::FollowerAhead,
        Self::Reset,
    ];

    /// As it is written: `stalled`, `no_data`, `follower_ahead`, `reset`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stalled => "stalled",
            Self::NoData => "no_data",
            Self::FollowerAhead => "follower_ahead",
            Self::Reset => "reset",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// A set of conditions.
///
/// ```
/// use health_lag::{Condition, Conditions};
///
/// let conditions = Conditions::default().with(Condition::Stalled);
/// assert!(conditions.has(Condition::Stalled) && !conditions.has(Condition::NoData));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Conditions(u8);

impl Conditions {
    pub(crate) const NONE: Self = Self(0);

    /// The set and `condition`.
    pub fn with(self, condition: Condition) -> Self {
        Self(self.0 | condition.bit())
    }

    /// The set without `condition`.
    pub fn without(self, condition: Condition) -> Self {
        Self(self.0 & !condition.bit())
    }

    /// The set with `condition` if `holds`, and without it otherwise.
    pub(crate) fn set(self, condition: Condition, holds: bool) -> Self {
        if holds {
            self.with(condition)
        } else {
            self.without(condition)
        }
    }

    /// Whether it is in the set.
    pub fn has(self, condition: Condition) -> bool {
        self.0 & condition.bit() != 0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Those in the set, in their order.
    pub fn iter(self) -> impl Iterator<Item = Condition> {
        Condition::ALL.into_iter().filter(move |it| self.has(*it))
    }
}

impl Serialize for Conditions {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut list = to.serialize_seq(None)?;
        for condition in self.iter() {
            list.serialize_element(&condition)?;
        }
        list.end()
    }
}
