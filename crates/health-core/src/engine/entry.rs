//! One check or component inside the engine: its standing, its run, its evidence.
//!
//! Knows nothing of other checks; scopes and lifecycle are the engine's.

use std::borrow::Cow;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, SystemTime};

use serde_json::{Map, Value};

use crate::evidence::{Evidence, Measured};
use crate::hysteresis::Hysteresis;
use crate::log_gate::LogGate;
use crate::moment::{Moment, Now};
use crate::slot::Slot;
use crate::spec::{Schedule, Spec};
use crate::state::CheckState;
use crate::status::{Cause, CheckStatus, Impact, Probe, Status};

/// The identity of one registration; a later one of the same name has another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Key {
    pub(crate) index: usize,
    pub(crate) serial: u64,
}

/// A run under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    pub(crate) number: u64,
    pub(crate) since: Moment,
    pub(crate) deadline: Moment,
    /// Its deadline has passed and was reported, but it has not ended.
    pub(crate) abandoned: bool,
}

/// What stands in the tallies for this entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) status: Option<Status>,
    pub(crate) score: u64,
}

#[derive(Debug)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "independent facts, each read on its own; `standing` and `status_and_cause` combine them"
)]
pub(crate) struct Entry {
    pub(crate) key: Key,
    pub(crate) spec: Arc<Spec>,
    pub(crate) component: bool,
    pub(crate) slot: Arc<Slot>,
    /// The scopes it counts in, and how much.
    pub(crate) memberships: Vec<(usize, Impact)>,
    pub(crate) enabled: bool,
    pub(crate) hysteresis: Hysteresis,
    pub(crate) stale: bool,
    /// Whether an awaited first result is overdue, so that its absence counts.
    pub(crate) overdue: bool,
    pub(crate) pending_until: Moment,
    pub(crate) counted: Option<Counted>,
    pub(crate) run: Option<Run>,
    pub(crate) started_runs: u64,
    /// When it is to start next by its schedule.
    pub(crate) due: Moment,
    /// Somebody wants a run as soon as there is none.
    pub(crate) asked: bool,
    pub(crate) expires: Moment,
    pub(crate) fresh_until: Moment,
    /// When what was counted last was measured.
    measured: Duration,
    pub(crate) passed_startup: bool,
    pub(crate) gate: LogGate,
    /// A component's own word on its end, or how its handle went.
    pub(crate) ending: Option<CheckStatus>,
    shown: Shown,
}

/// The facts of the last results.
#[derive(Debug)]
struct Shown {
    status: CheckStatus,
    since: SystemTime,
    raw: Option<Status>,
    cause: Cause,
    message: Cow<'static, str>,
    details: Option<Arc<Map<String, Value>>>,
    details_dropped: u32,
    latency: Option<Duration>,
    at: Option<SystemTime>,
    runs: u64,
    consecutive_failures: u64,
    last_success: Option<SystemTime>,
    score: u64,
}

impl Entry {
    pub(crate) fn new(key: Key, spec: Spec, component: bool, now: Now) -> Self {
        let enabled = spec.enabled;
        let spec = Arc::new(spec);
        let shown = Shown {
            status: if component {
                CheckStatus::Starting
            } else {
                CheckStatus::Unknown
            },
            since: now.wall,
            raw: None,
            cause: Cause::Pending,
            message: Cow::Borrowed(""),
            details: None,
            details_dropped: 0,
            latency: None,
            at: None,
            runs: 0,
            consecutive_failures: 0,
            last_success: None,
            score: 0,
        };
        let slot = Arc::new(Slot::new(
            spec.name.as_str().into(),
            shown.state(&spec, component),
        ));
        Self {
            key,
            spec,
            component,
            slot,
            memberships: Vec::new(),
            enabled,
            hysteresis: Hysteresis::default(),
            stale: false,
            overdue: false,
            pending_until: Moment::NEVER,
            counted: None,
            run: None,
            started_runs: 0,
            due: Moment::NEVER,
            asked: false,
            expires: Moment::NEVER,
            fresh_until: Moment(0),
            measured: Duration::ZERO,
            passed_startup: false,
            gate: LogGate::default(),
            ending: None,
            shown,
        }
    }

    pub(crate) fn on_demand(&self) -> bool {
        matches!(self.spec.schedule, Schedule::OnDemand(_))
    }

    pub(crate) fn has_result(&self) -> bool {
        self.hysteresis.effective().is_some() || self.stale
    }

    /// Whether the node cannot leave `Starting` without it.
    pub(crate) fn awaited(&self) -> bool {
        let startup = self.spec.probes.contains(Probe::Startup) && !self.passed_startup;
        let first = self.spec.impact == Impact::Critical && !self.has_result();
        self.enabled && (startup || first)
    }

    /// Whether it answers for the scope: it counts there, or startup waits for it.
    pub(crate) fn demanded_by(&self, scope: usize) -> bool {
        let gate = scope == Probe::Startup as usize
            && self.spec.probes.contains(Probe::Startup)
            && !self.passed_startup;
        gate || self.memberships.iter().any(|(member, _)| *member == scope)
    }

    /// How many results it has given.
    pub(crate) fn results(&self) -> u64 {
        self.shown.runs
    }

    /// How long a first result may take before its absence counts.
    pub(crate) fn grace(&self) -> Duration {
        self.spec.initial_delay.saturating_add(self.spec.timeout)
    }

    /// Forgets all evidence: as newly added. Who is gone, or going, stays so; and
    /// a component without a heartbeat may have said its last word.
    pub(crate) fn forget(&mut self) {
        let lasting = self.component && self.has_result() && self.expires == Moment::NEVER;
        if self.ending.is_some() || lasting {
            return;
        }
        self.hysteresis = Hysteresis::default();
        self.stale = false;
        self.overdue = false;
        self.expires = Moment::NEVER;
        self.fresh_until = Moment(0);
        self.pending_until = Moment::NEVER;
    }

    /// When time alone will change what it contributes; `None` if it has already.
    pub(crate) fn turns_at(&self) -> Option<Moment> {
        let settled = !self.enabled || self.stale || self.overdue;
        (!settled).then_some(if self.has_result() {
            self.expires
        } else {
            self.pending_until
        })
    }

    /// Evidence past its age is gone, whether or not the sweep has come by since.
    pub(crate) fn lapse(&mut self, now: Moment) {
        self.stale |= self.has_result() && self.expires <= now;
    }

    /// Whether a result said again has been counted already.
    pub(crate) fn knows(&self, result: Measured) -> bool {
        self.has_result() && result.ago.is_some() && result.at <= self.measured
    }

    /// Shows what a run says of a result that is known.
    pub(crate) fn repeat(&mut self, evidence: Evidence) {
        if evidence.details.is_some() {
            self.shown.details = evidence.details;
            self.shown.details_dropped = evidence.dropped;
        }
        self.shown.runs += 1;
    }

    /// Takes in the evidence of one result.
    pub(crate) fn record(&mut self, evidence: Evidence, latency: Option<Duration>, now: Now) {
        let raw = evidence.status;
        let ago = evidence.measured.ago.unwrap_or_default();
        let at = now.wall.checked_sub(ago).unwrap_or(now.wall);
        self.measured = self.measured.max(evidence.measured.at);
        self.lapse(now.mono);
        let before = if self.stale {
            Hysteresis::default()
        } else {
            self.hysteresis
        };
        self.hysteresis = before.observe(raw, self.spec.thresholds);
        self.stale = false;
        self.overdue = false;
        self.passed_startup |= raw != Status::Unhealthy;
        let shown = &mut self.shown;
        let settled = self.hysteresis.effective() == Some(raw)
            || self.hysteresis.effective() != before.effective();
        if settled {
            shown.cause = evidence.cause;
            shown.message = evidence.message;
        }
        let keeps_details = evidence.cause != Cause::Reported || self.component;
        if evidence.details.is_some() || !keeps_details {
            shown.details = evidence.details;
            shown.details_dropped = evidence.dropped;
        }
        shown.raw = Some(raw);
        shown.latency = latency.or(shown.latency);
        shown.at = Some(at);
        shown.runs += 1;
        if raw == Status::Unhealthy {
            shown.consecutive_failures += 1;
        } else {
            shown.consecutive_failures = 0;
            shown.last_success = Some(at);
        }
        let mut ring = self
            .slot
            .history
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        ring.push(at, latency.unwrap_or_default(), raw, evidence.cause);
        shown.score = ring.score();
    }

    /// What it contributes to tallies now.
    pub(crate) fn standing(&self) -> Option<Counted> {
        let status = match (self.enabled, self.has_result()) {
            (false, _) => return None,
            (true, false) if !self.overdue => return None,
            (true, _) if self.stale => None,
            (true, _) => self.hysteresis.effective(),
        };
        Some(Counted {
            status,
            score: self.shown.score,
        })
    }

    fn status_and_cause(&self) -> (CheckStatus, Cause) {
        if !self.enabled {
            (CheckStatus::Unknown, Cause::Disabled)
        } else if let Some(ending) = self.ending {
            (ending, self.shown.cause)
        } else if self.stale {
            (CheckStatus::Unknown, Cause::Stale)
        } else if !self.has_result() {
            let waiting = if self.component {
                CheckStatus::Starting
            } else {
                CheckStatus::Unknown
            };
            (waiting, Cause::Pending)
        } else {
            (self.hysteresis.effective().into(), self.shown.cause)
        }
    }

    /// The state as of `now`, and the outward status before it.
    pub(crate) fn show(&mut self, now: Now) -> (Arc<CheckState>, CheckStatus) {
        let (status, cause) = self.status_and_cause();
        let from = self.shown.status;
        if status != from {
            self.shown.status = status;
            self.shown.since = now.wall;
        }
        let standing = self.standing();
        let state = CheckState {
            enabled: self.enabled,
            status,
            cause,
            effective: standing.and_then(|counted| counted.status),
            counted: standing.is_some(),
            ..self.shown.state(&self.spec, self.component)
        };
        (Arc::new(state), from)
    }
}

impl Shown {
    fn state(&self, spec: &Arc<Spec>, component: bool) -> CheckState {
        CheckState {
            spec: Arc::clone(spec),
            component,
            enabled: spec.enabled,
            status: self.status,
            effective: None,
            raw: self.raw,
            cause: self.cause,
            message: self.message.clone(),
            details: self.details.clone(),
            details_dropped: self.details_dropped,
            latency: self.latency,
            at: self.at,
            since: self.since,
            runs: self.runs,
            consecutive_failures: self.consecutive_failures,
            last_success: self.last_success,
            score: self.score,
            counted: false,
        }
    }
}
