//! The sweep: what time alone changes (stale evidence, overdue runs, late first
//! results), and the exact expiries that results keep as lower bounds only.

use std::time::Duration;

use crate::aggregate::COUNTED;
use crate::moment::{Moment, Now};

use super::Engine;
use super::effect::{Effect, LogLine};
use super::entry::{Entry, Key};
use super::runs::{OVERDUE, overdue};

/// Closer to an expiry than this, the sweep waits for it rather than halving the way.
const SLACK: Duration = Duration::from_millis(10);

/// What the time has made of one entry.
enum Due {
    Overdue(Duration),
    Stale,
    Missing,
}

fn due(entry: &Entry, now: Moment) -> Option<Due> {
    if let Some(run) = entry.run
        && !run.abandoned
        && entry.enabled
        && run.deadline.after(OVERDUE) <= now
    {
        return Some(Due::Overdue(now.since(run.since)));
    }
    if !entry.enabled {
        None
    } else if entry.has_result() {
        (!entry.stale && entry.expires <= now).then_some(Due::Stale)
    } else {
        (!entry.overdue && entry.pending_until <= now).then_some(Due::Missing)
    }
}

impl Engine {
    /// When the sweep is wanted next.
    pub(crate) fn sweep_at(&self) -> Moment {
        self.sweep_at
    }

    /// Wants a sweep no later than `at`; whether that is earlier than so far.
    pub(super) fn sweep_by(&mut self, at: Moment) -> bool {
        let earlier = at < self.sweep_at;
        if earlier {
            self.sweep_at = at;
            #[cfg(test)]
            if self.planted(crate::simulator::Fault::SweeperNotTold) {
                return true;
            }
            self.effects.push(Effect::Sweep);
        }
        earlier
    }

    /// Carries out what is due, and counts the expiries anew. O(number of checks).
    pub(crate) fn sweep(&mut self, now: Now) {
        #[cfg(test)]
        if self.planted(crate::simulator::Fault::NoSweep) {
            return;
        }
        for index in 0..self.entries.len() {
            let Some(entry) = self.entries.get_mut(index).and_then(Option::as_mut) else {
                continue;
            };
            let key = entry.key;
            if entry.gate.reopens().is_some_and(|at| at <= now.mono) {
                // The last word on a flapping check must not be the one before its recovery.
                let (state, from) = entry.show(now);
                let said = entry.gate.admit(now.mono).map(|suppressed| LogLine::Check {
                    state,
                    from,
                    error: None,
                    suppressed,
                });
                self.effects.extend(said.map(Effect::Log));
            }
            let Some(entry) = self.entries.get_mut(index).and_then(Option::as_mut) else {
                continue;
            };
            match due(entry, now.mono) {
                None => {}
                Some(Due::Overdue(after)) => self.give_up(key, after, now),
                Some(Due::Stale) => {
                    entry.stale = true;
                    self.settle(index, None, now);
                }
                Some(Due::Missing) => {
                    entry.overdue = true;
                    self.settle(index, None, now);
                }
            }
        }
        self.recount_expiries(now);
    }

    /// Reports the timeout of a run whose task is blocked and cannot do so itself.
    fn give_up(&mut self, key: Key, after: Duration, now: Now) {
        let Some(entry) = self.entry_mut(key) else {
            return;
        };
        let Some(run) = entry.run.as_mut() else {
            return;
        };
        run.abandoned = true;
        let evidence = overdue(entry.spec.timeout);
        self.record(key, evidence, Some(after), now);
    }

    fn recount_expiries(&mut self, now: Now) {
        let mut bounds = vec![[Moment::NEVER; 2]; self.scopes.len()];
        let mut next = Moment::NEVER;
        for entry in self.entries.iter().flatten() {
            if let Some(run) = entry.run.filter(|run| !run.abandoned) {
                next = next.min(run.deadline.after(OVERDUE));
            }
            next = next.min(entry.gate.reopens().unwrap_or(Moment::NEVER));
            let Some(until) = entry.turns_at() else {
                continue;
            };
            next = next.min(halfway(now.mono, until));
            for (scope, impact) in &entry.memberships {
                let class = COUNTED.iter().position(|counted| counted == impact);
                let bound = class.and_then(|class| bounds.get_mut(*scope)?.get_mut(class));
                if let Some(bound) = bound {
                    *bound = (*bound).min(until);
                }
            }
        }
        for (index, bound) in bounds.into_iter().enumerate() {
            let changed = self.scopes.get_mut(index).is_some_and(|scope| {
                let changed = !scope.is_live() && scope.expiries != bound;
                scope.expiries = bound;
                changed
            });
            if changed {
                self.publish(index, None);
            }
        }
        self.sweep_at = next;
    }
}

/// Early enough that a busy runtime does not let a lower bound pass, which
/// readers would have to take for staleness.
fn halfway(now: Moment, expires: Moment) -> Moment {
    if expires.since(now) <= SLACK {
        expires
    } else {
        now.midway(expires)
    }
}
