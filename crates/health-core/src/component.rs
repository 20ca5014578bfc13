//! Push-style health: a handle by which a part of the service reports on itself.
//!
//! The engine judges silence and ends; this file only speaks for the owner.

use std::sync::Arc;
use std::time::Duration;

use crate::driver::Shared;
use crate::engine::entry::Key;
use crate::evidence::{Evidence, Measured};
use crate::outcome::Outcome;
use crate::spec::Spec;
use crate::status::{Cause, CheckStatus, Impact, Kind, Probe, Probes, Status};

/// How a component is registered: see [`Registration`](crate::Registration) for
/// what impact, probes and thresholds mean.
///
/// Until its first report a component is `starting`; a critical one keeps the
/// node starting until then.
#[derive(Clone, Debug)]
#[must_use = "a component spec does nothing until it is registered"]
pub struct ComponentSpec {
    pub(crate) spec: Spec,
}

impl ComponentSpec {
    /// A non-critical component without a heartbeat.
    pub fn new(name: impl Into<String>) -> Self {
        let mut spec = Spec::new(name);
        spec.kind = Kind::Passive;
        Self { spec }
    }

    /// What it is about, for people; at most 512 bytes.
    pub fn description(mut self, description: impl Into<String>) -> Self {
        self.spec.description = description.into();
        self
    }

    /// Its status passes through to the node's.
    pub fn critical(self) -> Self {
        self.impact(Impact::Critical)
    }

    /// It is shown, and counts for nothing.
    pub fn informational(self) -> Self {
        self.impact(Impact::Informational)
    }

    /// How much it weighs.
    pub fn impact(mut self, impact: Impact) -> Self {
        self.spec.impact = impact;
        self
    }

    /// The probes it counts for, in place of health and readiness.
    pub fn probes(mut self, probes: Probes) -> Self {
        self.spec.probes = probes;
        self
    }

    /// Counts for liveness too.
    pub fn live(mut self) -> Self {
        self.spec.probes = self.spec.probes.with(Probe::Live);
        self
    }

    /// The node is starting until this component has been ready or degraded once.
    pub fn startup(mut self) -> Self {
        self.spec.probes = self.spec.probes.with(Probe::Startup);
        self
    }

    /// Silent for longer than `ttl`, it is stale; each report and [`Component::beat`] counts.
    pub fn heartbeat(mut self, ttl: Duration) -> Self {
        self.spec.max_age = Some(ttl);
        self.spec.schedule = crate::spec::Schedule::Every(ttl);
        self.spec.timeout = ttl;
        self
    }

    /// Adds a tag, by which groups find it.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.spec.tags.push(tag.into());
        self
    }

    /// How many past reports are kept.
    pub fn history(mut self, reports: usize) -> Self {
        self.spec.history = reports;
        self
    }
}

/// The owner's handle on a component.
///
/// Dropping it shows the component as `stopped`, or as `panicked` if a panic is
/// what drops it; the name can then be registered again by a restarted task.
///
/// ```
/// use health_core::{CheckStatus, ComponentSpec, Health};
///
/// let health = Health::new();
/// let ingest = health.component(ComponentSpec::new("ingest").critical())?;
/// ingest.ready();
/// assert_eq!(health.check("ingest").unwrap().status, CheckStatus::Healthy);
/// ingest.degraded("queue 83 % full");
/// drop(ingest);
/// assert_eq!(health.check("ingest").unwrap().status, CheckStatus::Stopped);
/// # Ok::<(), health_core::RegisterError>(())
/// ```
#[derive(Debug)]
#[must_use = "dropping the handle shows the component as stopped"]
pub struct Component {
    shared: Arc<Shared>,
    key: Key,
    frozen: bool,
}

impl Component {
    pub(crate) fn new(shared: Arc<Shared>, key: Key) -> Self {
        Self {
            shared,
            key,
            frozen: false,
        }
    }

    /// It works.
    pub fn ready(&self) {
        self.report(Outcome::healthy());
    }

    /// It works, but not as it should.
    pub fn degraded(&self, message: impl Into<std::borrow::Cow<'static, str>>) {
        self.report(Outcome::degraded(message));
    }

    /// It does not work (yet, or any more).
    pub fn not_ready(&self, message: impl Into<std::borrow::Cow<'static, str>>) {
        self.report(Outcome::unhealthy(message));
    }

    /// Says it all: status, message, details, private error. Without details the
    /// last ones stay.
    pub fn report(&self, outcome: impl Into<Outcome>) {
        self.tell(outcome.into(), None);
    }

    /// Announces its end; the handle's drop completes it.
    pub fn stopping(&self, message: impl Into<std::borrow::Cow<'static, str>>) {
        self.tell(Outcome::unhealthy(message), Some(CheckStatus::Stopping));
    }

    /// It is still there, and its last report still holds.
    pub fn beat(&self) {
        self.shared.act(|engine, now| engine.beat(self.key, now));
    }

    /// Lets the last report stand for good: no heartbeat is expected any more,
    /// and the handle is gone without a trace. For what is done once, such as a
    /// migration at start.
    pub fn freeze(mut self) {
        self.frozen = true;
        self.shared.act(|engine, now| engine.freeze(self.key, now));
    }

    fn tell(&self, outcome: Outcome, ending: Option<CheckStatus>) {
        let evidence = Evidence::new(outcome, Measured::default(), &self.shared.redaction);
        self.shared
            .act(|engine, now| engine.report(self.key, evidence, ending, now));
    }
}

impl Drop for Component {
    fn drop(&mut self) {
        if self.frozen {
            return;
        }
        let (cause, ending, message) = if std::thread::panicking() {
            (Cause::Panic, CheckStatus::Panicked, "its task panicked")
        } else {
            (Cause::Dropped, CheckStatus::Stopped, "its owner is gone")
        };
        let evidence = Evidence {
            status: Status::Unhealthy,
            cause,
            message: message.into(),
            details: None,
            dropped: 0,
            error: None,
            measured: Measured::default(),
        };
        self.shared
            .act(|engine, now| engine.report(self.key, evidence, Some(ending), now));
    }
}
