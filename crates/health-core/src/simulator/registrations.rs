//! Steps that add, change and take away checks, components and groups, and the
//! reports of components.
//!
//! Each happens to the engine and to the oracle, and their answers must agree.

use std::sync::Arc;

use crate::engine::Engine;
use crate::group::Members;
use crate::moment::Moment;
use crate::spec::Spec;
use crate::status::{Cause, CheckStatus, Status};

use super::oracle::Model;
use super::schedule::{ENDS, Schedule};
use super::specs;
use super::violation::{Held, Invariant};
use super::world::{GroupModel, Task, World};

pub(super) fn enter(schedule: &mut Schedule) -> Held {
    match schedule.random.below(10) {
        0 => return add_group(schedule),
        1..=4 => {}
        _ => return register(schedule),
    }
    let spec = specs::component(&mut schedule.random, schedule.pace);
    let world = &mut schedule.world;
    let orphaned = |held: &Model| {
        held.component
            && matches!(
                held.ending,
                Some(CheckStatus::Stopped | CheckStatus::Panicked)
            )
    };
    let free = world.models.get(&spec.name).is_none_or(orphaned);
    let entered = world.act(|engine, now| engine.register_component(spec.clone(), now));
    Invariant::OneRun.equal("a component is let in", &entered.is_ok(), &free)?;
    if let Ok(key) = entered {
        let slot = Arc::clone(&world.directory[&spec.name]);
        add_model(world, Model::new(spec, true, key, slot));
    }
    Ok(())
}

fn register(schedule: &mut Schedule) -> Held {
    let spec = specs::check(&mut schedule.random, schedule.pace);
    let world = &mut schedule.world;
    let free = !world.models.contains_key(&spec.name);
    let entered = world.act(|engine, now| engine.register(spec.clone(), now));
    Invariant::OneRun.equal("a check is let in", &entered.is_ok(), &free)?;
    if let Ok((key, slot)) = entered {
        add_check(world, spec, key, slot);
    }
    Ok(())
}

fn add_check(
    world: &mut World,
    spec: Spec,
    key: crate::engine::entry::Key,
    slot: Arc<crate::slot::Slot>,
) {
    world.tasks.push(Task {
        key,
        slot: Arc::clone(&slot),
        name: spec.name.clone(),
        until: if world.started {
            world.now
        } else {
            Moment::NEVER
        },
        woken: false,
        run: None,
    });
    add_model(world, Model::new(spec, false, key, slot));
}

fn add_model(world: &mut World, mut model: Model) {
    if world.started {
        model.pend(world.now, world.lifecycle);
    }
    world.models.insert(model.spec.name.clone(), model);
}

pub(super) fn replace(schedule: &mut Schedule) -> Held {
    let spec = specs::check(&mut schedule.random, schedule.pace);
    let world = &mut schedule.world;
    let there = world
        .models
        .get(&spec.name)
        .is_some_and(|held| !held.component);
    let replaced = world.act(|engine, now| engine.replace(spec.clone(), now));
    Invariant::OneRun.equal("a check is replaced", &replaced.is_ok(), &there)?;
    if let Ok(replaced) = replaced {
        drop_task(schedule, &spec.name);
        add_check(&mut schedule.world, spec, replaced.key, replaced.slot);
    }
    Ok(())
}

pub(super) fn leave(schedule: &mut Schedule) -> Held {
    let name = specs::name(&mut schedule.random);
    let world = &mut schedule.world;
    let key = world.act(|engine, now| engine.unregister(name, now));
    let held = world.models.remove(name);
    Invariant::OneRun.equal("unregistered", &key, &held.map(|held| held.key))?;
    drop_task(schedule, name);
    Ok(())
}

/// The task is aborted; a run that ends at that very moment still reports.
fn drop_task(schedule: &mut Schedule, name: &str) {
    let late = schedule.random.percent(50);
    schedule
        .world
        .tasks
        .retain(|task| task.name != name || (late && task.run.is_some()));
}

pub(super) fn toggle(schedule: &mut Schedule) -> Held {
    let name = specs::name(&mut schedule.random);
    let enabled = schedule.random.percent(60);
    let world = &mut schedule.world;
    let known = world.act(|engine, now| engine.set_enabled(name, enabled, now));
    Invariant::OneRun.equal("toggled", &known, &world.models.contains_key(name))?;
    let (life, now) = (world.started.then_some(world.lifecycle), world.now);
    if let Some(model) = world.models.get_mut(name) {
        model.set_enabled(enabled, life, now);
    }
    Ok(())
}

fn add_group(schedule: &mut Schedule) -> Held {
    let group = specs::group(&mut schedule.random);
    let world = &mut schedule.world;
    let known = match &group.members {
        Members::Listed(names) if world.started => {
            names.iter().all(|name| world.models.contains_key(name))
        }
        _ => true,
    };
    let free = !world.groups.iter().any(|held| held.name == group.name);
    let added = world.act(|engine, now| engine.group(group.clone(), now));
    Invariant::Tallies.equal("a group is let in", &added.is_ok(), &(known && free))?;
    if added.is_ok() {
        world.groups.push(GroupModel {
            name: group.name,
            aggregation: group.aggregation,
        });
    }
    Ok(())
}

/// A component says something, or its owner goes.
#[allow(clippy::unnecessary_wraps, reason = "as every other step")]
pub(super) fn report(schedule: &mut Schedule) -> Held {
    let (random, world) = (&mut schedule.random, &mut schedule.world);
    let owned: Vec<_> = world
        .models
        .iter()
        .filter(|(_, model)| model.held)
        .collect();
    if owned.is_empty() {
        return Ok(());
    }
    let (name, model) = random.pick(&owned);
    let (name, key, now) = (name.clone(), model.key, world.now);
    let (status, cause, ending) = match random.below(20) {
        0..=10 => (specs::status(random), Cause::Reported, None),
        11..=14 => {
            world.act(|engine, now| engine.beat(key, now));
            with(world, &name, |model| model.beat(now));
            return Ok(());
        }
        15 => {
            world.act(|engine, now| engine.freeze(key, now));
            with(world, &name, Model::freeze);
            return Ok(());
        }
        16..=17 => {
            let ending = Some(CheckStatus::Stopping);
            (Status::Unhealthy, Cause::Reported, ending)
        }
        _ => {
            let (cause, ending) = random.pick(&ENDS);
            with(world, &name, |model| model.held = false);
            (Status::Unhealthy, cause, Some(ending))
        }
    };
    let evidence = specs::evidence(status, cause);
    world.act(|engine: &mut Engine, now| engine.report(key, evidence, ending, now));
    with(world, &name, |model| {
        model.report(status, cause, ending, now);
    });
    Ok(())
}

fn with(world: &mut World, name: &str, change: impl FnOnce(&mut Model)) {
    if let Some(model) = world.models.get_mut(name) {
        change(model);
    }
}
