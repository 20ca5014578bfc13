//! One random schedule: draws the next thing to happen, and lets it happen to
//! the engine and to the oracle.
//!
//! It judges answers on the spot; what must hold at all times is in `invariants`.

use std::time::Duration;

use crate::moment::Moment;
use crate::status::{Cause, CheckStatus, Lifecycle};

use super::Fault;
use super::random::Random;
use super::specs;
use super::violation::Held;
use super::world::World;
use super::{askers, registrations};

const HOUR: Duration = Duration::from_hours(1);
const YEAR: Duration = Duration::from_hours(8766);
/// A timer further away is left alone.
const FAR: Duration = Duration::from_hours(87_660);
/// In seconds.
const CENTURY: u64 = 3_155_760_000;

pub(super) struct Schedule {
    pub(super) random: Random,
    /// Apart from the rest, so that the same schedule runs with and without jumps.
    wall: Option<Random>,
    pub(super) world: World,
    pub(super) pace: Duration,
}

impl Schedule {
    pub(super) fn new(seed: u64, fault: Option<Fault>, wall_jumps: bool) -> Self {
        let mut random = Random::new(seed, 1);
        let pace = specs::pace(&mut random);
        let aggregation = specs::aggregation(&mut random);
        Self {
            wall: wall_jumps.then(|| Random::new(seed, 2)),
            world: World::new(aggregation, fault),
            random,
            pace,
        }
    }

    /// How many steps this schedule takes.
    pub(super) fn length(&mut self) -> u64 {
        20 + self.random.below(120)
    }

    pub(super) fn step(&mut self) -> Held {
        self.world.steps += 1;
        self.world.swept = false;
        if let Some(wall) = &mut self.wall
            && wall.percent(25)
        {
            self.world.wall_error = wall.below(2 * CENTURY).cast_signed() - CENTURY.cast_signed();
        }
        match self.random.below(100) {
            0..=57 => self.tick(),
            58..=59 => self.intrude(),
            60..=66 => registrations::enter(self),
            67..=69 => registrations::toggle(self),
            70 => registrations::leave(self),
            71..=73 => registrations::replace(self),
            74..=84 => registrations::report(self),
            85..=90 => askers::ask(self),
            91..=92 => self.leap(),
            93..=94 => self.start(),
            95 => askers::resume(self),
            96 if self.random.percent(30) => self.shut_down(),
            96..=97 => {
                self.world.starved = self.random.percent(40);
                Ok(())
            }
            _ => {
                let most = self.pace * 4;
                self.world.now = self.world.now.after(self.random.up_to(most));
                Ok(())
            }
        }?;
        self.world.advance_model();
        std::mem::replace(&mut self.world.broken, Ok(()))
    }

    /// Everything stands still for long, and the time counts: a starved runtime.
    #[allow(clippy::unnecessary_wraps, reason = "as every other step")]
    fn leap(&mut self) -> Held {
        let most = self.random.pick(&[HOUR, HOUR * 24 * 7, YEAR]);
        self.world.now = self.world.now.after(self.random.up_to(most));
        Ok(())
    }

    #[allow(clippy::unnecessary_wraps, reason = "as every other step")]
    fn start(&mut self) -> Held {
        let world = &mut self.world;
        if world.started || world.lifecycle > Lifecycle::Starting {
            return Ok(());
        }
        if world.act(crate::engine::Engine::start).is_ok() {
            world.started = true;
            let now = world.now;
            for model in world.models.values_mut() {
                model.pend(now, Lifecycle::Starting);
            }
            world.sweeper = world.engine.sweep_at();
            world.tasks.iter_mut().for_each(|task| task.until = now);
        }
        Ok(())
    }

    #[allow(clippy::unnecessary_wraps, reason = "as every other step")]
    fn shut_down(&mut self) -> Held {
        let world = &mut self.world;
        if self.random.percent(25) {
            world.act(crate::engine::Engine::stopped);
            world.lifecycle = Lifecycle::Stopped;
            // The tasks are aborted, and their runs with them.
            world.tasks.clear();
        } else {
            let deadline = if self.random.percent(30) {
                Moment::NEVER
            } else {
                world.now.after(self.random.up_to(self.pace * 20))
            };
            world.act(|engine, now| engine.begin_shutdown(deadline, now));
            world.lifecycle = world.lifecycle.max(Lifecycle::Stopping);
            world.deadline = world.deadline.min(deadline);
        }
        Ok(())
    }

    /// The next timer fires, or the next run ends; of several, any.
    pub(super) fn tick(&mut self) -> Held {
        const SWEEPER: usize = usize::MAX;
        let world = &mut self.world;
        if !world.alive() {
            world.now = world.now.after(self.random.up_to(self.pace));
            return Ok(());
        }
        let now = world.now;
        let tasks = world.tasks.iter().map(|task| match &task.run {
            Some(run) => run.ends,
            None if task.woken => now,
            None => task.until,
        });
        let mut timers: Vec<_> = tasks.enumerate().collect();
        if !world.starved {
            timers.push((SWEEPER, world.sweeper));
        }
        let Some(next) = timers.iter().map(|(_, at)| *at).min() else {
            return Ok(());
        };
        if next > now.after(FAR) {
            return self.leap();
        }
        let mut now = now.max(next);
        if self.random.percent(10) {
            now = now.after(self.random.up_to(self.pace / 4));
        }
        world.now = now;
        timers.retain(|(_, at)| *at <= now);
        match self.random.pick(&timers).0 {
            SWEEPER => self.sweep(),
            task if self.world.tasks[task].run.is_some() => self.finish(task),
            task => self.begin(task),
        }
    }

    #[allow(clippy::unnecessary_wraps, reason = "as every other step")]
    fn sweep(&mut self) -> Held {
        let world = &mut self.world;
        if world.engine.sweep_at() <= world.now {
            world.act(crate::engine::Engine::sweep);
            let now = world.now;
            world.models.values_mut().for_each(|model| model.sweep(now));
            world.swept = true;
        }
        world.sweeper = world.engine.sweep_at();
        Ok(())
    }
}

/// How a component's handle can go.
pub(super) const ENDS: [(Cause, CheckStatus); 2] = [
    (Cause::Dropped, CheckStatus::Stopped),
    (Cause::Panic, CheckStatus::Panicked),
];
