//! How a follower is registered, and which registrations are refused.
//!
//! Plain data with its validation.

use std::sync::Arc;

/// The longest name of a follower or leader, in bytes.
pub const MAX_NAME: usize = 60;
/// The most followers of one monitor.
pub const MAX_FOLLOWERS: usize = 100_000;

/// A follower to be registered.
///
/// ```
/// use health_lag::{FollowerSpec, LagMonitor};
///
/// let monitor = LagMonitor::new();
/// let one = monitor.follower(FollowerSpec::new("standby-1").of("primary"))?;
/// let two = monitor.follower(FollowerSpec::new("standby-2").of("primary"))?;
/// # Ok::<(), health_lag::RegisterError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a spec does nothing until it is registered"]
pub struct FollowerSpec {
    pub(crate) name: Arc<str>,
    pub(crate) leader: Option<Arc<str>>,
}

impl FollowerSpec {
    /// A follower of this name, unique in its monitor: 1 to 60 of `a-z A-Z 0-9 - _ . :`. It has a
    /// leader of its own unless [`of`](Self::of) names one.
    pub fn new(name: impl AsRef<str>) -> Self {
        Self {
            name: Arc::from(name.as_ref()),
            leader: None,
        }
    }

    /// It follows the leader of this name. Followers of one leader tell its positions in the same
    /// count, and share what is known of it.
    pub fn of(mut self, leader: impl AsRef<str>) -> Self {
        self.leader = Some(Arc::from(leader.as_ref()));
        self
    }

    pub(crate) fn validate(&self) -> Result<(), RegisterError> {
        for name in [Some(&self.name), self.leader.as_ref()]
            .into_iter()
            .flatten()
        {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
            if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(allowed) {
                let start = name.chars().take(MAX_NAME).collect();
                return Err(RegisterError::Name(start));
            }
        }
        Ok(())
    }
}

impl From<&str> for FollowerSpec {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

/// Why a follower is not registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// A name that is not allowed.
    #[error("{0:?} is no name of a follower or leader; use 1 to {MAX_NAME} of a-z A-Z 0-9 - _ . :")]
    Name(String),
    /// There is one of this name.
    #[error("a follower `{0}` is registered already; unregister it first, or choose another name")]
    Taken(String),
    /// There are too many.
    #[error(
        "{MAX_FOLLOWERS} followers are the most for one monitor; unregister some, or make another"
    )]
    Full,
}

/// There is no follower of that name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no follower `{0}` is registered")]
pub struct UnknownFollower(pub String);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, allowed) in [
            ("standby-1", true),
            ("10.0.0.7:5432", true),
            ("", false),
            ("a b", false),
            ("é", false),
            (&"x".repeat(60), true),
            (&"x".repeat(61), false),
        ] {
            assert_eq!(
                FollowerSpec::new(name).validate().is_ok(),
                allowed,
                "{name}"
            );
            let of = FollowerSpec::new("a").of(name);
            assert_eq!(of.validate().is_ok(), allowed, "{name}");
        }
    }
}
