//! Askers: who gets a fresh result, who waits for one, and when an on-demand
//! check wants refreshing.
//!
//! Starting the runs that they wait for is in `runs`.

use std::sync::Arc;
use std::time::Duration;

use crate::moment::{Moment, Now};
#[cfg(test)]
use crate::simulator::Fault;
use crate::slot::Slot;

use super::Engine;
use super::effect::Effect;
use super::entry::Key;

/// How an asker gets its fresh result.
#[derive(Debug)]
pub(crate) enum Ask {
    /// It is fresh already.
    Fresh(Arc<Slot>),
    /// It is fresh once the slot shows more results than this.
    Wait {
        slot: Arc<Slot>,
        results: u64,
        patience: Duration,
    },
    /// It is switched off.
    Disabled,
    /// Nothing runs checks: not started, or stopped.
    Idle,
    /// There is no such check.
    Unknown,
}

impl Engine {
    fn wake(&mut self, slot: &Arc<Slot>) {
        #[cfg(test)]
        if self.planted(Fault::AskerForgotten) {
            return;
        }
        self.effects.push(Effect::Wake(Arc::clone(slot)));
    }

    /// Wants a run of `name` as soon as there is none under way.
    pub(crate) fn run_now(&mut self, name: &str) -> Ask {
        let runs = self.runs_checks();
        let Some(key) = self.key(name) else {
            return Ask::Unknown;
        };
        let Some(entry) = self.entry_mut(key) else {
            return Ask::Unknown;
        };
        if entry.component {
            return Ask::Fresh(Arc::clone(&entry.slot));
        }
        if !entry.enabled {
            return Ask::Disabled;
        }
        if !runs {
            return Ask::Idle;
        }
        let wait = Ask::Wait {
            slot: Arc::clone(&entry.slot),
            results: entry.results(),
            patience: entry.spec.timeout.saturating_add(Duration::from_secs(1)),
        };
        self.want(key);
        wait
    }

    /// A run that was given up cannot be joined; no other starts beside it, but one after it.
    fn want(&mut self, key: Key) {
        let Some(entry) = self.entry_mut(key) else {
            return;
        };
        let joinable = entry.run.is_some_and(|run| !run.abandoned);
        if !joinable && !entry.asked {
            entry.asked = true;
            let slot = Arc::clone(&entry.slot);
            self.wake(&slot);
        }
    }

    /// The process was suspended: what counts as young is old in truth. Whatever
    /// has a schedule runs at once; what is on demand is past its TTL, so that
    /// the next asker has it refreshed.
    pub(crate) fn resumed(&mut self, now: Now) {
        #[cfg(test)]
        if self.planted(Fault::ResumptionMissed) {
            return;
        }
        if !self.runs_checks() {
            return;
        }
        for index in 0..self.entries.len() {
            let Some(entry) = self.entries.get_mut(index).and_then(Option::as_mut) else {
                continue;
            };
            if entry.component || !entry.enabled {
                continue;
            }
            let key = entry.key;
            if entry.on_demand() {
                entry.fresh_until = entry.fresh_until.min(now.mono);
                self.lower_demand(index, now.mono);
            } else {
                self.want(key);
            }
        }
    }

    /// A fresh result of `name`: younger than its TTL if it is on demand, else from a run of now.
    pub(crate) fn ask(&mut self, name: &str, now: Now) -> Ask {
        let fresh = self
            .key(name)
            .and_then(|key| self.entry(key))
            .filter(|entry| {
                entry.enabled
                    && entry.on_demand()
                    && entry.has_result()
                    && now.mono < entry.fresh_until
            });
        match fresh {
            Some(entry) => Ask::Fresh(Arc::clone(&entry.slot)),
            None => self.run_now(name),
        }
    }

    /// Refreshes the on-demand checks of a scope that are past their TTL, and
    /// returns those whose result is no evidence any more, to be waited for.
    pub(crate) fn demand(&mut self, scope_index: usize, now: Now) -> Vec<Ask> {
        let mut waits = Vec::new();
        let mut next = Moment::NEVER;
        if self.runs_checks() {
            for index in 0..self.entries.len() {
                let Some(entry) = self.entries.get(index).and_then(Option::as_ref) else {
                    continue;
                };
                let member = entry.demanded_by(scope_index);
                if !member || !entry.on_demand() || !entry.enabled {
                    continue;
                }
                let expired = !entry.has_result() || entry.stale || entry.expires <= now.mono;
                if expired {
                    // Whoever comes while it runs must wait for it as well.
                    next = now.mono;
                    let name = entry.spec.name.clone();
                    waits.push(self.run_now(&name));
                } else if entry.fresh_until > now.mono {
                    next = next.min(entry.fresh_until);
                } else {
                    // Should the refresh outlast the evidence, it is worth waiting for.
                    next = next.min(entry.expires);
                    let name = entry.spec.name.clone();
                    let _ = self.run_now(&name);
                }
            }
        }
        self.set_demand(scope_index, next);
        waits
    }

    pub(super) fn lower_demand(&mut self, index: usize, due: Moment) {
        let Some(entry) = self.entries.get(index).and_then(Option::as_ref) else {
            return;
        };
        let demanded = |scope: &usize| entry.demanded_by(*scope);
        let scopes: Vec<_> = (0..self.scopes.len()).filter(demanded).collect();
        for scope in scopes {
            let current = self
                .scopes
                .get(scope)
                .map_or(Moment::NEVER, |scope| scope.demand);
            self.set_demand(scope, current.min(due));
        }
    }

    fn set_demand(&mut self, scope_index: usize, due: Moment) {
        let Some(scope) = self.scopes.get_mut(scope_index) else {
            return;
        };
        scope.demand = due;
        let scope = Arc::clone(&scope.published);
        self.effects.push(Effect::Demand { scope, due });
    }
}
