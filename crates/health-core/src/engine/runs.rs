//! Runs and reports: when a check may start, what its result changes, who asked for it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::event::EventKind;
use crate::evidence::{Evidence, Measured};
use crate::moment::{Moment, Now};
#[cfg(test)]
use crate::simulator::Fault;
use crate::slots;
use crate::spec::Schedule;
use crate::status::{Cause, CheckStatus, Lifecycle, Status};

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
    Run {
        number: u64,
        deadline: Moment,
        /// The sweeper was told to come earlier for it.
        told_sweeper: bool,
    },
    /// Not before then, unless woken.
    Wait(Moment),
    /// Its registration is gone, or the node has stopped.
    Gone,
}

impl Engine {
    pub(super) fn runs_checks(&self) -> bool {
        self.started.is_some() && self.lifecycle < Lifecycle::Stopped
    }

    /// Starts a run of `key` if it is due or asked for, and none is under way.
    pub(crate) fn begin(&mut self, key: Key, now: Now) -> Begin {
        if self.lifecycle == Lifecycle::Stopped {
            return Begin::Gone;
        }
        let runs = self.runs_checks();
        #[cfg(test)]
        let twice = self.planted(Fault::SecondRun);
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
        let told_sweeper = self.sweep_by(deadline.after(OVERDUE));
        Begin::Run {
            number,
            deadline,
            told_sweeper,
        }
    }

    /// Takes in the result of run `number`, and says when the next is due.
    /// A result that nobody waits for any more is counted and dropped.
    pub(crate) fn finish(&mut self, key: Key, number: u64, evidence: Evidence, now: Now) -> Begin {
        #[cfg(test)]
        let fault = self.fault;
        let Some(entry) = self.entry_mut(key) else {
            self.late_results += 1;
            return Begin::Gone;
        };
        let Some(run) = entry.run.take_if(|run| run.number == number) else {
            self.late_results += 1;
            return Begin::Wait(Moment::NEVER);
        };
        // Switched on again meanwhile, its first start has been planned already.
        let awaited = run.abandoned && entry.enabled && !entry.has_result();
        if !awaited {
            reschedule(entry, now);
        }
        #[cfg(test)]
        fault.inspect(|fault| fault.plant_start(entry, now));
        if run.abandoned || !entry.enabled {
            self.late_results += 1;
        } else {
            let took = now.mono.since(run.since);
            let late = run.deadline.after(OVERDUE) <= now.mono;
            let known = entry.knows(evidence.measured);
            #[cfg(test)]
            let known = known && fault != Some(Fault::RepeatCounts);
            if late && evidence.status != Status::Unhealthy {
                let evidence = overdue(entry.spec.timeout);
                self.record(key, evidence, Some(took), now);
            } else if known && !late {
                self.repeat(key, evidence, now);
            } else {
                self.record(key, evidence, Some(took), now);
            }
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
        let fault = self.fault;
        let Some(entry) = self.entry_mut(key) else {
            return;
        };
        let mut evidence = evidence;
        let error = evidence.error.take();
        #[cfg(test)]
        fault.inspect(|fault| fault.plant_result(entry, &mut evidence, now));
        let ago = evidence.measured.ago.unwrap_or_default();
        entry.record(evidence, latency, now);
        if !entry.component {
            let measured = now.mono.before(ago);
            entry.expires = measured.after(entry.spec.effective_max_age());
            entry.fresh_until = measured.after(entry.spec.schedule.period());
            entry.lapse(now.mono);
        }
        #[cfg(test)]
        if fault == Some(Fault::AgelessEvidence) {
            entry.expires = Moment::NEVER;
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

    /// Shows a result that was counted when it was measured, and counts it for nothing.
    fn repeat(&mut self, key: Key, evidence: Evidence, now: Now) {
        let Some(entry) = self.entry_mut(key) else {
            return;
        };
        entry.repeat(evidence);
        let (slot, fresh_until) = (Arc::clone(&entry.slot), entry.fresh_until);
        if entry.on_demand() {
            self.lower_demand(key.index, fresh_until);
        }
        self.settle(key.index, None, now);
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
        entry.lapse(now.mono);
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
        if !entry.has_result() || !entry.enabled {
            return;
        }
        // Past its age readers have shown it as stale, whether or not the sweep has come by.
        let stale = std::mem::take(&mut entry.stale) || entry.expires <= now.mono;
        entry.expires = now.mono.after(heartbeat);
        let (slot, expires) = (Arc::clone(&entry.slot), entry.expires);
        if stale {
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

/// What is recorded of a run that brought nothing in time: its task was blocked.
pub(super) fn overdue(timeout: Duration) -> Evidence {
    Evidence {
        status: Status::Unhealthy,
        cause: Cause::Timeout,
        message: Cow::Owned(format!(
            "no result within {timeout:?}, and its task is blocked"
        )),
        details: None,
        dropped: 0,
        error: None,
        measured: Measured::default(),
    }
}
