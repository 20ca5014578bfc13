//! The pure engine: every decision about checks, scopes and the node's life.
//!
//! A fold: each method takes an event and the time, changes the state, and
//! leaves [`Effect`]s for the driver to carry out. No I/O, no runtime, no clock;
//! the simulator drives this very type.

mod asks;
pub(crate) mod effect;
pub(crate) mod entry;
mod life;
mod publish;
mod registry;
mod runs;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::aggregate::Aggregation;
use crate::event::{Event, EventKind};
use crate::exclusion;
use crate::log_gate::LogGate;
use crate::moment::{Moment, Now};
use crate::scope::{Audience, Published, Scope};
#[cfg(test)]
use crate::simulator::Fault;
use crate::state::CheckState;
use crate::status::{Cause, CheckStatus, Lifecycle, Probe};

pub(crate) use asks::Ask;
use effect::{Effect, LogLine};
use entry::{Entry, Key};
pub use registry::RegisterError;
pub(crate) use runs::Begin;

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
    /// One goes and another takes its name: nothing is concluded in between.
    replacing: bool,
    shutdown_deadline: Moment,
    serial: u64,
    seq: u64,
    sweep_at: Moment,
    probe_gate: LogGate,
    late_results: u64,
    effects: Vec<Effect>,
    /// Whether anybody hears of events.
    heard: bool,
    #[cfg(test)]
    pub(crate) fault: Option<Fault>,
}

impl Engine {
    /// A new engine, and what readers see of its probes.
    pub(crate) fn new(aggregation: &Aggregation) -> (Self, [Arc<Published>; 4]) {
        let scopes = [Probe::Health, Probe::Ready, Probe::Live, Probe::Startup].map(|probe| {
            let aggregation = match probe {
                Probe::Live => exclusion::of_liveness(),
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
            replacing: false,
            shutdown_deadline: Moment::NEVER,
            serial: 0,
            seq: 0,
            sweep_at: Moment::NEVER,
            probe_gate: LogGate::default(),
            late_results: 0,
            effects: Vec::new(),
            heard: true,
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
        #[cfg(test)]
        if self.planted(Fault::SequenceHole) && self.seq % 64 == 63 {
            self.seq += 1;
        }
        self.seq += 1;
        if self.heard {
            self.effects.push(Effect::Emit(Event {
                seq: self.seq,
                at: now.wall,
                kind,
            }));
        }
    }

    /// Whether events are to be left for the driver; they are numbered in any case.
    pub(crate) fn hear(&mut self, heard: bool) {
        self.heard = heard;
    }

    /// Makes an entry's changes count and visible, whatever they were.
    fn settle(&mut self, index: usize, error: Option<String>, now: Now) -> Option<Arc<CheckState>> {
        let entry = self.entries.get_mut(index)?.as_mut()?;
        let (state, from) = entry.show(now);
        let expires = entry.turns_at().unwrap_or(Moment::NEVER);
        let (before, after) = (entry.counted, entry.standing());
        entry.counted = after;
        let slot = Arc::clone(&entry.slot);
        let transition = state.status != from;
        let first = from == CheckStatus::Unknown || from == CheckStatus::Starting;
        // A check that comes up as expected is no news for the log, nor is a
        // component that goes with its node.
        let leaving = self.lifecycle >= Lifecycle::Stopping && state.cause == Cause::Dropped;
        let logged = transition && !(first && state.healthy()) && !leaving && entry.enabled;
        let said = if logged {
            entry.gate.admit(now.mono)
        } else {
            None
        };
        let reopens = entry.gate.reopens();
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
        if let Some(at) = reopens {
            self.sweep_by(at);
        }
        self.recount(index, before, after, now);
        #[cfg(test)]
        if self.planted(Fault::StoppingUndone) && self.lifecycle == Lifecycle::Stopping {
            self.lifecycle = Lifecycle::Running;
        }
        self.update_gate(index, now);
        Some(state)
    }

    #[cfg(test)]
    fn planted(&self, fault: Fault) -> bool {
        self.fault == Some(fault)
    }
}
