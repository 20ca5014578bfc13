//! Runs and reports: when a check may start, what its result changes, who asked for it.

use std::sync::Arc;
use std::time::Duration;

use crate::event::EventKind;
use crate::evidence::Evidence;
use crate::moment::{Moment, Now};
use crate::slot::Slot;
use crate::slots;
use crate::spec::Schedule;
use crate::status::{CheckStatus, Lifecycle};

use super::Engine;
use super::effect::Effect;
use super::entry::{Entry, Key, Run};

/// How long past its deadline a run must be before the sweeper reports it in
/// place of its own task, which then must be blocked.
pub(super) const OVERDUE: Duration = Duration::from_millis(100);

/// Whether a check's task may run it now.
#[derive(Debug)]
pub(crate) enum Begin {
    /// Run it, and give the number back with the result.
    Run { number: u64, deadline: Moment },
    /// Not before then, unless woken.
    Wait(Moment),
    /// Its registration is gone, or the node has stopped.
    Gone,
}

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
    fn runs_checks(&self) -> bool {
        self.started.is_some() && self.lifecycle < Lifecycle::Stopped
    }

    /// Starts a run of `key` if it is due or asked for, and none is under way.
    pub(crate) fn begin(&mut self, key: Key, now: Now) -> Begin {
        let runs = self.runs_checks();
        #[cfg(test)]
        let twice = self.planted(crate::simulator::Fault::SecondRun);
        let Some(entry) = self.entry_mut(key) else {
            return Begin::Gone;
        };
        #[cfg(test)]
        if twice {
            entry.run = None;
        }
        if entry.run.is_some() || !entry.enabled || !runs {
            return Begin::Wait(Moment::NEVER);
        }
        if !entry.asked && now.mono < entry.due {
            return Begin::Wait(entry.due);
        }
        entry.asked = false;
        entry.started_runs += 1;
        let deadline = now.mono.after(entry.spec.timeout);
        let number = entry.started_runs;
        entry.run = Some(Run {
            number,
            since: now.mono,
            deadline,
            abandoned: false,
        });
        self.sweep_by(deadline.after(OVERDUE));
        Begin::Run { number, deadline }
    }

    /// Takes in the result of run `number`, and says when the next is due.
    /// A result that nobody waits for any more is counted and dropped.
    pub(crate) fn finish(&mut self, key: Key, number: u64, evidence: Evidence, now: Now) -> Begin {
        let Some(entry) = self.entry_mut(key) else {
            self.late_results += 1;
            return Begin::Gone;
        };
        let Some(run) = entry.run.take_if(|run| run.number == number) else {
            self.late_results += 1;
            return Begin::Wait(Moment::NEVER);
        };
        reschedule(entry, now);
        if run.abandoned || !entry.enabled {
            self.late_results += 1;
        } else {
            self.record(key, evidence, Some(now.mono.since(run.since)), now);
        }
        // A starved sweeper must not let a lower bound pass while results flow.
        if now.mono >= self.sweep_at {
            self.sweep(now);
        }
        match self.entry(key) {
            Some(entry) if entry.asked => Begin::Wait(now.mono),
            Some(entry) => Begin::Wait(entry.due),
            None => Begin::Gone,
        }
    }

    /// Takes one piece of evidence into the entry, its scopes and its askers' view.
    pub(super) fn record(
        &mut self,
        key: Key,
        evidence: Evidence,
        latency: Option<Duration>,
        now: Now,
    ) {
        #[cfg(test)]
        let evidence = self.planted_evidence(evidence);
        let Some(entry) = self.entry_mut(key) else {
            return;
        };
        let mut evidence = evidence;
        let error = evidence.error.take();
        entry.record(evidence, latency, now);
        if !entry.component {
            entry.expires = now.mono.after(entry.spec.effective_max_age());
            entry.fresh_until = now.mono.after(entry.spec.schedule.period());
        }
        let (expires, demand) = (
            entry.expires,
            entry.on_demand().then_some(entry.fresh_until),
        );
        let slot = Arc::clone(&entry.slot);
        let shown = self.settle(key.index, error, now);
        self.sweep_by(now.mono.midway(expires));
        if let Some(due) = demand {
            self.lower_demand(key.index, due);
        }
        if let Some(check) = shown {
            self.emit(EventKind::Result { check }, now);
        }
        self.effects.push(Effect::Finished(slot));
    }

    /// A component's own word. `ending` overrides the outward status.
    pub(crate) fn report(
        &mut self,
        key: Key,
        evidence: Evidence,
        ending: Option<CheckStatus>,
        now: Now,
    ) {
        let Some(entry) = self.entry_mut(key) else {
            return;
        };
        entry.ending = ending;
        entry.expires = match entry.spec.max_age {
            // Who is gone sends no heartbeat, and must stay visible as gone.
            Some(heartbeat) if ending.is_none() => now.mono.after(heartbeat),
            _ => Moment::NEVER,
        };
        self.record(key, evidence, None, now);
    }

    /// A component is still there; its last word holds on.
    pub(crate) fn beat(&mut self, key: Key, now: Now) {
        let Some(entry) = self.entry_mut(key) else {
            return;
        };
        let (Some(heartbeat), None) = (entry.spec.max_age, entry.ending) else {
            return;
        };
        if !entry.has_result() {
            return;
        }
        entry.expires = now.mono.after(heartbeat);
        let (slot, expires) = (Arc::clone(&entry.slot), entry.expires);
        if std::mem::take(&mut entry.stale) {
            self.settle(key.index, None, now);
        } else {
            self.effects.push(Effect::Extend { slot, expires });
        }
        self.sweep_by(now.mono.midway(expires));
    }

    /// A component's last word holds for good.
    pub(crate) fn freeze(&mut self, key: Key, now: Now) {
        let Some(entry) = self.entry_mut(key) else {
            return;
        };
        entry.expires = Moment::NEVER;
        entry.stale = false;
        self.settle(key.index, None, now);
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
        let slot = Arc::clone(&entry.slot);
        // A hung run cannot be joined: it has been reported, and no other starts beside it.
        let patience = entry.spec.timeout.saturating_add(Duration::from_secs(1));
        let results = entry.results();
        if entry.run.is_none() && !entry.asked {
            entry.asked = true;
            self.effects.push(Effect::Wake(Arc::clone(&slot)));
        }
        Ask::Wait {
            slot,
            results,
            patience,
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
                let member = entry
                    .memberships
                    .iter()
                    .any(|(scope, _)| *scope == scope_index);
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
                    let name = entry.spec.name.clone();
                    let _ = self.run_now(&name);
                }
            }
        }
        self.set_demand(scope_index, next);
        waits
    }

    fn lower_demand(&mut self, index: usize, due: Moment) {
        let Some(entry) = self.entries.get(index).and_then(Option::as_ref) else {
            return;
        };
        let scopes: Vec<_> = entry.memberships.iter().map(|(scope, _)| *scope).collect();
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

    #[cfg(test)]
    fn planted_evidence(&self, mut evidence: Evidence) -> Evidence {
        if self.planted(crate::simulator::Fault::TimeoutReadsHealthy)
            && evidence.cause == crate::status::Cause::Timeout
        {
            evidence.status = crate::status::Status::Healthy;
        }
        evidence
    }
}

fn reschedule(entry: &mut Entry, now: Now) {
    entry.due = match entry.spec.schedule {
        Schedule::OnDemand(_) => Moment::NEVER,
        Schedule::Every(interval) => {
            let index = entry.key.index as u64;
            slots::next_start(index, interval, now.mono).after(slots::jitter(
                index,
                entry.started_runs,
                entry.spec.jitter,
            ))
        }
    };
}
