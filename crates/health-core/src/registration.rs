//! A check together with its spec: what `Health::register` takes.
//!
//! Only the builder; the rules about specs are in `spec`.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::check::Check;
use crate::hysteresis::Thresholds;
use crate::spec::{Schedule, Spec};
use crate::status::{Impact, Kind, Probe, Probes};

/// A check and how to run it. Ready-made checks come as one with fitting
/// defaults, any of which may be overridden.
///
/// ```
/// use std::time::Duration;
/// use health_core::{Health, Outcome, check_fn};
///
/// let health = Health::new();
/// health.register(
///     check_fn("queue", |_| async { Outcome::healthy().detail("depth", 3) })
///         .critical()
///         .every(Duration::from_secs(5))
///         .thresholds(3, 2)
///         .tag("intake"),
/// )?;
/// # Ok::<(), health_core::RegisterError>(())
/// ```
#[must_use = "a registration does nothing until it is registered"]
pub struct Registration {
    pub(crate) spec: Spec,
    pub(crate) check: Arc<dyn Check>,
}

impl Registration {
    /// Registers `check` as `name`: non-critical, for health and readiness,
    /// every 30 s, timeout 10 s, thresholds 1 and 1, a history of 100.
    pub fn new(name: impl Into<String>, check: impl Check) -> Self {
        Self::shared(name, Arc::new(check))
    }

    /// The same for a check that is shared already.
    pub fn shared(name: impl Into<String>, check: Arc<dyn Check>) -> Self {
        Self {
            spec: Spec::new(name),
            check,
        }
    }

    /// The spec as it stands.
    pub fn spec(&self) -> &Spec {
        &self.spec
    }

    /// The check itself, to be run as a part of another one; see [`isolated`](crate::isolated).
    pub fn check(&self) -> &Arc<dyn Check> {
        &self.check
    }

    /// The same registration of another check, which `wrap` makes around this one.
    ///
    /// ```
    /// use async_trait::async_trait;
    /// use health_core::{Check, CheckContext, Outcome, Registration, Status, check_fn};
    /// # use std::sync::Arc;
    ///
    /// struct NeverUnhealthy(Arc<dyn Check>);
    ///
    /// #[async_trait]
    /// impl Check for NeverUnhealthy {
    ///     async fn check(&self, cx: &CheckContext) -> Outcome {
    ///         let outcome = self.0.check(cx).await;
    ///         let status = outcome.status().min(Status::Degraded);
    ///         outcome.with_status(status)
    ///     }
    /// }
    ///
    /// let registration = check_fn("mail", |_| async { false }).wrap(NeverUnhealthy);
    /// ```
    pub fn wrap<C: Check>(self, wrap: impl FnOnce(Arc<dyn Check>) -> C) -> Self {
        Self {
            check: Arc::new(wrap(self.check)),
            spec: self.spec,
        }
    }

    /// The same check under another name.
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.spec.name = name.into();
        self
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

    /// It can degrade the node, no more; the default.
    pub fn non_critical(self) -> Self {
        self.impact(Impact::NonCritical)
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

    /// Counts for liveness too, whatever its impact elsewhere: once unhealthy it
    /// fails liveness. Only for what a restart mends: a dependency here is a restart loop.
    pub fn live(mut self) -> Self {
        self.spec.probes = self.spec.probes.with(Probe::Live);
        self
    }

    /// The node is starting until this check has passed once.
    pub fn startup(mut self) -> Self {
        self.spec.probes = self.spec.probes.with(Probe::Startup);
        self
    }

    /// All replicas depend on it: at most non-critical for readiness, and never
    /// a reason to shut down, else one outage takes every replica out at once.
    pub fn shared_dependency(mut self) -> Self {
        self.spec.shared_dependency = true;
        self
    }

    /// Lets a shared dependency weigh on readiness as its impact says.
    pub fn full_readiness_impact(mut self) -> Self {
        self.spec.full_readiness_impact = true;
        self
    }

    /// Runs in the background once every `interval`.
    pub fn every(self, interval: Duration) -> Self {
        self.schedule(Schedule::Every(interval))
    }

    /// Runs once at start, then only for an asker who finds the result older than `ttl`.
    pub fn on_demand(self, ttl: Duration) -> Self {
        self.schedule(Schedule::OnDemand(ttl))
    }

    /// Raises any interval or TTL that is shorter to `least`, whichever is set first. For a
    /// check that must not be run more often, such as one that asks a public server. It binds
    /// the schedule alone: who asks in between gets a run, and the check itself must say
    /// its last outcome again, with [`Outcome::measured_at`](crate::Outcome::measured_at).
    ///
    /// ```
    /// use std::time::Duration;
    /// use health_core::{Schedule, check_fn};
    ///
    /// let minute = Duration::from_secs(60);
    /// let quota = check_fn("quota", |_| async { true }).least_interval(minute);
    /// let hasty = quota.every(Duration::from_secs(1));
    /// assert_eq!(hasty.spec().schedule, Schedule::Every(minute));
    /// ```
    pub fn least_interval(mut self, least: Duration) -> Self {
        self.spec.least_interval = least;
        let schedule = self.spec.schedule;
        self.schedule(schedule)
    }

    fn schedule(mut self, schedule: Schedule) -> Self {
        self.spec.schedule = schedule.at_most_every(self.spec.least_interval);
        self
    }

    /// How long one run may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.spec.timeout = timeout;
        self
    }

    /// `down` worse results in a row lower the status, `up` better ones raise it.
    pub fn thresholds(mut self, down: u32, up: u32) -> Self {
        self.spec.thresholds = Thresholds { down, up };
        self
    }

    /// Waits this long before the first run.
    pub fn initial_delay(mut self, delay: Duration) -> Self {
        self.spec.initial_delay = delay;
        self
    }

    /// Puts each start off by a varying part of `jitter`.
    pub fn jitter(mut self, jitter: Duration) -> Self {
        self.spec.jitter = jitter;
        self
    }

    /// A result older than this is stale; by default 3 × interval (or TTL) + timeout + jitter.
    pub fn max_age(mut self, max_age: Duration) -> Self {
        self.spec.max_age = Some(max_age);
        self
    }

    /// Lets it say an outcome again until that is so old: evidence lasts longer by this, unless
    /// its max age is set. See [`Outcome::measured_at`](crate::Outcome::measured_at).
    pub fn reuse(mut self, longest: Duration) -> Self {
        self.spec.reuse = longest;
        self
    }

    /// How many past runs are kept: at most 10,000, at least the last one.
    pub fn history(mut self, runs: usize) -> Self {
        self.spec.history = runs;
        self
    }

    /// Adds a tag, by which groups find it.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.spec.tags.push(tag.into());
        self
    }

    /// It observes what the service does anyway, rather than probing.
    pub fn passive(mut self) -> Self {
        self.spec.kind = Kind::Passive;
        self
    }

    /// Registered, shown, but not run and not counted until enabled.
    pub fn disabled(mut self) -> Self {
        self.spec.enabled = false;
        self
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration")
            .field("spec", &self.spec)
            .finish_non_exhaustive()
    }
}
