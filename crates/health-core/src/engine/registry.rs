//! The engine's book of entries: register, replace, unregister, enable, groups.

use std::sync::Arc;

use thiserror::Error;

use crate::event::EventKind;
use crate::group::{Group, GroupError, Members};
use crate::moment::{Moment, Now};
use crate::name::validate;
use crate::scope::{Audience, Scope};
use crate::slot::Slot;
use crate::spec::{Spec, SpecError};
use crate::status::{CheckStatus, Impact, Lifecycle, Probe};

use super::Engine;
use super::effect::Effect;
use super::entry::{Entry, Key};

/// Why a check or component is not registered.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The spec is not allowed.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The name is taken.
    #[error("a check `{0}` is registered already; choose another name, or replace it")]
    Duplicate(String),
    /// There is nothing of that name to replace, or it is a component.
    #[error("no check `{0}` is registered that could be replaced; register it")]
    Unknown(String),
}

/// A check that took the place of another.
#[derive(Debug)]
pub(crate) struct Replaced {
    pub(crate) old: Key,
    pub(crate) key: Key,
    pub(crate) slot: Arc<Slot>,
}

impl Engine {
    pub(crate) fn register(
        &mut self,
        spec: Spec,
        now: Now,
    ) -> Result<(Key, Arc<Slot>), RegisterError> {
        self.admit(&spec, false)?;
        Ok(self.enter(spec, false, now))
    }

    /// A component takes the name of one whose owner is gone.
    pub(crate) fn register_component(
        &mut self,
        spec: Spec,
        now: Now,
    ) -> Result<Key, RegisterError> {
        self.admit(&spec, true)?;
        Ok(self.succeed(spec, true, now).0)
    }

    /// Puts another check in the place of one; its evidence does not carry over.
    pub(crate) fn replace(&mut self, spec: Spec, now: Now) -> Result<Replaced, RegisterError> {
        spec.validate()?;
        let old = self
            .key(&spec.name)
            .and_then(|key| self.entry(key))
            .filter(|entry| !entry.component);
        let Some(old) = old.map(|entry| entry.key) else {
            return Err(RegisterError::Unknown(spec.name));
        };
        let (key, slot) = self.succeed(spec, false, now);
        Ok(Replaced { old, key, slot })
    }

    /// Enters in the place of whatever holds the name. The node does not leave
    /// `Starting` for the moment in which nobody is awaited under it.
    fn succeed(&mut self, spec: Spec, component: bool, now: Now) -> (Key, Arc<Slot>) {
        self.replacing = true;
        self.unregister(&spec.name, now);
        let entered = self.enter(spec, component, now);
        self.replacing = false;
        if self.started.is_some() && self.lifecycle == Lifecycle::Starting {
            self.advance(now);
        }
        entered
    }

    fn admit(&self, spec: &Spec, component: bool) -> Result<(), RegisterError> {
        spec.validate()?;
        let holder = self.key(&spec.name).and_then(|key| self.entry(key));
        let orphaned = |entry: &Entry| {
            entry.component
                && matches!(
                    entry.ending,
                    Some(CheckStatus::Stopped | CheckStatus::Panicked)
                )
        };
        match holder {
            Some(entry) if !(component && orphaned(entry)) => {
                Err(RegisterError::Duplicate(spec.name.clone()))
            }
            _ => Ok(()),
        }
    }

    fn enter(&mut self, spec: Spec, component: bool, now: Now) -> (Key, Arc<Slot>) {
        self.serial += 1;
        let index = self.free.pop_first().unwrap_or(self.entries.len());
        let key = Key {
            index,
            serial: self.serial,
        };
        let mut entry = Entry::new(key, spec, component, now);
        entry.memberships = self.memberships(&entry.spec);
        let slot = Arc::clone(&entry.slot);
        self.names.insert(Arc::clone(&slot.name), index);
        match self.entries.get_mut(index) {
            Some(place) => *place = Some(entry),
            None => self.entries.push(Some(entry)),
        }
        self.effects.push(Effect::Enter(Arc::clone(&slot)));
        self.pend(index, now);
        self.settle_registered(index, now);
        (key, slot)
    }

    fn settle_registered(&mut self, index: usize, now: Now) {
        if let Some(check) = self.settle(index, None, now) {
            self.emit(EventKind::Registered { check }, now);
        }
    }

    /// From here on the entry's first result is awaited, if the node has been started.
    ///
    /// Added to a running node, it has its grace before its absence counts. A
    /// node that is starting proves itself: there an absent result is unknown.
    pub(super) fn pend(&mut self, index: usize, now: Now) {
        let started = self.started.is_some();
        let starting = self.lifecycle == Lifecycle::Starting;
        let Some(entry) = self.entries.get_mut(index).and_then(Option::as_mut) else {
            return;
        };
        if !started || !entry.enabled {
            return;
        }
        entry.overdue = starting && !entry.has_result();
        entry.pending_until = if starting {
            now.mono
        } else {
            now.mono.after(entry.grace())
        };
        entry.due = if entry.component {
            Moment::NEVER
        } else {
            let jitter = crate::slots::jitter(index as u64, entry.started_runs, entry.spec.jitter);
            now.mono
                .after(entry.spec.initial_delay.saturating_add(jitter))
        };
        let (until, absent) = (entry.pending_until, !entry.has_result());
        if absent && !entry.overdue {
            let (slot, expires) = (Arc::clone(&entry.slot), until);
            self.effects.push(Effect::Extend { slot, expires });
            self.lower_bounds(index, until);
        }
        self.sweep_by(now.mono.midway(until));
    }

    fn memberships(&self, spec: &Spec) -> Vec<(usize, Impact)> {
        let mut found = Vec::new();
        for (index, scope) in self.scopes.iter().enumerate() {
            let impact = match &scope.audience {
                // Startup is a gate, not a tally: see `awaited`.
                Audience::Probe(Probe::Startup) => None,
                Audience::Probe(probe) => spec.impact_for(*probe),
                Audience::Group { members, .. } => members.contain(spec).then_some(spec.impact),
            };
            found.extend(impact.map(|impact| (index, impact)));
        }
        found
    }

    pub(crate) fn unregister(&mut self, name: &str, now: Now) -> Option<Key> {
        let key = self.key(name)?;
        // Switched off first, so that every tally and gate lets go of it.
        let entry = self.entry_mut(key)?;
        entry.enabled = false;
        let slot = Arc::clone(&entry.slot);
        self.settle(key.index, None, now);
        self.names.remove(name);
        if let Some(place) = self.entries.get_mut(key.index) {
            *place = None;
        }
        self.free.insert(key.index);
        self.effects.push(Effect::Leave(Arc::clone(&slot)));
        self.emit(
            EventKind::Unregistered {
                name: Arc::clone(&slot.name),
            },
            now,
        );
        Some(key)
    }

    /// Switches a check on or off; `false` if there is none of that name.
    pub(crate) fn set_enabled(&mut self, name: &str, enabled: bool, now: Now) -> bool {
        let Some(key) = self.key(name) else {
            return false;
        };
        let Some(entry) = self.entry_mut(key) else {
            return false;
        };
        if entry.enabled == enabled {
            return true;
        }
        entry.enabled = enabled;
        entry.asked = false;
        entry.due = Moment::NEVER;
        entry.forget();
        if let Some(run) = &mut entry.run {
            run.abandoned = true;
        }
        let slot = Arc::clone(&entry.slot);
        self.pend(key.index, now);
        self.settle_registered(key.index, now);
        self.effects.push(Effect::Wake(Arc::clone(&slot)));
        self.effects.push(Effect::Finished(slot));
        true
    }

    pub(crate) fn group(&mut self, group: Group, now: Now) -> Result<(), GroupError> {
        validate(&group.name)?;
        if self.group_index(&group.name).is_some() {
            return Err(GroupError::Duplicate(group.name));
        }
        if self.started.is_some() {
            self.check_members(&group.name, &group.members)?;
        }
        let index = self.scopes.len();
        let members = group.members.clone();
        let audience = Audience::Group {
            name: group.name.into(),
            members: group.members,
        };
        self.scopes.push(Scope::new(audience, group.aggregation));
        for position in 0..self.entries.len() {
            let Some(entry) = self.entries.get_mut(position).and_then(Option::as_mut) else {
                continue;
            };
            if !members.contain(&entry.spec) {
                continue;
            }
            entry.memberships.push((index, entry.spec.impact));
            let (counted, impact) = (entry.counted, entry.spec.impact);
            let until = entry.turns_at().unwrap_or(Moment::NEVER);
            let name = Arc::clone(&entry.slot.name);
            let Some(scope) = self.scopes.get_mut(index) else {
                continue;
            };
            super::publish::lower(scope, impact, until);
            let Some(counted) = counted else {
                continue;
            };
            scope.tallies.add(impact, counted.status, counted.score);
            if let Some(rank) = crate::scope::Rank::of(impact, counted.status) {
                scope.failing.insert((rank, name));
            }
        }
        self.refresh(index, Some(now));
        Ok(())
    }

    pub(crate) fn group_index(&self, name: &str) -> Option<usize> {
        self.scopes.iter().position(
            |scope| matches!(&scope.audience, Audience::Group { name: held, .. } if held.as_ref() == name),
        )
    }

    /// Every check that a group lists must be there.
    pub(super) fn check_members(&self, group: &str, members: &Members) -> Result<(), GroupError> {
        let Members::Listed(names) = members else {
            return Ok(());
        };
        match names
            .iter()
            .find(|name| !self.names.contains_key(name.as_str()))
        {
            None => Ok(()),
            Some(check) => Err(GroupError::UnknownCheck {
                group: group.to_owned(),
                check: check.clone(),
            }),
        }
    }

    /// Keeps the gate of `Starting` up to date with one entry.
    pub(super) fn update_gate(&mut self, index: usize, now: Now) {
        if self.lifecycle != Lifecycle::Starting {
            return;
        }
        let Some(entry) = self.entries.get(index).and_then(Option::as_ref) else {
            return;
        };
        let name = Arc::clone(&entry.slot.name);
        let changed = if entry.awaited() {
            self.awaited.insert(name)
        } else {
            self.awaited.remove(&name)
        };
        #[cfg(test)]
        let changed = changed && !self.planted(crate::simulator::Fault::StartsNever);
        if changed && self.started.is_some() && !self.replacing {
            self.advance(now);
        }
    }
}
