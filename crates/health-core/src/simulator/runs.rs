//! Steps of a check's task: its run begins, and ends one way or another.
//!
//! Each happens to the engine and to the oracle; when, is drawn in `schedule`.

use std::time::Duration;

use crate::engine::Begin;
use crate::evidence::Measured;
use crate::moment::Moment;
use crate::spec::Schedule as Plan;
use crate::status::{Cause, Status};

use super::oracle::{LENIENCE, Model, Run};
use super::random::Random;
use super::schedule::Schedule;
use super::specs;
use super::violation::{Held, Invariant};
use super::world::{Planned, Task};

impl Schedule {
    /// Something else than its task wants to start a check that runs.
    pub(super) fn intrude(&mut self) -> Held {
        let running = |(at, task): (usize, &Task)| task.run.is_some().then_some(at);
        let running: Vec<_> = self
            .world
            .tasks
            .iter()
            .enumerate()
            .filter_map(running)
            .collect();
        if running.is_empty() {
            return self.tick();
        }
        let task = self.random.pick(&running);
        self.begin(task)
    }

    pub(super) fn begin(&mut self, task: usize) -> Held {
        let world = &mut self.world;
        let key = world.tasks[task].key;
        let ran = world.tasks[task].run.is_some();
        world.tasks[task].woken &= ran;
        let begin = world.act(|engine, now| engine.begin(key, now));
        let alive = world.alive();
        let task = &mut world.tasks[task];
        let model = world.models.get_mut(&task.name).filter(|m| m.key == key);
        match begin {
            Begin::Gone => task.until = Moment::NEVER,
            Begin::Wait(until) => {
                task.until = until;
                let asked = model.is_some_and(|m| alive && m.asked && m.run.is_none());
                Invariant::Asks.demands(!asked, || format!("{} was asked for", task.name))?;
            }
            Begin::Run {
                number, deadline, ..
            } => {
                let name = &task.name;
                let Some(model) = model else {
                    return Invariant::OneRun
                        .demands(false, || format!("{name} is gone, and runs"));
                };
                let clear = model.run.is_none() && model.enabled && alive;
                Invariant::OneRun.demands(clear, || format!("{name} must not run now"))?;
                Invariant::OneRun.equal("run number", &number, &(model.started_runs + 1))?;
                let due = world.now.after(model.spec.timeout);
                Invariant::Timeliness.equal("deadline of a run", &deadline, &due)?;
                model.began(number, world.now);
                task.run = Some(plan(
                    &mut self.random,
                    number,
                    world.now,
                    model.spec.timeout,
                ));
            }
        }
        Ok(())
    }

    pub(super) fn finish(&mut self, task: usize) -> Held {
        let world = &mut self.world;
        let (key, now) = (world.tasks[task].key, world.now);
        let Some(mut run) = world.tasks[task].run.take() else {
            return Ok(());
        };
        let measured = run.earlier.unwrap_or(now);
        run.evidence.measured = Measured {
            at: measured.since(Moment(0)),
            ago: run.earlier.map(|earlier| now.since(earlier)),
        };
        let (status, cause) = (run.evidence.status, run.evidence.cause);
        let sweeps = world.engine.sweep_at() <= now;
        let next = world.act(|engine, now| engine.finish(key, run.number, run.evidence, now));
        let alive = world.alive();
        let task = &mut world.tasks[task];
        let Some(model) = world.models.get_mut(&task.name).filter(|m| m.key == key) else {
            world.late_results += 1;
            task.until = Moment::NEVER;
            let gone = matches!(next, Begin::Gone);
            return Invariant::OneRun.demands(gone, || format!("{} is gone", task.name));
        };
        world.late_results += u64::from(!model.finished(status, cause, run.earlier, now));
        if sweeps {
            world.models.values_mut().for_each(|model| model.sweep(now));
        }
        if let Begin::Wait(until) = next {
            task.until = until;
        }
        let Some(model) = world.models.get(&task.name).filter(|_| alive) else {
            return Ok(());
        };
        let latest = model.latest_start(now);
        Invariant::Timeliness.demands(task.until <= latest, || {
            let until = task.until;
            format!("{} is to start at {until:?}, not by {latest:?}", task.name)
        })
    }
}

impl Model {
    fn began(&mut self, number: u64, now: Moment) {
        self.asked = false;
        self.started_runs = number;
        self.run = Some(Run {
            deadline: now.after(self.spec.timeout),
            given_up: false,
        });
    }

    /// Whether the result counts.
    fn finished(
        &mut self,
        status: Status,
        cause: Cause,
        earlier: Option<Moment>,
        now: Moment,
    ) -> bool {
        let Some(run) = self.run.take() else {
            return false;
        };
        if run.given_up || !self.enabled {
            return false;
        }
        let late = run.deadline.after(LENIENCE) <= now;
        if late && status != Status::Unhealthy {
            self.record(Status::Unhealthy, Cause::Timeout, now);
        } else if !late && self.answered && earlier.is_some_and(|at| at <= self.measured) {
            self.runs += 1;
        } else {
            self.record_measured(status, cause, earlier.unwrap_or(now), now);
        }
        true
    }

    /// By when it must start again at the latest.
    fn latest_start(&self, now: Moment) -> Moment {
        let spec = &self.spec;
        match spec.schedule {
            _ if !self.enabled => Moment::NEVER,
            Plan::OnDemand(_) if self.answered => Moment::NEVER,
            schedule => now
                .after(schedule.period().max(spec.initial_delay))
                .after(spec.jitter),
        }
    }
}

/// How a run is going to end.
fn plan(random: &mut Random, number: u64, now: Moment, timeout: Duration) -> Planned {
    let deadline = now.after(timeout);
    let in_time = now.after(random.up_to(timeout));
    let status = specs::status(random);
    let earlier = random
        .percent(15)
        .then(|| now.before(random.up_to(timeout * 8)));
    let (ends, status, cause) = match random.below(20) {
        0..=13 => (in_time, status, Cause::Reported),
        14 => (in_time, Status::Unhealthy, Cause::Panic),
        15..=16 => (deadline, Status::Unhealthy, Cause::Timeout),
        // It blocks its thread past the deadline, and then says whatever it says.
        17..=18 => {
            let blocked = random.up_to(timeout * 4);
            (deadline.after(blocked), status, Cause::Reported)
        }
        // It never comes back.
        _ => (Moment::NEVER, status, Cause::Reported),
    };
    Planned {
        number,
        ends,
        evidence: specs::evidence(status, cause),
        earlier,
    }
}
