//! Carries a shutdown out: spawns what stops each component, keeps the time, aborts.
//!
//! It decides nothing; see `sequence`.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the driver, which owns the tasks"
)]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::{AbortHandle, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::clock;
use crate::component::{StopError, StopFn};
use crate::isolation::isolated;
use crate::line::Line;
use crate::log::Log;
use crate::plan::Plan;
use crate::progress::{Known, Progress};
use crate::report::Report;
use crate::sequence::{Command, Finish, Id, Sequence};
use crate::shutdown::{Begun, Inner};
use crate::stop::{Note, Stop};
#[cfg(all(feature = "systemd", unix))]
use crate::teller::Teller;

/// How stopping a component ended: `Err(None)` is a panic.
type Stopped = (Id, Result<(), Option<StopError>>);

/// Stops everything in `plan`.
pub(crate) async fn execute(inner: &Inner, begun: Begun, plan: Plan) -> Report {
    let mut execution = Execution::new(inner, begun, plan);
    let mut commands = Vec::new();
    execution.step(|sequence, now| sequence.advance(now, &mut commands));
    loop {
        let mut finished = false;
        for command in commands.drain(..) {
            finished |= command == Command::Finish;
            execution.carry_out(command);
        }
        if finished {
            return execution.report();
        }
        let wake = execution.wake_at();
        let joined = tokio::select! {
            Some(joined) = execution.tasks.join_next() => Some(joined),
            () = tokio::time::sleep_until(wake.into()) => None,
        };
        match joined.and_then(|joined| execution.outcome(joined)) {
            Some((id, finish)) => {
                execution.step(|sequence, now| sequence.ended(id, finish, now, &mut commands));
            }
            None => execution.step(|sequence, now| sequence.advance(now, &mut commands)),
        }
    }
}

/// Awaits `execution`, and has systemd told meanwhile how it is.
#[cfg(all(feature = "systemd", unix))]
pub(crate) async fn while_telling_systemd(
    inner: &Inner,
    teller: &Teller,
    execution: impl Future<Output = Report>,
) -> Report {
    let mut pulse = tokio::time::interval(crate::systemd::pulse(teller.watchdog));
    // What a suspension has missed is not made up for.
    pulse.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut execution = std::pin::pin!(execution);
    loop {
        let ended = tokio::select! {
            report = &mut execution => Some(report),
            _ = pulse.tick() => None,
        };
        teller.tell(Teller::look(inner, true));
        if let Some(report) = ended {
            return report;
        }
    }
}

/// What is being executed. Dropped, it aborts what it has begun to stop.
struct Execution<'a> {
    log: &'a Log,
    progress: Arc<Mutex<Progress>>,
    began: Instant,
    waiting: Vec<Option<StopFn>>,
    running: Vec<Option<Running>>,
    notes: Vec<Note>,
    tasks: JoinSet<Stopped>,
}

struct Running {
    hurry: CancellationToken,
    abort: AbortHandle,
}

impl<'a> Execution<'a> {
    fn new(inner: &'a Inner, begun: Begun, plan: Plan) -> Self {
        let mut bounds = plan.bounds;
        if begun.reason.is_interactive() {
            bounds.drain_delay = Duration::ZERO;
        }
        let items = plan.parts.iter().map(|part| part.item).collect();
        let mut known = Vec::with_capacity(plan.parts.len());
        let mut waiting = Vec::with_capacity(plan.parts.len());
        let mut notes = Vec::with_capacity(plan.parts.len());
        for part in plan.parts {
            let note = Note::default();
            notes.push(note.clone());
            waiting.push(Some(part.stop));
            known.push(Known {
                name: part.name,
                phase: part.item.phase,
                note,
                error: None,
            });
        }
        let progress = Arc::new(Mutex::new(Progress {
            reason: begun.reason,
            began: begun.wall,
            sequence: Sequence::new(items, bounds),
            parts: known,
        }));
        inner.show(Arc::clone(&progress));
        Self {
            log: &inner.log,
            progress,
            began: begun.at,
            running: waiting.iter().map(|_| None).collect(),
            waiting,
            notes,
            tasks: JoinSet::new(),
        }
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elapsed(&self) -> Duration {
        clock::instant().saturating_duration_since(self.began)
    }

    /// One step of the sequence at the present time.
    fn step(&self, step: impl FnOnce(&mut Sequence, Duration)) {
        let now = self.elapsed();
        step(&mut self.progress().sequence, now);
    }

    fn wake_at(&self) -> Instant {
        let wake = self.progress().sequence.wake_at();
        self.began + wake.unwrap_or_default()
    }

    /// Does what is commanded, and says so.
    fn carry_out(&mut self, command: Command) {
        match command {
            Command::Enter(phase) => self.log.say(Line::Phase(phase)),
            Command::Stop(id) => self.stop(id),
            Command::Hurry(id) => {
                if let Some(running) = self.running_mut(id) {
                    running.hurry.cancel();
                }
                self.log.say(Line::Hurry(self.name(id)));
            }
            Command::Abort(id) => {
                if let Some(running) = self.running_mut(id) {
                    running.abort.abort();
                }
                self.log.say(Line::Abort(self.name(id)));
            }
            Command::Finish => self.log.say(Line::Ends(self.elapsed())),
        }
    }

    /// Spawns what stops a component, its panics caught.
    fn stop(&mut self, id: Id) {
        let Some(stop) = self.waiting.get_mut(id).and_then(Option::take) else {
            return;
        };
        let hurry = CancellationToken::new();
        let note = self.notes.get(id).cloned().unwrap_or_default();
        let deadline = self.progress().sequence.hurries_at(id);
        let cx = Stop::new(
            hurry.clone(),
            self.began + deadline.unwrap_or_default(),
            note,
        );
        let abort = self
            .tasks
            .spawn(async move { (id, stopped(stop, cx).await) });
        if let Some(running) = self.running.get_mut(id) {
            *running = Some(Running { hurry, abort });
        }
    }

    fn running_mut(&mut self, id: Id) -> Option<&mut Running> {
        self.running.get_mut(id)?.as_mut()
    }

    /// What a task that has ended says; nothing if it was aborted.
    fn outcome(&self, joined: Result<Stopped, JoinError>) -> Option<(Id, Finish)> {
        let (id, result) = joined.ok()?;
        let (finish, error) = match result {
            Ok(()) => return Some((id, Finish::Done)),
            Err(Some(error)) => (Finish::Failed, error.to_string()),
            Err(None) => (Finish::Panicked, "it panicked".to_owned()),
        };
        self.progress().failed(id, error.clone());
        let component = self.name(id);
        self.log.say(Line::Failed { component, error });
        Some((id, finish))
    }

    fn name(&self, id: Id) -> String {
        self.progress().name(id).to_owned()
    }

    fn report(&self) -> Report {
        self.progress().report(self.elapsed(), false)
    }
}

/// Stops a component; a panic on the way is `Err(None)`.
async fn stopped(stop: StopFn, cx: Stop) -> Result<(), Option<StopError>> {
    match isolated(move || stop(cx)).await {
        Some(result) => result.map_err(Some),
        None => Err(None),
    }
}
