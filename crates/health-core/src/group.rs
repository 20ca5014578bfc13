//! Groups: named subsets of the checks with an aggregation of their own.
//!
//! Only what a group is; the engine counts for it.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::aggregate::Aggregation;
use crate::name::NameError;
use crate::spec::Spec;

/// A named subset of the checks, by tag or by list.
///
/// ```
/// use health_core::{Aggregation, Group, Health};
/// let health = Health::new();
/// health.group(Group::tagged("storage", "db").aggregation(Aggregation::Quorum(2)))?;
/// # Ok::<(), health_core::GroupError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a group does nothing until it is added"]
pub struct Group {
    pub(crate) name: String,
    pub(crate) members: Members,
    pub(crate) aggregation: Aggregation,
}

#[derive(Clone, Debug)]
pub(crate) enum Members {
    Tag(String),
    Listed(BTreeSet<String>),
}

impl Members {
    pub(crate) fn contain(&self, spec: &Spec) -> bool {
        match self {
            Self::Tag(tag) => spec.tags.contains(tag),
            Self::Listed(names) => names.contains(&spec.name),
        }
    }
}

impl Group {
    /// All checks that carry `tag`, also those registered later.
    pub fn tagged(name: impl Into<String>, tag: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            members: Members::Tag(tag.into()),
            aggregation: Aggregation::WorstOf,
        }
    }

    /// The checks of these names, which must be there when the node starts.
    pub fn listed<S: Into<String>>(
        name: impl Into<String>,
        checks: impl IntoIterator<Item = S>,
    ) -> Self {
        Self {
            name: name.into(),
            members: Members::Listed(checks.into_iter().map(Into::into).collect()),
            aggregation: Aggregation::WorstOf,
        }
    }

    /// How its status is made; worst-of by default.
    pub fn aggregation(mut self, aggregation: Aggregation) -> Self {
        self.aggregation = aggregation;
        self
    }
}

/// Why a group is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum GroupError {
    /// The name is not allowed.
    #[error(transparent)]
    Name(#[from] NameError),
    /// There is one of that name.
    #[error("a group `{0}` exists already; choose another name")]
    Duplicate(String),
    /// It lists a check that is not registered.
    #[error(
        "group `{group}` lists the check `{check}`, which is not registered; register it first"
    )]
    UnknownCheck {
        /// The group.
        group: String,
        /// The check.
        check: String,
    },
}
