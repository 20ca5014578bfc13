//! A leader and its followers, and the lock that they share.
//!
//! It decides nothing: the leader's history is in `leader`, a follower in `member`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::leader::Leader;
use crate::member::{Member, Told};

/// The followers of one leader share what is known of it, and a lock.
#[derive(Debug)]
pub(crate) struct Group {
    state: Mutex<GroupState>,
}

#[derive(Debug, Default)]
pub(crate) struct GroupState {
    pub(crate) leader: Leader,
    members: Vec<Option<Member>>,
    free: Vec<usize>,
    /// How far each has applied, closer together than in the members.
    applied: Vec<u64>,
    turns: usize,
}

/// Where a follower is to be found.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) group: Arc<Group>,
    pub(crate) index: usize,
    pub(crate) id: u64,
    pub(crate) place: usize,
    pub(crate) names: Arc<Names>,
}

/// Whose follower it is. It stands apart from what each sample needs.
#[derive(Debug)]
pub(crate) struct Names {
    pub(crate) follower: Arc<str>,
    /// `None`: it has a leader of its own.
    pub(crate) leader: Option<Arc<str>>,
}

impl Group {
    pub(crate) fn new() -> Self {
        Self {
            state: Mutex::default(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, GroupState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GroupState {
    /// Adds a follower; its index.
    pub(crate) fn add(&mut self, member: Member) -> usize {
        let index = self.free.pop().unwrap_or(self.members.len());
        if index == self.members.len() {
            if index == self.members.capacity() {
                // By an eighth at a time, so that little of the room is unused.
                self.members.reserve_exact(index / 8 + 1);
            }
            self.members.push(None);
            self.applied.push(0);
        }
        if let (Some(seat), Some(applied)) =
            (self.members.get_mut(index), self.applied.get_mut(index))
        {
            *seat = Some(member);
            *applied = 0;
        }
        index
    }

    /// Takes a follower away.
    pub(crate) fn remove(&mut self, seat: &Seat) -> Option<Member> {
        self.member(seat)?;
        if let Some(applied) = self.applied.get_mut(seat.index) {
            *applied = u64::MAX;
        }
        self.free.push(seat.index);
        self.members.get_mut(seat.index)?.take()
    }

    /// A follower, if it is still there.
    pub(crate) fn member(&mut self, seat: &Seat) -> Option<&mut Member> {
        self.both(seat).map(|(member, _)| member)
    }

    /// A follower and its leader.
    pub(crate) fn both(&mut self, seat: &Seat) -> Option<(&mut Member, &mut Leader)> {
        let member = self.members.get_mut(seat.index)?.as_mut()?;
        (member.id == seat.id).then_some((member, &mut self.leader))
    }

    /// Takes note of how far a follower has applied, and now and then tells the leader how far all
    /// have; so seldom that it costs each sample the same for any number of followers.
    pub(crate) fn applied(&mut self, index: usize, told: &Told) {
        let Told::Positions(sample) = told else {
            return;
        };
        if let Some(applied) = self.applied.get_mut(index) {
            *applied = sample.applied;
        }
        self.turns += 1;
        if self.turns >= self.applied.len().max(16) * 4 {
            self.turns = 0;
            let least = self.applied.iter().min().copied();
            self.leader.forget_applied(least.unwrap_or_default());
        }
    }
}
