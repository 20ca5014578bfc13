//! What must hold after every step, each judged from the oracle's models.
//!
//! Reads what readers read; changes nothing.

use std::collections::BTreeSet;

use crate::aggregate::{Aggregation, COUNTED};
use crate::moment::Moment;
use crate::scope::{Audience, Rank, Scope};
use crate::status::{CheckStatus, Impact, Lifecycle, NodeStatus, Probe, Status};
use crate::tallies::Tallies;

use super::askers;
use super::oracle::{LENIENCE, Model};
use super::violation::{Held, Invariant};
use super::world::World;

pub(super) fn hold(world: &World) -> Held {
    let life = if world.lifecycle < Lifecycle::Stopping {
        Invariant::Starting
    } else {
        Invariant::Stopping
    };
    life.equal("lifecycle", &world.engine.lifecycle(), &world.lifecycle)?;
    let late = world.engine.late_results();
    Invariant::OneRun.equal("late results", &late, &world.late_results)?;
    let shown: Vec<_> = world.directory.keys().collect();
    let known: Vec<_> = world.models.keys().collect();
    Invariant::Tallies.equal("directory", &shown, &known)?;
    world
        .models
        .values()
        .try_for_each(|m| check(m, world.now))?;
    for (index, scope) in world.engine.scopes().iter().enumerate() {
        verdict(world, index, scope)?;
        tallies(world, index, scope)?;
    }
    timely(world)?;
    askers::served(world)
}

/// What is read of one check.
fn check(model: &Model, now: Moment) -> Held {
    let name = &model.spec.name;
    let (state, _) = model.slot.read(now);
    let outward = model.outward(now);
    let proven = state.status != CheckStatus::Healthy || outward.0 == CheckStatus::Healthy;
    Invariant::FreshEvidence.demands(proven, || format!("{name} reads healthy"))?;
    Invariant::Thresholds.equal(format_args!("results of {name}"), &state.runs, &model.runs)?;
    let failures = &state.consecutive_failures;
    Invariant::Thresholds.equal(
        format_args!("failures of {name}"),
        failures,
        &model.failures,
    )?;
    Invariant::Thresholds.equal(format_args!("raw status of {name}"), &state.raw, &model.raw)?;
    let read = (state.status, state.cause);
    Invariant::Thresholds.equal(format_args!("status of {name}"), &read, &outward)?;
    // What a report counts is what counts now, even if no sweep has come by.
    let counts = state.counted.then_some(state.effective);
    Invariant::Tallies.equal(
        format_args!("standing of {name}"),
        &counts,
        &model.standing(now),
    )
}

/// The impact with which a check counts in a scope.
fn weighs(scope: &Scope, model: &Model) -> Option<Impact> {
    match &scope.audience {
        Audience::Probe(probe) => model.impact_for(*probe),
        Audience::Group { members, .. } => {
            members.contain(&model.spec).then_some(model.spec.impact)
        }
    }
}

fn tallies(world: &World, index: usize, scope: &Scope) -> Held {
    let mut recount = Tallies::EMPTY;
    let mut failing = BTreeSet::new();
    for model in world.models.values() {
        let Some(impact) = weighs(scope, model) else {
            continue;
        };
        bounds(scope, model, impact)?;
        // Liveness counts evidence only.
        let counted = model.seen_standing();
        let Some(status) = counted.filter(|s| !(scope.is_live() && s.is_none())) else {
            continue;
        };
        recount.add(impact, status, status.map_or(0, |_| model.score()));
        if let Some(rank) = Rank::of(impact, status) {
            failing.insert((rank, std::sync::Arc::clone(&model.slot.name)));
        }
    }
    Invariant::Tallies.equal(
        format_args!("tallies of scope {index}"),
        &scope.tallies,
        &recount,
    )?;
    Invariant::Tallies.equal(
        format_args!("failing of scope {index}"),
        &scope.failing,
        &failing,
    )?;
    let fresh = scope.entries(world.lifecycle, world.proven);
    let same = scope.table.same_entries(fresh);
    Invariant::Tallies.demands(same, || format!("stale table of scope {index}"))?;
    let published = &scope.published;
    let text = published.text.load().table;
    Invariant::Tallies.equal(
        format_args!("table of the text of scope {index}"),
        &text,
        &scope.table,
    )?;
    let read = published.cell.verdict(world.now);
    let expected = scope.table.verdict(published.cell.expired(world.now));
    Invariant::Tallies.equal(
        format_args!("published verdict of scope {index}"),
        &read,
        &expected,
    )?;
    if scope.is_live() || world.lifecycle >= Lifecycle::Stopping {
        return Ok(());
    }
    let exact = (0..2).all(|class| {
        let bound = scope.expiries[class];
        let passed = |at: Moment| published.cell.expired(at) >> class & 1 == 1;
        passed(bound) && (bound.0 == 0 || !passed(Moment(bound.0 - 1)))
    });
    Invariant::FreshEvidence.demands(exact, || format!("unpublished expiries of scope {index}"))
}

/// No bound lies behind the expiry of evidence that it stands for.
fn bounds(scope: &Scope, model: &Model, impact: Impact) -> Held {
    let Some(class) = COUNTED.iter().position(|counted| *counted == impact) else {
        return Ok(());
    };
    let runs_out = match (model.enabled, model.answered) {
        _ if scope.is_live() => return Ok(()),
        (true, true) if !model.seen_stale => model.expires,
        (true, false) if !model.seen_missing => model.pending_until,
        _ => return Ok(()),
    };
    Invariant::FreshEvidence.demands(scope.expiries[class] <= runs_out, || {
        let name = &model.spec.name;
        format!("{name} runs out before the bound of its class")
    })
}

/// What a reader of the scope is told now.
fn verdict(world: &World, index: usize, scope: &Scope) -> Held {
    let read = scope.published.cell.verdict(world.now);
    let told = (read.status, read.passing);
    let (probe, aggregation) = match &scope.audience {
        Audience::Probe(Probe::Live) => (Some(Probe::Live), &Aggregation::WorstOf),
        Audience::Probe(probe) => (Some(*probe), &world.aggregation),
        Audience::Group { .. } => (None, &world.groups[index - 4].aggregation),
    };
    let stopping = NodeStatus::Stopping;
    let (invariant, expected) = match (probe, world.lifecycle) {
        (Some(Probe::Live), Lifecycle::Stopping | Lifecycle::Stopped) => {
            let within = world.now < world.deadline;
            (Invariant::Stopping, (stopping, within))
        }
        (Some(Probe::Startup), Lifecycle::Stopping | Lifecycle::Stopped) => {
            (Invariant::Stopping, (stopping, world.proven))
        }
        (_, Lifecycle::Stopping | Lifecycle::Stopped) => (Invariant::Stopping, (stopping, false)),
        (Some(Probe::Startup), Lifecycle::Running) => {
            (Invariant::Starting, (NodeStatus::Healthy, true))
        }
        (Some(Probe::Live), life) => return live(world, scope, life, told),
        (_, Lifecycle::Starting) => (Invariant::Starting, (NodeStatus::Starting, false)),
        (_, Lifecycle::Running) => {
            let members = world.models.values();
            let counted =
                members.filter_map(|m| Some((weighs(scope, m)?, m.standing(world.now)?, m)));
            let truth = amounts_to(aggregation, counted);
            // A reader that finds a bound passed may err, but towards the worse.
            let severity = |status| match status {
                NodeStatus::Healthy => Status::Healthy,
                NodeStatus::Degraded => Status::Degraded,
                _ => Status::Unhealthy,
            };
            let proven =
                severity(read.status) >= truth && (truth != Status::Unhealthy || !read.passing);
            Invariant::FreshEvidence.demands(proven, || {
                format!("scope {index} reads {told:?}, by the rules {truth}")
            })?;
            if read.stale {
                return Invariant::Timeliness.demands(!world.swept, || {
                    format!("scope {index} reads stale right after a sweep")
                });
            }
            (
                Invariant::Tallies,
                (truth.into(), truth != Status::Unhealthy),
            )
        }
    };
    invariant.equal(format_args!("verdict of scope {index}"), &told, &expected)
}

/// Liveness counts what the sweeper has seen, and evidence only.
fn live(world: &World, scope: &Scope, life: Lifecycle, told: (NodeStatus, bool)) -> Held {
    let counted = world.models.values().filter_map(|model| {
        let status = model.seen_standing()??;
        Some((weighs(scope, model)?, Some(status), model))
    });
    let expected = match (amounts_to(&Aggregation::WorstOf, counted), life) {
        (Status::Unhealthy, _) => (NodeStatus::Unhealthy, false),
        (_, Lifecycle::Starting) => (NodeStatus::Starting, true),
        (status, _) => (status.into(), true),
    };
    Invariant::Tallies.equal("liveness", &told, &expected)
}

type Counted<'a> = (Impact, Option<Status>, &'a Model);

/// The status of a set of checks, worked out check by check.
fn amounts_to<'a>(aggregation: &Aggregation, counted: impl Iterator<Item = Counted<'a>>) -> Status {
    let counted: Vec<_> = counted
        .filter(|(impact, ..)| *impact != Impact::Informational)
        .collect();
    let at_least = |needed: usize| {
        let those = |worst: Status| {
            counted
                .iter()
                .filter(|(_, s, _)| s.is_some_and(|s| s <= worst))
                .count()
        };
        match needed {
            _ if counted.is_empty() || those(Status::Healthy) >= needed => Status::Healthy,
            _ if those(Status::Degraded) >= needed => Status::Degraded,
            _ => Status::Unhealthy,
        }
    };
    match aggregation {
        Aggregation::Any => at_least(1),
        Aggregation::Quorum(needed) => at_least(*needed as usize),
        Aggregation::WorstOf | Aggregation::Custom(_) => counted
            .iter()
            .map(|(impact, status, _)| match (impact, status) {
                (Impact::Critical, status) => status.unwrap_or(Status::Unhealthy),
                (_, Some(Status::Healthy)) => Status::Healthy,
                _ => Status::Degraded,
            })
            .max()
            .unwrap_or(Status::Healthy),
        Aggregation::Score { .. } => {
            let mut tallies = Tallies::EMPTY;
            for (impact, status, model) in counted {
                tallies.add(impact, status, status.map_or(0, |_| model.score()));
            }
            aggregation.status(&tallies)
        }
    }
}

/// Whatever time alone changes next, the sweeper has been told to come by then.
fn timely(world: &World) -> Held {
    if !world.alive() {
        return Ok(());
    }
    let enabled = || world.models.values().filter(|model| model.enabled);
    let overdue = enabled()
        .filter_map(|model| model.run.filter(|run| !run.given_up))
        .map(|run| run.deadline.after(LENIENCE));
    let missing = enabled().filter(|model| !model.answered && !model.seen_missing);
    let fading = enabled().filter(|model| model.answered && !model.seen_stale);
    let next = overdue
        .chain(missing.map(|model| model.pending_until))
        .chain(fading.map(|model| model.expires))
        .min()
        .unwrap_or(Moment::NEVER);
    Invariant::Timeliness.demands(world.sweeper <= next, || {
        let sweeper = world.sweeper;
        format!("the sweeper comes at {sweeper:?}, but is wanted at {next:?}")
    })
}
