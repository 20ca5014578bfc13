//! What the rules say of one check: a plain model that replays its whole past.
//!
//! Shares no decision with the engine: thresholds are judged from the list of
//! results, ages from their times, scores from the remembered statuses.

use std::sync::Arc;
use std::time::Duration;

use crate::engine::entry::Key;
use crate::hysteresis::Thresholds;
use crate::moment::Moment;
use crate::slot::Slot;
use crate::spec::{Schedule, Spec};
use crate::status::{Cause, CheckStatus, Impact, Lifecycle, Probe, Status};
use crate::tallies::SCORE_ONE;

/// How long past its deadline a run may still bring its result.
pub(super) const LENIENCE: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    pub(super) deadline: Moment,
    pub(super) given_up: bool,
}

#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts")]
pub(super) struct Model {
    pub(super) spec: Spec,
    pub(super) component: bool,
    pub(super) key: Key,
    pub(super) slot: Arc<Slot>,
    pub(super) enabled: bool,
    /// What counts towards thresholds: results since it was added, enabled or stale.
    results: Vec<Status>,
    remembered: Vec<Status>,
    pub(super) effective: Option<Status>,
    pub(super) raw: Option<Status>,
    pub(super) cause: Cause,
    pub(super) runs: u64,
    pub(super) failures: u64,
    /// Whether it has given a result since it was added or enabled.
    pub(super) answered: bool,
    /// What the sweeper has seen so far.
    pub(super) seen_stale: bool,
    pub(super) seen_missing: bool,
    pub(super) expires: Moment,
    pub(super) fresh_until: Moment,
    /// When what counted last was measured.
    pub(super) measured: Moment,
    pub(super) pending_until: Moment,
    pub(super) ending: Option<CheckStatus>,
    pub(super) passed_startup: bool,
    pub(super) run: Option<Run>,
    pub(super) started_runs: u64,
    pub(super) asked: bool,
    /// Whether a component's owner still holds its handle.
    pub(super) held: bool,
}

impl Model {
    pub(super) fn new(spec: Spec, component: bool, key: Key, slot: Arc<Slot>) -> Self {
        Self {
            enabled: spec.enabled,
            spec,
            component,
            key,
            slot,
            results: Vec::new(),
            remembered: Vec::new(),
            effective: None,
            raw: None,
            cause: Cause::Pending,
            runs: 0,
            failures: 0,
            answered: false,
            seen_stale: false,
            seen_missing: false,
            expires: Moment::NEVER,
            fresh_until: Moment(0),
            measured: Moment(0),
            pending_until: Moment::NEVER,
            ending: None,
            passed_startup: false,
            run: None,
            started_runs: 0,
            asked: false,
            held: component,
        }
    }

    /// From now on its first result is awaited; a node that is starting grants no grace.
    pub(super) fn pend(&mut self, now: Moment, life: Lifecycle) {
        if self.enabled {
            let grace = self.spec.initial_delay + self.spec.timeout;
            let starting = life == Lifecycle::Starting;
            self.pending_until = if starting { now } else { now.after(grace) };
            self.seen_missing = starting && !self.answered;
        }
    }

    /// `life`: where the started node stands; `None` before its start.
    pub(super) fn set_enabled(&mut self, enabled: bool, life: Option<Lifecycle>, now: Moment) {
        if self.enabled == enabled {
            return;
        }
        self.enabled = enabled;
        self.asked = false;
        // Who is gone, or going, stays so; what does not age may have been its last word.
        let lasting = self.component && self.answered && self.expires == Moment::NEVER;
        if self.ending.is_none() && !lasting {
            self.answered = false;
            self.results.clear();
            self.effective = None;
            (self.seen_stale, self.seen_missing) = (false, false);
            (self.expires, self.pending_until) = (Moment::NEVER, Moment::NEVER);
            self.fresh_until = Moment(0);
        }
        if let Some(run) = &mut self.run {
            run.given_up = true;
        }
        if let Some(life) = life {
            self.pend(now, life);
        }
    }

    pub(super) fn expired(&self, now: Moment) -> bool {
        self.answered && self.expires <= now
    }

    /// Past its age, evidence is gone: the next result is a first one.
    fn lapse(&mut self, now: Moment) {
        if self.expired(now) {
            self.results.clear();
        }
    }

    pub(super) fn record(&mut self, status: Status, cause: Cause, now: Moment) {
        let measured = self.measured;
        self.record_measured(status, cause, now, now);
        // What nobody measured supersedes no measurement.
        self.measured = measured;
    }

    pub(super) fn record_measured(
        &mut self,
        status: Status,
        cause: Cause,
        measured: Moment,
        now: Moment,
    ) {
        self.measured = self.measured.max(measured);
        self.lapse(now);
        let before = if self.results.is_empty() {
            None
        } else {
            self.effective
        };
        self.results.push(status);
        self.effective = replay(&self.results, self.spec.thresholds);
        if self.effective == Some(status) || self.effective != before {
            self.cause = cause;
        }
        self.raw = Some(status);
        self.runs += 1;
        self.failures = if status == Status::Unhealthy {
            self.failures + 1
        } else {
            0
        };
        self.passed_startup |= status != Status::Unhealthy;
        self.answered = true;
        (self.seen_stale, self.seen_missing) = (false, false);
        self.remembered.push(status);
        if !self.component {
            let age = self.spec.max_age.unwrap_or(match self.spec.schedule {
                Schedule::Every(t) | Schedule::OnDemand(t) => {
                    3 * t + self.spec.timeout + self.spec.jitter
                }
            });
            self.expires = measured.after(age);
            self.fresh_until = measured.after(self.spec.schedule.period());
            self.seen_stale = self.expired(now);
        }
    }

    pub(super) fn report(
        &mut self,
        status: Status,
        cause: Cause,
        ending: Option<CheckStatus>,
        now: Moment,
    ) {
        self.lapse(now);
        self.ending = ending;
        self.expires = match (self.spec.max_age, ending) {
            (Some(heartbeat), None) => now.after(heartbeat),
            _ => Moment::NEVER,
        };
        self.record(status, cause, now);
    }

    pub(super) fn beat(&mut self, now: Moment) {
        let speaks = self.answered && self.enabled && self.ending.is_none();
        if let Some(heartbeat) = self.spec.max_age.filter(|_| speaks) {
            self.expires = now.after(heartbeat);
            self.seen_stale = false;
        }
    }

    pub(super) fn freeze(&mut self) {
        self.expires = Moment::NEVER;
        self.seen_stale = false;
        self.held = false;
    }

    /// The sweeper comes by.
    pub(super) fn sweep(&mut self, now: Moment) {
        if !self.enabled {
            return;
        }
        if let Some(run) = &mut self.run
            && !run.given_up
            && run.deadline.after(LENIENCE) <= now
        {
            run.given_up = true;
            self.record(Status::Unhealthy, Cause::Timeout, now);
        } else if self.answered {
            self.seen_stale |= self.expired(now);
        } else {
            self.seen_missing |= self.pending_until <= now;
        }
    }

    /// Whether the node cannot leave `Starting` without it.
    pub(super) fn awaited(&self) -> bool {
        let gate = self.spec.probes.contains(Probe::Startup) && !self.passed_startup;
        let first = self.spec.impact == Impact::Critical && !self.answered;
        self.enabled && (gate || first)
    }

    /// The evidence that counts at `now`; the outer `None`: it counts nowhere.
    #[allow(clippy::option_option, reason = "unknown is `None` in tallies too")]
    pub(super) fn standing(&self, now: Moment) -> Option<Option<Status>> {
        match (self.enabled, self.answered) {
            (true, true) => Some(self.effective.filter(|_| !self.expired(now))),
            (true, false) if self.pending_until <= now => Some(None),
            _ => None,
        }
    }

    /// The same as far as the sweeper has seen.
    #[allow(clippy::option_option, reason = "unknown is `None` in tallies too")]
    pub(super) fn seen_standing(&self) -> Option<Option<Status>> {
        match (self.enabled, self.answered) {
            (true, true) => Some(self.effective.filter(|_| !self.seen_stale)),
            (true, false) if self.seen_missing => Some(None),
            _ => None,
        }
    }

    /// What a reader is to be shown at `now`.
    pub(super) fn outward(&self, now: Moment) -> (CheckStatus, Cause) {
        if !self.enabled {
            (CheckStatus::Unknown, Cause::Disabled)
        } else if let Some(ending) = self.ending {
            (ending, self.cause)
        } else if self.expired(now) {
            (CheckStatus::Unknown, Cause::Stale)
        } else if self.answered {
            (self.effective.into(), self.cause)
        } else if self.component {
            (CheckStatus::Starting, Cause::Pending)
        } else {
            (CheckStatus::Unknown, Cause::Pending)
        }
    }

    /// How it weighs for a probe.
    pub(super) fn impact_for(&self, probe: Probe) -> Option<Impact> {
        let spec = &self.spec;
        let spared = probe == Probe::Ready && spec.shared_dependency && !spec.full_readiness_impact;
        match spec.impact {
            _ if probe == Probe::Startup || !spec.probes.contains(probe) => None,
            Impact::Critical if spared => Some(Impact::NonCritical),
            // Who opts in to liveness can fail it.
            Impact::NonCritical if probe == Probe::Live => Some(Impact::Critical),
            impact => Some(impact),
        }
    }

    /// The mean of what is remembered, degraded as a half, as fixed point.
    pub(super) fn score(&self) -> u64 {
        let kept = self.spec.history.max(1).min(self.remembered.len());
        let recent = &self.remembered[self.remembered.len() - kept..];
        let halves: u64 = recent.iter().map(|s| 2 - *s as u64).sum();
        match kept as u64 {
            0 => 0,
            kept => halves * SCORE_ONE / (2 * kept),
        }
    }
}

/// The effective status after `results`, judged from the list itself: whenever
/// the last `down` results since the last change are all worse, the mildest of
/// them applies; whenever the last `up` are all better, the worst of them.
fn replay(results: &[Status], thresholds: Thresholds) -> Option<Status> {
    let (mut effective, mut changed) = (*results.first()?, 1);
    for end in 1..=results.len() {
        let last = |count: u32| {
            let since = &results[changed.min(end)..end];
            since
                .len()
                .checked_sub(count as usize)
                .map(|at| &since[at..])
        };
        let worse = last(thresholds.down).filter(|run| run.iter().all(|r| *r > effective));
        let better = last(thresholds.up).filter(|run| run.iter().all(|r| *r < effective));
        let next = worse
            .and_then(|run| run.iter().min())
            .or(better.and_then(|run| run.iter().max()));
        if let Some(next) = next {
            (effective, changed) = (*next, end);
        }
    }
    Some(effective)
}

#[cfg(test)]
mod tests {
    use super::*;
    use Status::{Degraded as D, Healthy as H, Unhealthy as U};

    #[test]
    fn replays() {
        for (results, down, up, expected) in [
            (&[][..], 1, 1, None),
            (&[U], 3, 3, Some(U)),
            (&[H, U, U], 3, 1, Some(H)),
            (&[H, U, D, U], 3, 1, Some(D)),
            (&[H, U, H, U, U], 3, 1, Some(H)),
            (&[U, H, D], 1, 2, Some(D)),
            (&[D, U, H, U, U], 2, 2, Some(U)),
        ] {
            assert_eq!(replay(results, Thresholds { down, up }), expected);
        }
    }
}
