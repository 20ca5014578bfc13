//! How reads are answered: from what was published, without the engine's lock.
//!
//! Readers never run a check and never wait for a writer; two readers that both
//! need a new report build it one after the other, once.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};

use crate::aggregate::Aggregation;
use crate::clock::{self, Clock};
use crate::directory::Directory;
use crate::group::Members;
use crate::moment::Moment;
use crate::report::{self, Report};
use crate::scope::Published;
use crate::state::CheckState;
use crate::status::{Lifecycle, Probe};
use crate::tallies::Tallies;
use crate::verdict::Verdict;
use crate::wording;

#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) directory: ArcSwap<Directory>,
    pub(crate) groups: ArcSwap<Vec<Arc<GroupView>>>,
    probes: [Arc<Published>; 4],
    aggregation: Aggregation,
    node_id: Arc<str>,
    version: Arc<str>,
    lifecycle: AtomicU8,
    changes: AtomicU64,
    cached: ArcSwapOption<Cached>,
    building: Mutex<()>,
}

/// A report, and the count of changes it was made at.
#[derive(Debug)]
struct Cached {
    changes: u64,
    report: Arc<Report>,
}

impl Reader {
    pub(crate) fn new(
        probes: [Arc<Published>; 4],
        aggregation: Aggregation,
        node_id: Arc<str>,
        version: Arc<str>,
    ) -> Self {
        Self {
            directory: crate::driver::empty_directory(),
            groups: ArcSwap::default(),
            probes,
            aggregation,
            node_id,
            version,
            lifecycle: AtomicU8::new(0),
            changes: AtomicU64::new(0),
            cached: ArcSwapOption::empty(),
            building: Mutex::new(()),
        }
    }

    pub(crate) fn node_id(&self) -> &Arc<str> {
        &self.node_id
    }

    pub(crate) fn version(&self) -> &Arc<str> {
        &self.version
    }

    /// The aggregation of the node.
    pub(crate) fn aggregation(&self) -> &Aggregation {
        &self.aggregation
    }

    /// The group of that name.
    pub(crate) fn group(&self, name: &str) -> Option<Arc<GroupView>> {
        let groups = self.groups.load();
        groups.iter().find(|group| &*group.name == name).cloned()
    }

    /// Says that something that was published changed.
    pub(crate) fn changed(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }

    pub(crate) fn set_lifecycle(&self, lifecycle: Lifecycle) {
        self.lifecycle.store(lifecycle as u8, Ordering::Release);
    }

    pub(crate) fn lifecycle(&self) -> Lifecycle {
        match self.lifecycle.load(Ordering::Acquire) {
            0 => Lifecycle::Starting,
            1 => Lifecycle::Running,
            2 => Lifecycle::Stopping,
            _ => Lifecycle::Stopped,
        }
    }

    pub(crate) fn probe(&self, probe: Probe) -> &Published {
        let [health, ready, live, startup] = &self.probes;
        match probe {
            Probe::Health => health,
            Probe::Ready => ready,
            Probe::Live => live,
            Probe::Startup => startup,
        }
    }

    /// The verdict of `probe` at `now` and its sentence, which belong together.
    pub(crate) fn answer(published: &Published, now: Moment) -> (Verdict, Arc<str>) {
        // Expiries before the text, as with the table: see `cell`.
        let expired = published.cell.expired(now);
        let text = published.text.load();
        let verdict = text.table.verdict(expired);
        let message = if verdict.stale
            && text.table.verdict(0)
                != (Verdict {
                    stale: false,
                    ..verdict
                }) {
            wording::stale(verdict.status).into()
        } else {
            Arc::clone(&text.message)
        };
        (verdict, message)
    }

    pub(crate) fn check(&self, name: &str, now: Moment) -> Option<Arc<CheckState>> {
        self.directory.load().get(name).map(|slot| slot.read(now).0)
    }

    /// The report as of `now`; the same `Arc` as before if nothing changed.
    pub(crate) fn report(&self, now: Moment, clock: &Clock) -> Arc<Report> {
        if let Some(report) = self.current(now) {
            return report;
        }
        let _one_builder = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(report) = self.current(now) {
            return report;
        }
        // Counted before it is read: a change meanwhile leads to one more report.
        let changes = self.changes.load(Ordering::Acquire);
        let last = self.cached.load();
        let last = last.as_ref().map(|cached| &*cached.report);
        let report = Arc::new(self.build(last, now, clock));
        self.cached.store(Some(Arc::new(Cached {
            changes,
            report: Arc::clone(&report),
        })));
        report
    }

    fn current(&self, now: Moment) -> Option<Arc<Report>> {
        let changes = self.changes.load(Ordering::Acquire);
        let cached = self.cached.load();
        let cached = cached
            .as_ref()
            .filter(|c| c.changes == changes && now < c.report.until)?;
        Some(Arc::clone(&cached.report))
    }

    fn build(&self, last: Option<&Report>, now: Moment, clock: &Clock) -> Report {
        let directory = self.directory.load();
        let mut until = Moment::NEVER;
        let mut last_update = None;
        let mut tallies = Tallies::EMPTY;
        let mut checks = Vec::with_capacity(directory.len());
        // Most are likely in the same place and unchanged. One pass: each costs cache misses.
        let mut held = last.map(|last| last.checks.iter()).unwrap_or_default();
        for slot in directory.iter() {
            let (state, holds) = slot.read_beside(held.next(), now);
            until = until.min(holds);
            last_update = last_update.max(state.at);
            report::count(&mut tallies, &state, state.spec.impact_for(Probe::Health));
            checks.push(state);
        }
        let (verdict, message) = Self::answer(self.probe(Probe::Health), now);
        let lifecycle = self.lifecycle();
        Report {
            stamp: last.map_or(0, |last| last.stamp) + 1,
            status: report::status(&self.aggregation, &tallies, lifecycle, verdict.status),
            message,
            lifecycle,
            at: clock::wall(),
            uptime: clock.uptime(),
            start_time: clock.started(),
            last_update: last_update.unwrap_or(clock.started()),
            version: Arc::clone(&self.version),
            node_id: Arc::clone(&self.node_id),
            checks,
            tallies,
            until,
        }
    }

    /// The report on a group, drawn from the node's report.
    pub(crate) fn group_report(
        &self,
        name: &str,
        now: Moment,
        clock: &Clock,
    ) -> Option<Arc<Report>> {
        let group = self.group(name)?;
        let node = self.report(now, clock);
        let cached = group.cached.load();
        if let Some(report) = cached.as_ref().filter(|report| report.stamp == node.stamp) {
            return Some(Arc::clone(report));
        }
        let members = node
            .checks
            .iter()
            .filter(|check| group.members.contain(&check.spec));
        let checks: Vec<_> = members.cloned().collect();
        let (verdict, message) = Self::answer(&group.published, now);
        let mut tallies = Tallies::EMPTY;
        for check in &checks {
            report::count(&mut tallies, check, Some(check.spec.impact));
        }
        let report = Arc::new(Report {
            status: report::status(&group.aggregation, &tallies, node.lifecycle, verdict.status),
            message,
            last_update: checks
                .iter()
                .filter_map(|check| check.at)
                .max()
                .unwrap_or(node.start_time),
            checks,
            tallies,
            ..Report::clone(&node)
        });
        group.cached.store(Some(Arc::clone(&report)));
        Some(report)
    }
}

/// What readers know of a group.
#[derive(Debug)]
pub(crate) struct GroupView {
    pub(crate) name: Arc<str>,
    members: Members,
    pub(crate) aggregation: Aggregation,
    pub(crate) published: Arc<Published>,
    cached: ArcSwapOption<Report>,
}

impl GroupView {
    pub(crate) fn new(
        name: Arc<str>,
        members: Members,
        aggregation: Aggregation,
        published: Arc<Published>,
    ) -> Self {
        Self {
            name,
            members,
            aggregation,
            published,
            cached: ArcSwapOption::empty(),
        }
    }
}
