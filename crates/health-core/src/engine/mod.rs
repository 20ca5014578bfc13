//! The pure engine: every decision about checks, scopes and the node's life.
//!
//! A fold: each method takes an event and the time, changes the state, and
//! leaves [`Effect`]s for the driver to carry out. No I/O, no runtime, no clock;
//! the simulator drives this very type.

pub(crate) mod effect;
pub(crate) mod entry;
mod life;
mod registry;
mod runs;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::aggregate::{Aggregation, COUNTED};
use crate::event::{Event, EventKind};
use crate::log_gate::LogGate;
use crate::moment::{Moment, Now};
use crate::scope::{Audience, Published, Rank, Scope};
use crate::state::CheckState;
use crate::status::{CheckStatus, Impact, Lifecycle, Probe};
use crate::wording;

use effect::{Effect, LogLine};
use entry::{Counted, Entry, Key};
pub use registry::RegisterError;
pub(crate) use runs::{Ask, Begin};

#[derive(Debug)]
pub(crate) struct Engine {
    entries: Vec<Option<Entry>>,
    free: BTreeSet<usize>,
    names: BTreeMap<Arc<str>, usize>,
    /// The probes in their order, then the groups.
    scopes: Vec<Scope>,
    lifecycle: Lifecycle,
    /// Whether the node has been running once.
    proven: bool,
    started: Option<Moment>,
    /// The names without which the node cannot leave `Starting`.
    awaited: BTreeSet<Arc<str>>,
    shutdown_deadline: Moment,
    serial: u64,
    seq: u64,
    sweep_at: Moment,
    probe_gate: LogGate,
    late_results: u64,
    effects: Vec<Effect>,
    #[cfg(test)]
    pub(crate) fault: Option<crate::simulator::Fault>,
}

impl Engine {
    /// A new engine, and what readers see of its probes.
    pub(crate) fn new(aggregation: &Aggregation) -> (Self, [Arc<Published>; 4]) {
        let scopes = [Probe::Health, Probe::Ready, Probe::Live, Probe::Startup].map(|probe| {
            let aggregation = match probe {
                // A restart is no remedy for a missing quorum elsewhere.
                Probe::Live => Aggregation::WorstOf,
                _ => aggregation.clone(),
            };
            Scope::new(Audience::Probe(probe), aggregation)
        });
        let published = scopes.each_ref().map(|scope| Arc::clone(&scope.published));
        let mut engine = Self {
            entries: Vec::new(),
            free: BTreeSet::new(),
            names: BTreeMap::new(),
            scopes: scopes.into(),
            lifecycle: Lifecycle::Starting,
            proven: false,
            started: None,
            awaited: BTreeSet::new(),
            shutdown_deadline: Moment::NEVER,
            serial: 0,
            seq: 0,
            sweep_at: Moment::NEVER,
            probe_gate: LogGate::default(),
            late_results: 0,
            effects: Vec::new(),
            #[cfg(test)]
            fault: None,
        };
        for index in 0..engine.scopes.len() {
            engine.refresh(index, None);
        }
        (engine, published)
    }

    /// What the last steps ask for, in order.
    pub(crate) fn effects(&mut self) -> &mut Vec<Effect> {
        &mut self.effects
    }

    pub(crate) fn lifecycle(&self) -> Lifecycle {
        self.lifecycle
    }

    pub(crate) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// Results that came after their check was gone or given up.
    pub(crate) fn late_results(&self) -> u64 {
        self.late_results
    }

    fn entry(&self, key: Key) -> Option<&Entry> {
        self.entries
            .get(key.index)?
            .as_ref()
            .filter(|entry| entry.key == key)
    }

    fn entry_mut(&mut self, key: Key) -> Option<&mut Entry> {
        self.entries
            .get_mut(key.index)?
            .as_mut()
            .filter(|entry| entry.key == key)
    }

    pub(crate) fn key(&self, name: &str) -> Option<Key> {
        let index = *self.names.get(name)?;
        self.entries.get(index)?.as_ref().map(|entry| entry.key)
    }

    fn emit(&mut self, kind: EventKind, now: Now) {
        self.seq += 1;
        self.effects.push(Effect::Emit(Event {
            seq: self.seq,
            at: now.wall,
            kind,
        }));
    }

    /// Makes an entry's changes count and visible, whatever they were.
    fn settle(&mut self, index: usize, error: Option<String>, now: Now) -> Option<Arc<CheckState>> {
        let entry = self.entries.get_mut(index)?.as_mut()?;
        let (state, from) = entry.show(now);
        let expires = if entry.stale {
            Moment::NEVER
        } else {
            entry.expires
        };
        let (before, after) = (entry.counted, entry.standing());
        entry.counted = after;
        let slot = Arc::clone(&entry.slot);
        let name = Arc::clone(&slot.name);
        let awaited = entry.awaited();
        let transition = state.status != from;
        let first = from == CheckStatus::Unknown || from == CheckStatus::Starting;
        // A check that comes up as expected is no news for the log.
        let logged = transition && !(first && state.healthy()) && entry.enabled;
        let said = if logged {
            entry.gate.admit(now.mono)
        } else {
            None
        };
        self.effects.push(Effect::Show {
            slot,
            state: Arc::clone(&state),
            expires,
        });
        if transition {
            self.emit(
                EventKind::Transition {
                    check: Arc::clone(&state),
                    from,
                },
                now,
            );
        }
        if let Some(suppressed) = said {
            let state = Arc::clone(&state);
            self.effects.push(Effect::Log(LogLine::Check {
                state,
                from,
                error,
                suppressed,
            }));
        }
        self.recount(index, before, after, &name, now);
        self.await_name(&name, awaited, now);
        Some(state)
    }

    /// Moves the tallies of the entry's scopes, and what they publish.
    fn recount(
        &mut self,
        index: usize,
        before: Option<Counted>,
        after: Option<Counted>,
        name: &Arc<str>,
        now: Now,
    ) {
        #[cfg(test)]
        let after = if self.planted(crate::simulator::Fault::TalliesDrift) {
            before.or(after)
        } else {
            after
        };
        let Some(entry) = self.entries.get(index).and_then(Option::as_ref) else {
            return;
        };
        let expires = entry.expires;
        let memberships = entry.memberships.len();
        for i in 0..memberships {
            let Some((scope_index, impact)) = self.membership(index, i) else {
                continue;
            };
            let Some(scope) = self.scopes.get_mut(scope_index) else {
                continue;
            };
            // Liveness never fails for lack of evidence.
            let live = scope.is_live();
            let counts = |c: &Counted| !(live && c.status.is_none());
            let (before, after) = (before.filter(counts), after.filter(counts));
            let lowered =
                after.is_some_and(|c| c.status.is_some()) && !live && lower(scope, impact, expires);
            if before == after {
                if lowered {
                    self.publish(scope_index, None);
                }
                continue;
            }
            if let Some(old) = before {
                scope.tallies.remove(impact, old.status, old.score);
                if let Some(rank) = Rank::of(impact, old.status) {
                    scope.failing.remove(&(rank, Arc::clone(name)));
                }
            }
            if let Some(new) = after {
                scope.tallies.add(impact, new.status, new.score);
                if let Some(rank) = Rank::of(impact, new.status) {
                    scope.failing.insert((rank, Arc::clone(name)));
                }
            }
            if before.map(|c| c.status) != after.map(|c| c.status) {
                self.refresh(scope_index, Some(now));
            } else if scope.aggregation.reads_scores() {
                let table = scope.entries(self.lifecycle, self.proven);
                if !table.same_entries(scope.table) {
                    self.refresh(scope_index, Some(now));
                }
            }
        }
    }

    fn membership(&self, index: usize, i: usize) -> Option<(usize, Impact)> {
        self.entries
            .get(index)?
            .as_ref()?
            .memberships
            .get(i)
            .copied()
    }

    /// Works a scope's table and sentence out anew, under a new stamp.
    fn refresh(&mut self, scope_index: usize, now: Option<Now>) {
        let Some(scope) = self.scopes.get_mut(scope_index) else {
            return;
        };
        let old = scope.table.verdict(0);
        scope.table = scope
            .entries(self.lifecycle, self.proven)
            .stamped(scope.table.stamp() + 1);
        let new = scope.table.verdict(0);
        let failing = scope.failing.iter().map(|(_, name)| name.as_ref());
        let message = match (self.lifecycle, &scope.audience) {
            (Lifecycle::Starting, Audience::Probe(Probe::Live)) if new.passing => {
                "alive, starting".into()
            }
            (Lifecycle::Starting, audience)
                if !matches!(audience, Audience::Probe(Probe::Live)) =>
            {
                wording::starting(
                    self.started.is_some(),
                    self.awaited.iter().map(AsRef::as_ref),
                )
            }
            (Lifecycle::Stopping | Lifecycle::Stopped, _) => wording::ending(self.lifecycle).into(),
            (_, Audience::Probe(Probe::Startup)) => "started".into(),
            (_, Audience::Probe(Probe::Live)) if scope.tallies.total() == 0 => "alive".into(),
            _ => wording::evident(&scope.tallies, failing),
        };
        self.publish(scope_index, Some(Arc::clone(&message)));
        let Some(now) = now.filter(|_| (old.status, old.passing) != (new.status, new.passing))
        else {
            return;
        };
        let Some(Audience::Probe(probe)) = self
            .scopes
            .get(scope_index)
            .map(|scope| scope.audience.clone())
        else {
            return;
        };
        let (from, to) = (old.status, new.status);
        self.emit(
            EventKind::Probe {
                probe,
                from,
                to,
                passing: new.passing,
            },
            now,
        );
        if let Some(suppressed) = (probe == Probe::Ready)
            .then(|| self.probe_gate.admit(now.mono))
            .flatten()
        {
            self.effects.push(Effect::Log(LogLine::Probe {
                probe,
                from,
                to,
                message,
                suppressed,
            }));
        }
    }

    fn publish(&mut self, scope_index: usize, message: Option<Arc<str>>) {
        let Some(scope) = self.scopes.get(scope_index) else {
            return;
        };
        let stopping = self.lifecycle >= Lifecycle::Stopping;
        let expiries = if scope.is_live() {
            // Past the deadline of the shutdown, the reader itself fails liveness.
            [
                if stopping {
                    self.shutdown_deadline
                } else {
                    Moment::NEVER
                },
                Moment::NEVER,
            ]
        } else if stopping {
            [Moment::NEVER; 2]
        } else {
            scope.expiries
        };
        let text = message.map(|message| {
            Arc::new(wording::ScopeText {
                table: scope.table,
                message,
            })
        });
        let (scope, table) = (Arc::clone(&scope.published), scope.table);
        self.effects.push(Effect::Publish {
            scope,
            table,
            expiries,
            text,
        });
    }

    #[cfg(test)]
    fn planted(&self, fault: crate::simulator::Fault) -> bool {
        self.fault == Some(fault)
    }
}

/// Lowers the bound of the class of `impact` to `expires`; whether it moved.
fn lower(scope: &mut Scope, impact: Impact, expires: Moment) -> bool {
    let class = COUNTED.iter().position(|counted| *counted == impact);
    match class.and_then(|class| scope.expiries.get_mut(class)) {
        Some(bound) if expires < *bound => {
            *bound = expires;
            true
        }
        _ => false,
    }
}
