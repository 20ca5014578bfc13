//! Steps of those who want a fresh result: run now, ask, probes that demand, and
//! a process that wakes up.
//!
//! Who is told to wait, and who is served at once, must be what the rules say.

use crate::engine::Ask;
use crate::moment::Moment;
use crate::spec::Schedule as Plan;
use crate::status::Probe;

use super::oracle::Model;
use super::schedule::Schedule;
use super::specs;
use super::violation::{Held, Invariant};
use super::world::World;

/// An answer without its contents, to be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Fresh,
    Wait { results: u64 },
    Disabled,
    Idle,
    Unknown,
}

fn said(ask: &Ask) -> Answer {
    match ask {
        Ask::Fresh(_) => Answer::Fresh,
        Ask::Wait { results, .. } => Answer::Wait { results: *results },
        Ask::Disabled => Answer::Disabled,
        Ask::Idle => Answer::Idle,
        Ask::Unknown => Answer::Unknown,
    }
}

pub(super) fn ask(schedule: &mut Schedule) -> Held {
    let (random, world) = (&mut schedule.random, &mut schedule.world);
    match random.below(3) {
        0 => demand(world, random.pick(&[Probe::Health, Probe::Ready])),
        kind => {
            let name = specs::name(random);
            let (now, alive) = (world.now, world.alive());
            let fresh_will_do = kind == 1;
            let answer = world.act(|engine, now| {
                if fresh_will_do {
                    engine.ask(name, now)
                } else {
                    engine.run_now(name)
                }
            });
            let model = world.models.get_mut(name);
            let expected = model.map_or(Answer::Unknown, |model| {
                if fresh_will_do && model.enabled && model.young(now) {
                    return Answer::Fresh;
                }
                model.wanted(alive)
            });
            Invariant::Asks.equal(name, &said(&answer), &expected)
        }
    }
}

fn demand(world: &mut World, probe: Probe) -> Held {
    let waits = world.act(|engine, now| engine.demand(probe as usize, now));
    let (now, alive) = (world.now, world.alive());
    let mut expected = 0;
    for model in world.models.values_mut() {
        let counts = alive && model.on_demand() && model.enabled;
        if !counts || model.impact_for(probe).is_none() || model.young(now) {
            continue;
        }
        expected += usize::from(!model.answered || model.expired(now));
        model.wanted(alive);
    }
    Invariant::Asks.equal("waits of a demand", &waits.len(), &expected)
}

/// The process was suspended, for which the engine's time stood still.
#[allow(clippy::unnecessary_wraps, reason = "as every other step")]
pub(super) fn resume(schedule: &mut Schedule) -> Held {
    let world = &mut schedule.world;
    world.act(crate::engine::Engine::resumed);
    let (now, alive) = (world.now, world.alive());
    let checks = world.models.values_mut().filter(|model| !model.component);
    for model in checks.filter(|model| alive && model.enabled) {
        if model.on_demand() {
            model.fresh_until = model.fresh_until.min(now);
        } else {
            model.wanted(alive);
        }
    }
    Ok(())
}

/// Whoever waits for a run gets one, and whoever reads a probe learns that an
/// on-demand check of it wants refreshing.
pub(super) fn served(world: &World) -> Held {
    for task in world.tasks.iter().filter(|_| world.alive()) {
        let model = world.models.get(&task.name).filter(|m| m.key == task.key);
        let waits = model.is_some_and(|m| m.asked && m.run.is_none());
        let comes = task.woken || task.until <= world.now;
        Invariant::Asks.demands(!waits || comes, || {
            format!("{} was asked for, and sleeps on", task.name)
        })?;
    }
    for probe in [Probe::Health, Probe::Ready, Probe::Live] {
        let wants = |model: &&Model| {
            model.enabled
                && model.on_demand()
                && model.impact_for(probe).is_some()
                && model.answered
                && model.fresh_until <= world.now
                && model.run.is_none()
                && !model.asked
        };
        if let Some(model) = world.models.values().find(wants).filter(|_| world.alive()) {
            let due = world.probes[probe as usize].cell.demand_due(world.now);
            Invariant::Asks.demands(due, || {
                format!("{} is past its TTL, {probe} says nothing", model.spec.name)
            })?;
        }
    }
    Ok(())
}

impl Model {
    fn on_demand(&self) -> bool {
        !self.component && matches!(self.spec.schedule, Plan::OnDemand(_))
    }

    /// Whether an on-demand result is within its TTL and its age.
    fn young(&self, now: Moment) -> bool {
        self.on_demand() && self.answered && now < self.fresh_until && !self.expired(now)
    }

    /// Somebody wants a run of it.
    fn wanted(&mut self, alive: bool) -> Answer {
        if self.component {
            return Answer::Fresh;
        }
        if !self.enabled {
            return Answer::Disabled;
        }
        if !alive {
            return Answer::Idle;
        }
        if self.run.as_ref().is_none_or(|run| run.given_up) {
            self.asked = true;
        }
        Answer::Wait { results: self.runs }
    }
}
