//! The handle that a service holds: registration, life, reads.
//!
//! A door only: decisions are the engine's, answers the reader's.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use thiserror::Error;
use tokio::runtime::Handle;

use crate::builder::HealthBuilder;
use crate::component::{Component, ComponentSpec};
use crate::driver::Shared;
use crate::engine::{Engine, RegisterError};
use crate::exclusion;
use crate::group::{Group, GroupError};
use crate::history::{History, Totals};
use crate::log::Unlogged;
use crate::moment::Moment;
use crate::observer::Observer;
use crate::reader::Reader;
use crate::registration::Registration;
use crate::report::Report;
use crate::section::{Section, SectionError, SectionSpec, SectionState};
use crate::state::CheckState;
use crate::status::{Lifecycle, NodeStatus, Probe};
use crate::subscription::Subscription;
use crate::summary::Summary;
use crate::tasks::{self, Tasks};
use crate::verdict::Verdict;

/// How long `stop` waits for tasks that do not end when they are aborted.
const FAREWELL: Duration = Duration::from_secs(5);

/// The health of one node: holds the checks, runs them, and answers probes.
///
/// Cheap to clone; all clones are the same node. When the last one is dropped,
/// its tasks end. Works before [`start`](Self::start) and after [`stop`](Self::stop).
///
/// ```
/// use health_core::{Health, Probe, check_fn};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let health = Health::builder().node_id("node-1").version("1.4.2").build();
/// health.register(check_fn("config", |_| async { true }).critical())?;
/// health.start()?;
/// health.ask("config").await?;
/// assert!(health.verdict(Probe::Ready).passing);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
pub struct Health {
    inner: Arc<Inner>,
}

/// Owns the tasks, so that they end with the last handle.
#[derive(Debug)]
struct Inner {
    shared: Arc<Shared>,
    tasks: Mutex<Tasks>,
}

/// Why the node was not started.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StartError {
    /// There is no runtime to run checks on.
    #[error("no tokio runtime here; call start from within one")]
    NoRuntime,
    /// It runs already.
    #[error("the health monitor has been started already")]
    Started,
    /// Nothing brings it back.
    #[error("the health monitor is stopping or has stopped; build a new one")]
    Stopped,
    /// A group is not as it should be.
    #[error(transparent)]
    Group(#[from] GroupError),
}

/// There is no check of that name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("no check `{0}` is registered")]
pub struct UnknownCheck(pub String);

impl Default for Health {
    fn default() -> Self {
        Self::new()
    }
}

impl Health {
    /// A node without a name, with the default aggregation.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Sets up a node.
    pub fn builder() -> HealthBuilder {
        HealthBuilder::default()
    }

    pub(crate) fn from_shared(shared: Arc<Shared>) -> Self {
        Self {
            inner: Arc::new(Inner {
                shared,
                tasks: Mutex::default(),
            }),
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.inner.shared
    }

    /// Held while a check enters or leaves, so that its task and its place go together.
    fn tasks(&self) -> MutexGuard<'_, Tasks> {
        self.inner
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a check. It runs from [`start`](Self::start) on, or at once if the node was started.
    pub fn register(&self, registration: impl Into<Registration>) -> Result<(), RegisterError> {
        let Registration { spec, check } = registration.into();
        let mut tasks = self.tasks();
        let (key, slot) = self
            .shared()
            .act(|engine, now| engine.register(spec, now))?;
        tasks.add_check(self.shared(), (key, slot, check));
        Ok(())
    }

    /// Puts a check in the place of the one of its name, whose run and evidence are dropped.
    pub fn replace(&self, registration: impl Into<Registration>) -> Result<(), RegisterError> {
        let Registration { spec, check } = registration.into();
        let mut tasks = self.tasks();
        let replaced = self.shared().act(|engine, now| engine.replace(spec, now))?;
        tasks.remove_check(replaced.old);
        tasks.add_check(self.shared(), (replaced.key, replaced.slot, check));
        Ok(())
    }

    /// Takes a check or component away; a run under way is dropped.
    pub fn unregister(&self, name: &str) -> Result<(), UnknownCheck> {
        let mut tasks = self.tasks();
        let key = self
            .shared()
            .act(|engine, now| engine.unregister(name, now));
        tasks.remove_check(key.ok_or_else(|| UnknownCheck(name.to_owned()))?);
        Ok(())
    }

    /// Switches a check on again; it counts from its first result.
    pub fn enable(&self, name: &str) -> Result<(), UnknownCheck> {
        self.set_enabled(name, true)
    }

    /// Switches a check off: shown as disabled, not run, in no tally.
    pub fn disable(&self, name: &str) -> Result<(), UnknownCheck> {
        self.set_enabled(name, false)
    }

    fn set_enabled(&self, name: &str, enabled: bool) -> Result<(), UnknownCheck> {
        let known = self
            .shared()
            .act(|engine, now| engine.set_enabled(name, enabled, now));
        known
            .then_some(())
            .ok_or_else(|| UnknownCheck(name.to_owned()))
    }

    /// Adds a component, and gives the handle by which its owner reports.
    pub fn component(&self, component: ComponentSpec) -> Result<Component, RegisterError> {
        let key = self
            .shared()
            .act(|engine, now| engine.register_component(component.spec, now))?;
        Ok(Component::new(Arc::clone(self.shared()), key))
    }

    /// Adds a group. Before the start it may list checks that are yet to come.
    pub fn group(&self, group: Group) -> Result<(), GroupError> {
        self.shared().act(|engine, now| engine.group(group, now))?;
        self.shared().publish_groups();
        Ok(())
    }

    /// Tells `observer` of everything from now on.
    pub fn observe(&self, observer: impl Observer) {
        self.observe_shared(Arc::new(observer));
    }

    pub(crate) fn observe_shared(&self, observer: Arc<dyn Observer>) {
        self.tasks().add_observer(self.shared(), observer);
    }

    /// Runs `task` beside the checks: from [`start`](Self::start) on, or at once if the node was
    /// started, on the same runtime, until it ends or [`stop`](Self::stop) drops it. For whoever
    /// follows a [`subscribe`](Self::subscribe) with timers of its own. A panic ends it alone.
    pub fn accompany(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks().add_companion(Box::pin(task));
    }

    /// A stream of what happens from now on.
    pub fn subscribe(&self) -> Subscription {
        Subscription::new(self.shared())
    }

    /// How many results came after their check was gone, disabled or given up.
    pub fn late_results(&self) -> u64 {
        self.shared().act(|engine, _| engine.late_results())
    }

    /// How often an observer panicked.
    pub fn observer_panics(&self) -> u64 {
        self.shared().observer_panics.load(Ordering::Relaxed)
    }

    /// Starts running checks, on the runtime this is called from.
    pub fn start(&self) -> Result<(), StartError> {
        let runtime = Handle::try_current().map_err(|_| StartError::NoRuntime)?;
        let mut tasks = self.tasks();
        self.shared().act(|engine, now| match engine.lifecycle() {
            Lifecycle::Stopping | Lifecycle::Stopped => Err(StartError::Stopped),
            _ if engine.is_started() => Err(StartError::Started),
            _ => Ok(engine.start(now)?),
        })?;
        if cfg!(panic = "abort") {
            tracing::warn!("built with panic = \"abort\": a check that panics ends the process");
        }
        tasks.start(self.shared(), runtime);
        Ok(())
    }

    /// From here on the node is stopping: not ready, and nothing brings it back.
    /// Checks go on until [`stop`](Self::stop).
    pub fn begin_shutdown(&self) {
        self.shared()
            .act(|engine, now| engine.begin_shutdown(Moment::NEVER, now));
    }

    /// The same; liveness fails once `deadline` has passed, so that an
    /// orchestrator ends a shutdown that hangs.
    pub fn begin_shutdown_within(&self, deadline: Duration) {
        self.shared()
            .act(|engine, now| engine.begin_shutdown(now.mono.after(deadline), now));
    }

    /// The same for a caller that must not wait for a log that blocks: what is to be said of it
    /// has still to be written. It waits for the engine, which somebody's
    /// [`Aggregate`](crate::Aggregate) may hold up.
    pub fn begin_shutdown_unlogged(&self, deadline: Duration) -> Unlogged {
        self.shared()
            .act_unlogged(|engine, now| engine.begin_shutdown(now.mono.after(deadline), now))
    }

    /// Ends all tasks; runs under way are dropped. Waits at most 5 s for a task
    /// that blocks its thread. Cancel safe: the tasks end all the same.
    pub async fn stop(&self) {
        self.shared().act(Engine::stopped);
        let running = self.tasks().take();
        tasks::end(running, FAREWELL).await;
    }

    /// Whether `probe` passes now. Lock-free, and the same cost for any number of checks.
    pub fn verdict(&self, probe: Probe) -> Verdict {
        self.reader()
            .probe(probe)
            .cell
            .verdict(self.shared().clock.mono())
    }

    /// Whether `probe` passes at `now`, for callers that have read the clock already.
    pub fn verdict_at(&self, probe: Probe, now: Instant) -> Verdict {
        self.reader()
            .probe(probe)
            .cell
            .verdict(self.shared().clock.moment(now))
    }

    /// The verdict on `probe` at `now`, and what it says in a sentence. Both belong together.
    pub fn answer_at(&self, probe: Probe, now: Instant) -> (Verdict, Arc<str>) {
        Reader::answer(self.reader().probe(probe), self.shared().clock.moment(now))
    }

    /// The verdict on a group; `None` if there is none of that name.
    pub fn group_verdict(&self, name: &str) -> Option<Verdict> {
        let groups = self.reader().groups.load();
        let group = groups.iter().find(|group| &*group.name == name)?;
        Some(group.published.cell.verdict(self.shared().clock.mono()))
    }

    /// Whether `probe` would pass if the checks that are `excluded` were healthy, judged from a
    /// report on the node. Exclusion makes nothing worse, and brings no node back that is starting,
    /// stopping, or past the deadline of its shutdown. Goes through all checks of the report.
    ///
    /// Under an [`Aggregation::Custom`](crate::Aggregation::Custom), which only the writer calls,
    /// it passes if every check that counts and is not excluded is healthy.
    pub fn passes_without(
        &self,
        probe: Probe,
        report: &Report,
        excluded: impl Fn(&str) -> bool,
    ) -> bool {
        let verdict = self.verdict(probe);
        let of_checks = !matches!(verdict.status, NodeStatus::Starting | NodeStatus::Stopping);
        let aggregation = match probe {
            Probe::Live => &exclusion::of_liveness(),
            _ => self.reader().aggregation(),
        };
        verdict.passing
            || of_checks
                && exclusion::passes(
                    aggregation,
                    report,
                    |check| check.spec.impact_for(probe),
                    excluded,
                )
    }

    /// The same of a group, judged from the report on it; `None` if there is none of that name.
    pub fn group_passes_without(
        &self,
        name: &str,
        report: &Report,
        excluded: impl Fn(&str) -> bool,
    ) -> Option<bool> {
        let group = self.reader().group(name)?;
        let serving = matches!(report.status, NodeStatus::Healthy | NodeStatus::Degraded);
        let impact = |check: &CheckState| Some(check.spec.impact);
        Some(
            serving
                || report.lifecycle == Lifecycle::Running
                    && exclusion::passes(&group.aggregation, report, impact, excluded),
        )
    }

    /// The names of all groups, sorted.
    pub fn group_names(&self) -> Vec<Arc<str>> {
        let groups = self.reader().groups.load();
        let mut names: Vec<_> = groups.iter().map(|group| Arc::clone(&group.name)).collect();
        names.sort();
        names
    }

    /// The whole node as of now; the same `Arc` as long as nothing changed.
    pub fn report(&self) -> Arc<Report> {
        self.reader()
            .report(self.shared().clock.mono(), &self.shared().clock)
    }

    /// A group as of now; `None` if there is none of that name.
    pub fn group_report(&self, name: &str) -> Option<Arc<Report>> {
        self.reader()
            .group_report(name, self.shared().clock.mono(), &self.shared().clock)
    }

    /// One check or component as of now.
    pub fn check(&self, name: &str) -> Option<Arc<CheckState>> {
        self.reader().check(name, self.shared().clock.mono())
    }

    /// The remembered runs of a check.
    pub fn history(&self, name: &str) -> Option<History> {
        self.reader()
            .directory
            .load()
            .get(name)
            .map(|slot| slot.history())
    }

    /// What all runs of a check amount to by now, and the [quantiles](History::latency_quantile) of
    /// the remembered ones: for who asks for many checks, and so wants no copy of each
    /// [`history`](Self::history).
    ///
    /// `None` if the check has been taken away since `check` was read; another one of its name has
    /// figures of its own.
    pub fn run_figures<const N: usize>(
        &self,
        check: &CheckState,
        quantiles: [f64; N],
    ) -> Option<(Totals, [Option<Duration>; N])> {
        let directory = self.reader().directory.load();
        let slot = directory.get(check.name())?;
        slot.is_of(&check.spec).then(|| slot.figures(quantiles))
    }

    /// A few figures on the node.
    pub fn summary(&self) -> Summary {
        self.report().summary()
    }

    /// Shows something beside the health of the node, until the handle is dropped.
    pub fn section(&self, spec: SectionSpec) -> Result<Section, SectionError> {
        Section::open(self.shared(), spec)
    }

    /// What the sections show, sorted by name. The same list as long as nothing was pushed;
    /// wait-free.
    pub fn sections(&self) -> Arc<Vec<Arc<SectionState>>> {
        self.shared().sections.list()
    }

    /// Where the node stands in its life.
    pub fn lifecycle(&self) -> Lifecycle {
        self.reader().lifecycle()
    }

    /// The node's name, as far as it is [shown](crate::HealthBuilder::node_id).
    pub fn node_id(&self) -> &str {
        self.reader().node_id()
    }

    /// The service's version, as far as it is shown.
    pub fn version(&self) -> &str {
        self.reader().version()
    }

    /// When this `Health` was made, for display.
    pub fn start_time(&self) -> SystemTime {
        self.shared().clock.started()
    }

    /// How long it has been there at `now`.
    pub fn uptime_at(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.shared().clock.origin())
    }

    fn reader(&self) -> &Reader {
        &self.inner.shared.reader
    }
}
