//! Random specs, groups, aggregations and outcomes: what a schedule is made of.
//!
//! Draws only; what they lead to is the engine's and the oracle's to say.

use std::time::Duration;

use crate::aggregate::Aggregation;
use crate::component::ComponentSpec;
use crate::evidence::{Evidence, Measured};
use crate::group::Group;
use crate::hysteresis::Thresholds;
use crate::spec::{Schedule, Spec};
use crate::status::{Cause, Impact, Probe, Probes, Status};

use super::random::Random;

/// Few names, so that schedules meet names that are taken, and names that are gone.
const NAMES: [&str; 8] = [
    "api", "cache", "db", "disk", "ingest", "peers", "queue", "tls",
];
const TAGS: [&str; 2] = ["edge", "storage"];

/// The pace of a schedule: intervals, timeouts and delays are multiples of it.
pub(super) fn pace(random: &mut Random) -> Duration {
    random.pick(&[
        Duration::from_millis(10),
        Duration::from_secs(1),
        Duration::from_secs(30),
        Duration::from_hours(1),
        Duration::from_hours(24),
    ])
}

pub(super) fn name(random: &mut Random) -> &'static str {
    random.pick(&NAMES)
}

pub(super) fn aggregation(random: &mut Random) -> Aggregation {
    match random.below(8) {
        0 => Aggregation::Any,
        1 => Aggregation::Quorum(random.pick(&[1, 2, 3])),
        2 => Aggregation::score(),
        _ => Aggregation::WorstOf,
    }
}

pub(super) fn group(random: &mut Random) -> Group {
    let label = random.pick(&["left", "right"]);
    let group = if random.percent(50) {
        Group::tagged(label, random.pick(&TAGS))
    } else {
        Group::listed(label, [name(random), name(random)])
    };
    group.aggregation(aggregation(random))
}

pub(super) fn check(random: &mut Random, pace: Duration) -> Spec {
    let name = name(random);
    let mut spec = common(random, Spec::new(name));
    let period = random.times(pace, 1, 20);
    spec.schedule = if random.percent(25) {
        Schedule::OnDemand(period)
    } else {
        Schedule::Every(period)
    };
    spec.timeout = random.times(pace, 1, 8);
    if random.percent(30) {
        spec.initial_delay = random.times(pace, 1, 5);
    }
    if random.percent(30) {
        spec.jitter = random.times(pace, 1, 3);
    }
    if random.percent(40) {
        spec.max_age = Some(period + random.times(pace, 0, 10));
    }
    spec.thresholds = Thresholds {
        down: random.pick(&[1, 1, 2, 3]),
        up: random.pick(&[1, 1, 2, 3]),
    };
    spec
}

pub(super) fn component(random: &mut Random, pace: Duration) -> Spec {
    let mut component = ComponentSpec::new(name(random));
    if random.percent(60) {
        component = component.heartbeat(random.times(pace, 2, 30));
    }
    common(random, component.spec)
}

fn common(random: &mut Random, mut spec: Spec) -> Spec {
    spec.impact = random.pick(&[
        Impact::Critical,
        Impact::Critical,
        Impact::NonCritical,
        Impact::Informational,
    ]);
    for (probe, chance) in [(Probe::Live, 25), (Probe::Startup, 30)] {
        if random.percent(chance) {
            spec.probes = spec.probes.with(probe);
        }
    }
    if random.percent(5) {
        spec.probes = Probes::NONE;
    }
    spec.shared_dependency = random.percent(20);
    spec.full_readiness_impact = random.percent(20);
    spec.history = random.pick(&[0, 1, 2, 7, 100]);
    spec.enabled = random.percent(90);
    if random.percent(50) {
        spec.tags.push(random.pick(&TAGS).to_owned());
    }
    spec
}

/// What a check or component says of itself.
pub(super) fn status(random: &mut Random) -> Status {
    random.pick(&[
        Status::Healthy,
        Status::Healthy,
        Status::Healthy,
        Status::Degraded,
        Status::Unhealthy,
        Status::Unhealthy,
    ])
}

pub(super) fn evidence(status: Status, cause: Cause) -> Evidence {
    Evidence {
        status,
        cause,
        message: "".into(),
        details: None,
        dropped: 0,
        error: None,
        measured: Measured::default(),
    }
}
