//! Carries a shutdown out: spawns what stops each component, keeps the time, aborts.
//!
//! It decides nothing; see `sequence`.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the driver, which owns the tasks"
)]

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::task::coop::unconstrained;

use crate::clock;
use crate::component::{How, StopFn};
use crate::isolation::isolated;
use crate::line::Line;
use crate::log::Log;
use crate::plan::Plan;
use crate::progress::{Known, Progress};
use crate::report::Report;
use crate::sequence::{Command, Finish, Id, Sequence};
use crate::shutdown::{Begun, Inner};
use crate::stop::{Stop, Tether};
use crate::task::{Awaited, Verdict};
#[cfg(all(feature = "systemd", unix))]
use crate::teller::Teller;

/// How stopping a component ended; `None` is a panic.
type Stopped = Option<Result<(), String>>;

/// Stops everything in `plan`.
pub(crate) async fn execute(inner: &Inner, begun: Begun, plan: Plan) -> Report {
    let mut execution = Execution::new(inner, begun, plan);
    let (mut commands, mut ended, mut verdicts) = (Vec::new(), Vec::new(), Vec::new());
    execution.step(|sequence, now| sequence.advance(now, &mut commands));
    let mut timer = std::pin::pin!(tokio::time::sleep_until(execution.wake_at().into()));
    loop {
        let mut finished = false;
        for command in commands.drain(..) {
            finished |= command == Command::Finish;
            execution.carry_out(command);
        }
        if finished {
            return execution.report();
        }
        let wake = execution.wake_at().into();
        if timer.deadline() != wake {
            timer.as_mut().reset(wake);
        }
        tokio::select! {
            biased;
            Some((id, stopped)) = execution.ended.recv() => {
                ended.extend(execution.outcome(id, stopped));
            }
            () = unconstrained(some(&mut execution.tasks, &mut verdicts)) => {}
            () = &mut timer => {}
        }
        // Thousands may end at once: they are one step.
        for (id, verdict) in verdicts.drain(..) {
            ended.extend(execution.judge(id, verdict));
        }
        while let Ok((id, stopped)) = execution.ended.try_recv() {
            ended.extend(execution.outcome(id, stopped));
        }
        execution.step(|sequence, now| {
            for (id, finish) in ended.drain(..) {
                sequence.ended(id, finish, now, &mut commands);
            }
            sequence.advance(now, &mut commands);
        });
    }
}

/// Waits until some of `tasks` have ended, and moves their ends to `into`. Cancel safe.
async fn some(tasks: &mut FuturesUnordered<Awaited>, into: &mut Vec<(Id, Option<Verdict>)>) {
    poll_fn(|cx| {
        while let Poll::Ready(Some(end)) = tasks.poll_next_unpin(cx) {
            into.push(end);
        }
        if into.is_empty() {
            Poll::Pending
        } else {
            Poll::Ready(())
        }
    })
    .await;
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
    waiting: Vec<Option<How>>,
    running: Vec<Option<AbortHandle>>,
    tethers: Vec<Tether>,
    /// Those that were told to end, and have not.
    tasks: FuturesUnordered<Awaited>,
    ends: mpsc::UnboundedSender<(Id, Stopped)>,
    /// Each that runs sends once; so there are never more than there are components.
    ended: mpsc::UnboundedReceiver<(Id, Stopped)>,
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
        let mut tethers = Vec::with_capacity(plan.parts.len());
        for part in plan.parts {
            let tether = Tether::default();
            tethers.push(tether.clone());
            waiting.push(Some(part.how));
            known.push(Known {
                name: part.name,
                phase: part.item.phase,
                tether,
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
        let (ends, ended) = mpsc::unbounded_channel();
        Self {
            log: &inner.log,
            progress,
            began: begun.at,
            running: waiting.iter().map(|_| None).collect(),
            waiting,
            tethers,
            tasks: FuturesUnordered::new(),
            ends,
            ended,
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
                if let Some(tether) = self.tethers.get(id) {
                    tether.hurry().cancel();
                }
                self.log.say(Line::Hurry(self.name(id)));
            }
            Command::Abort(id) => {
                if let Some(running) = self.take_running(id) {
                    running.abort();
                }
                self.log.say(Line::Abort(self.name(id)));
            }
            Command::Finish => self.log.say(Line::Ends(self.elapsed())),
        }
    }

    /// Begins to stop a component.
    fn stop(&mut self, id: Id) {
        let Some(how) = self.waiting.get_mut(id).and_then(Option::take) else {
            return;
        };
        let running = match how {
            How::Call(stop) => self.call(id, stop),
            How::Await(task) => {
                let (awaited, running) = task.stop(id);
                self.tasks.push(awaited);
                running
            }
        };
        if let Some(slot) = self.running.get_mut(id) {
            *slot = Some(running);
        }
    }

    /// Spawns what stops a component, its panics caught.
    fn call(&self, id: Id, stop: StopFn) -> AbortHandle {
        let tether = self.tethers.get(id).cloned().unwrap_or_default();
        let deadline = self.progress().sequence.hurries_at(id);
        let cx = Stop::new(tether, self.began + deadline.unwrap_or_default());
        let end = End {
            id,
            stopped: None,
            ends: self.ends.clone(),
        };
        tokio::spawn(end.of(stop, cx)).abort_handle()
    }

    /// What the end of a task is to the sequence: nothing yet if there is a verdict to be heard, which
    /// is foreign code.
    fn judge(&mut self, id: Id, verdict: Option<Verdict>) -> Option<(Id, Finish)> {
        let Some(verdict) = verdict else {
            return self.outcome(id, Some(Ok(())));
        };
        let running = self.call(id, Box::new(|_| Box::pin(async { verdict() })));
        if let Some(slot @ Some(_)) = self.running.get_mut(id) {
            *slot = Some(running);
        }
        None
    }

    fn take_running(&mut self, id: Id) -> Option<AbortHandle> {
        self.running.get_mut(id)?.take()
    }

    /// What the end of a component is to the sequence; nothing if it was aborted.
    fn outcome(&mut self, id: Id, stopped: Stopped) -> Option<(Id, Finish)> {
        self.take_running(id)?;
        let (finish, error) = match stopped {
            Some(Ok(())) => return Some((id, Finish::Done)),
            Some(Err(error)) => (Finish::Failed, error),
            None => (Finish::Panicked, "it panicked".to_owned()),
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

impl Drop for Execution<'_> {
    fn drop(&mut self) {
        for running in self.running.iter().flatten() {
            running.abort();
        }
    }
}

/// Tells the end of a component, however its task ends: dropping what it held may panic too.
struct End {
    id: Id,
    stopped: Stopped,
    ends: mpsc::UnboundedSender<(Id, Stopped)>,
}

impl End {
    /// Stops a component, its panics caught, those of its error included.
    async fn of(mut self, stop: StopFn, cx: Stop) {
        let stopping = || async { stop(cx).await.map_err(|error| error.to_string()) };
        self.stopped = isolated(stopping).await;
    }
}

impl Drop for End {
    fn drop(&mut self) {
        // Nobody listens if the shutdown itself was dropped.
        let _ = self.ends.send((self.id, self.stopped.take()));
    }
}
