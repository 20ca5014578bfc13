//! The world around the engine: readers, tasks, the sweeper and time, all simulated.
//!
//! It carries effects out as the driver does, and wakes tasks as the runner
//! does; the models of the oracle live beside the objects that readers see.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::aggregate::Aggregation;
use crate::engine::Engine;
use crate::engine::effect::Effect;
use crate::engine::entry::Key;
use crate::event::{Event, EventKind};
use crate::evidence::Evidence;
use crate::moment::{Moment, Now};
use crate::scope::Published;
use crate::slot::Slot;
use crate::status::Lifecycle;

use super::Fault;
use super::oracle::Model;
use super::violation::{Held, Invariant};

/// What the task of one check is doing.
#[derive(Debug)]
pub(super) struct Task {
    pub(super) key: Key,
    pub(super) slot: Arc<Slot>,
    pub(super) name: String,
    /// When its timer fires.
    pub(super) until: Moment,
    pub(super) woken: bool,
    pub(super) run: Option<Planned>,
}

/// A run under way, and how it is going to end.
#[derive(Debug)]
pub(super) struct Planned {
    pub(super) number: u64,
    pub(super) ends: Moment,
    pub(super) evidence: Evidence,
    /// When an earlier run measured what this one says again.
    pub(super) earlier: Option<Moment>,
}

#[derive(Debug)]
pub(super) struct GroupModel {
    pub(super) name: String,
    pub(super) aggregation: Aggregation,
}

#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) now: Moment,
    /// How far the wall clock is from the truth, in seconds.
    pub(super) wall_error: i64,
    pub(super) probes: [Arc<Published>; 4],
    pub(super) directory: BTreeMap<String, Arc<Slot>>,
    pub(super) aggregation: Aggregation,
    pub(super) models: BTreeMap<String, Model>,
    pub(super) groups: Vec<GroupModel>,
    pub(super) tasks: Vec<Task>,
    pub(super) started: bool,
    pub(super) lifecycle: Lifecycle,
    pub(super) proven: bool,
    pub(super) deadline: Moment,
    /// When the sweeper's timer fires, and whether anything ever lets it.
    pub(super) sweeper: Moment,
    pub(super) starved: bool,
    /// Whether the step just taken was a sweep.
    pub(super) swept: bool,
    pub(super) seen_lifecycle: Lifecycle,
    pub(super) late_results: u64,
    pub(super) seq: u64,
    pub(super) broken: Held,
    pub(super) steps: u64,
    trace: DefaultHasher,
}

impl World {
    pub(super) fn new(aggregation: Aggregation, fault: Option<Fault>) -> Self {
        let (mut engine, probes) = Engine::new(&aggregation);
        engine.fault = fault;
        let mut world = Self {
            engine,
            now: Moment(0),
            wall_error: 0,
            probes,
            directory: BTreeMap::new(),
            aggregation,
            models: BTreeMap::new(),
            groups: Vec::new(),
            tasks: Vec::new(),
            started: false,
            lifecycle: Lifecycle::Starting,
            proven: false,
            deadline: Moment::NEVER,
            sweeper: Moment::NEVER,
            starved: false,
            swept: false,
            seen_lifecycle: Lifecycle::Starting,
            late_results: 0,
            seq: 0,
            broken: Ok(()),
            steps: 0,
            trace: DefaultHasher::new(),
        };
        world.carry_out();
        world
    }

    pub(super) fn at(&self) -> Now {
        let epoch = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
        let wall = epoch + Duration::from_nanos(self.now.0);
        let error = Duration::from_secs(self.wall_error.unsigned_abs());
        Now {
            mono: self.now,
            wall: if self.wall_error < 0 {
                wall - error
            } else {
                wall + error
            },
        }
    }

    /// One step of the engine, carried out.
    pub(super) fn act<R>(&mut self, step: impl FnOnce(&mut Engine, Now) -> R) -> R {
        let now = self.at();
        let result = step(&mut self.engine, now);
        self.carry_out();
        result
    }

    fn carry_out(&mut self) {
        for effect in std::mem::take(self.engine.effects()) {
            match effect {
                Effect::Show {
                    slot,
                    state,
                    expires,
                } => slot.publish(state, expires),
                Effect::Extend { slot, expires } => slot.extend(expires),
                Effect::Publish {
                    scope,
                    table,
                    expiries,
                    text,
                } => {
                    if let Some(text) = text {
                        scope.text.store(text);
                    }
                    scope.cell.publish(table, expiries);
                }
                Effect::Demand { scope, due } => scope.cell.set_demand(due),
                Effect::Enter(slot) => {
                    self.directory.insert(slot.name.to_string(), slot);
                }
                Effect::Leave(slot) => {
                    if self
                        .directory
                        .get(&*slot.name)
                        .is_some_and(|held| Arc::ptr_eq(held, &slot))
                    {
                        self.directory.remove(&*slot.name);
                    }
                    slot.close();
                }
                Effect::Wake(slot) => {
                    let task = self.tasks.iter_mut().find(|t| Arc::ptr_eq(&t.slot, &slot));
                    if let Some(task) = task {
                        task.woken = true;
                    }
                }
                Effect::Sweep => self.sweeper = self.engine.sweep_at(),
                Effect::Lifecycle(to) => self.enter(to),
                Effect::Emit(event) => self.hear(&event),
                Effect::Close(slot) => slot.close(),
                Effect::Finished(_) | Effect::Log(_) => {}
            }
        }
    }

    fn enter(&mut self, to: Lifecycle) {
        let from = std::mem::replace(&mut self.seen_lifecycle, to);
        let onward = Invariant::Stopping.demands(from < to, || format!("went from {from} to {to}"));
        self.note(onward);
    }

    fn hear(&mut self, event: &Event) {
        let consecutive =
            Invariant::Sequence.equal("number of an event", &event.seq, &(self.seq + 1));
        self.note(consecutive);
        self.seq = event.seq;
        let now = self.now.0;
        match &event.kind {
            EventKind::Transition { check, from } => {
                (now, check.name(), *from as u8, check.status as u8).hash(&mut self.trace);
            }
            EventKind::Probe {
                probe, to, passing, ..
            } => (now, *probe as u8, *to as u8, passing).hash(&mut self.trace),
            EventKind::Lifecycle { to, .. } => (now, *to as u8).hash(&mut self.trace),
            EventKind::Result { check } => (now, check.name(), check.runs).hash(&mut self.trace),
            EventKind::Registered { .. } | EventKind::Unregistered { .. } => {}
        }
    }

    /// Keeps the first violation that shows while effects are carried out.
    pub(super) fn note(&mut self, held: Held) {
        if self.broken.is_ok() {
            self.broken = held;
        }
    }

    /// All transitions and results so far, as one number.
    pub(super) fn trace(&self) -> u64 {
        self.trace.finish()
    }

    /// Whether anything runs checks and sweeps.
    pub(super) fn alive(&self) -> bool {
        self.started && self.lifecycle < Lifecycle::Stopped
    }

    /// By the rules: leaves `Starting` once nothing is awaited.
    pub(super) fn advance_model(&mut self) {
        if self.lifecycle == Lifecycle::Starting
            && self.started
            && !self.models.values().any(Model::awaited)
        {
            self.lifecycle = Lifecycle::Running;
            self.proven = true;
        }
    }
}
