//! The thin driver: holds the engine behind its lock, tells it the time, and
//! carries out what it asks for. It decides nothing.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use tokio::sync::broadcast;

use crate::aggregate::Aggregation;
use crate::clock::{Clock, WallClock};
use crate::directory::Directory;
use crate::engine::Engine;
use crate::engine::effect::{Effect, LogLine};
use crate::event::Event;
use crate::log::Unlogged;
use crate::moment::Now;
use crate::reader::{GroupView, Reader};
use crate::redact::Redaction;
use crate::scope::{Audience, Published};
use crate::section::Sections;
use crate::wake::Wake;

/// How many events a slow subscriber may lie behind before it loses the oldest.
const EVENT_BACKLOG: usize = 256;

/// The engine with the wall clock that its steps are shown.
#[derive(Debug)]
struct Driven {
    engine: Engine,
    wall: WallClock,
}

/// What handles, tasks and readers of one `Health` share.
#[derive(Debug)]
pub(crate) struct Shared {
    engine: Mutex<Driven>,
    pub(crate) clock: Arc<Clock>,
    pub(crate) reader: Arc<Reader>,
    pub(crate) redaction: Redaction,
    pub(crate) sections: Sections,
    events: broadcast::Sender<Arc<Event>>,
    /// Whether there has been a subscriber; until then no event is made.
    heard: AtomicBool,
    /// Tells the sweeper that it is wanted earlier.
    pub(crate) sweep: Wake,
    /// Whether the process was suspended, which the engine has not been told yet.
    resumed: AtomicBool,
    pub(crate) observer_panics: AtomicU64,
}

impl Shared {
    pub(crate) fn new(
        reader: impl FnOnce([Arc<Published>; 4]) -> Reader,
        aggregation: &Aggregation,
        redaction: Redaction,
        clock: Clock,
    ) -> Self {
        let (mut engine, probes) = Engine::new(aggregation);
        let reader = reader(probes);
        let (events, _) = broadcast::channel(EVENT_BACKLOG);
        let effects = std::mem::take(engine.effects());
        let shared = Self {
            engine: Mutex::new(Driven {
                engine,
                wall: WallClock::new(),
            }),
            clock: Arc::new(clock),
            reader: Arc::new(reader),
            redaction,
            sections: Sections::default(),
            events,
            heard: AtomicBool::new(false),
            sweep: Wake::default(),
            resumed: AtomicBool::new(false),
            observer_panics: AtomicU64::new(0),
        };
        for effect in effects {
            shared.carry_out(effect);
        }
        shared
    }

    /// Takes one step of the engine at the present time, and carries it out.
    ///
    /// Publishing happens under the lock, so that it happens in order; the log
    /// is written after it, because a subscriber may block.
    pub(crate) fn act<R>(&self, step: impl FnOnce(&mut Engine, Now) -> R) -> R {
        let driven = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let (result, unlogged) = self.step(driven, step);
        unlogged.write();
        result
    }

    /// The same for whoever must not wait for the log.
    pub(crate) fn act_unlogged(&self, step: impl FnOnce(&mut Engine, Now)) -> Unlogged {
        let driven = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        self.step(driven, step).1
    }

    fn step<R>(
        &self,
        mut driven: MutexGuard<'_, Driven>,
        step: impl FnOnce(&mut Engine, Now) -> R,
    ) -> (R, Unlogged) {
        let mut lines = Vec::new();
        let Driven { engine, wall } = &mut *driven;
        let uptime = self.clock.uptime();
        let now = Now {
            mono: self.clock.pace.moment(uptime),
            wall: wall.at(uptime),
        };
        engine.hear(self.heard.load(Ordering::Acquire));
        let result = step(engine, now);
        let mut effects = std::mem::take(engine.effects());
        for effect in effects.drain(..) {
            lines.extend(self.carry_out(effect));
        }
        // Keeps the buffer, so that a step does not allocate it anew.
        *engine.effects() = effects;
        (result, Unlogged(lines))
    }

    fn carry_out(&self, effect: Effect) -> Option<LogLine> {
        let mut changed = true;
        match effect {
            Effect::Show {
                slot,
                state,
                expires,
            } => slot.publish(state, expires),
            Effect::Publish {
                scope,
                table,
                expiries,
                text,
            } => {
                // Before the table: whoever sees the new verdict finds its sentence.
                if let Some(text) = text {
                    scope.text.store(text);
                }
                scope.cell.publish(table, expiries);
            }
            Effect::Enter(slot) => {
                self.reader
                    .directory
                    .rcu(|held| held.with(Arc::clone(&slot)));
            }
            Effect::Leave(slot) => {
                self.reader.directory.rcu(|held| held.without(&slot));
                slot.close();
            }
            Effect::Lifecycle(lifecycle) => self.reader.set_lifecycle(lifecycle),
            effect => {
                changed = false;
                match effect {
                    Effect::Extend { slot, expires } => slot.extend(expires),
                    Effect::Demand { scope, due } => scope.cell.set_demand(due),
                    Effect::Wake(slot) => slot.wake.tell(),
                    Effect::Close(slot) => slot.close(),
                    Effect::Finished(slot) => slot.finished.notify_waiters(),
                    Effect::Sweep => self.sweep.tell(),
                    Effect::Emit(event) => {
                        // An error means that the last receiver has left.
                        let _ = self.events.send(Arc::new(event));
                    }
                    Effect::Log(line) => return Some(line),
                    _ => {}
                }
            }
        }
        if changed {
            self.reader.changed();
        }
        None
    }

    /// The process was suspended. The sweeper tells the engine, whose lock may be
    /// held for long where somebody's aggregation is.
    pub(crate) fn resume(&self) {
        self.resumed.store(true, Ordering::Release);
        self.sweep.tell();
    }

    /// Whether it was suspended since this was last asked.
    pub(crate) fn take_resumed(&self) -> bool {
        self.resumed.load(Ordering::Acquire) && self.resumed.swap(false, Ordering::AcqRel)
    }

    /// A stream of events from now on. Until the first one, none are made.
    pub(crate) fn listen(&self) -> broadcast::Receiver<Arc<Event>> {
        self.heard.store(true, Ordering::Release);
        self.events.subscribe()
    }

    /// Makes the groups that the engine knows known to readers.
    pub(crate) fn publish_groups(&self) {
        let driven = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        let views = driven
            .engine
            .scopes()
            .iter()
            .filter_map(|scope| match &scope.audience {
                Audience::Probe(_) => None,
                Audience::Group { name, members } => Some(GroupView::new(
                    Arc::clone(name),
                    members.clone(),
                    scope.aggregation.clone(),
                    Arc::clone(&scope.published),
                )),
            });
        self.reader
            .groups
            .store(Arc::new(views.map(Arc::new).collect()));
        // What is shown of a node may name its groups.
        self.reader.changed();
    }

    pub(crate) fn count_observer_panic(&self) {
        self.observer_panics.fetch_add(1, Ordering::Relaxed);
    }
}

/// The directory as readers hold it.
pub(crate) fn empty_directory() -> ArcSwap<Directory> {
    ArcSwap::from_pointee(Directory::default())
}
