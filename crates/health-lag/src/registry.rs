//! The followers of a monitor by name, and the leaders that they named.
//!
//! Plain data; the lock is the driver's.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::group::{Group, Seat};
use crate::spec::{FollowerSpec, MAX_FOLLOWERS, RegisterError};

#[derive(Debug, Default)]
pub(crate) struct Registry {
    followers: BTreeMap<Arc<str>, Seat>,
    /// With how many followers each has.
    leaders: HashMap<Arc<str>, (Arc<Group>, usize)>,
    ids: u64,
}

impl Registry {
    /// Whether one may be registered so; the next number, if so.
    pub(crate) fn admit(&mut self, spec: &FollowerSpec) -> Result<u64, RegisterError> {
        spec.validate()?;
        if self.followers.contains_key(&spec.name) {
            return Err(RegisterError::Taken(spec.name.to_string()));
        }
        if self.followers.len() >= MAX_FOLLOWERS {
            return Err(RegisterError::Full);
        }
        self.ids += 1;
        Ok(self.ids)
    }

    /// The group of a leader, which has one follower more from now on; one of its own without a name.
    pub(crate) fn join(&mut self, leader: Option<&Arc<str>>) -> Arc<Group> {
        let Some(leader) = leader else {
            return Arc::new(Group::new());
        };
        let new = || (Arc::new(Group::new()), 0);
        let held = self.leaders.entry(Arc::clone(leader)).or_insert_with(new);
        held.1 += 1;
        Arc::clone(&held.0)
    }

    /// What the followers of this leader share, if it has any.
    pub(crate) fn group(&self, leader: &str) -> Option<Arc<Group>> {
        Some(Arc::clone(&self.leaders.get(leader)?.0))
    }

    pub(crate) fn insert(&mut self, seat: Seat) {
        self.followers
            .insert(Arc::clone(&seat.names.follower), seat);
    }

    /// Takes a follower away; its leader is forgotten with the last.
    pub(crate) fn remove(&mut self, seat: &Seat) {
        self.followers.remove(&seat.names.follower);
        if let Some(leader) = &seat.names.leader
            && let Some(held) = self.leaders.get_mut(leader)
        {
            held.1 = held.1.saturating_sub(1);
            if held.1 == 0 {
                self.leaders.remove(leader);
            }
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<Seat> {
        self.followers.get(name).cloned()
    }

    /// All of them, sorted by name.
    pub(crate) fn seats(&self) -> Vec<Seat> {
        self.followers.values().cloned().collect()
    }
}
