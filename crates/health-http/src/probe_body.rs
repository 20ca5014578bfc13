//! The bodies of readiness, liveness and startup, kept until their verdict changes.
//!
//! Each is under 1 KiB, whatever the number of checks: kubelet reads 10 KiB at most, Consul keeps
//! 4 KiB. So none lists checks, but for the text of Kubernetes, whose servers do.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use health_core::{Health, NodeStatus, Probe, Report, Verdict};
use serde::Serialize;

use crate::dialect::{self, Dialect, Form, Hindrance, Lines, View, Whole};
use crate::stall_view::StallView;
use crate::wire_time::Uptime;

/// What a probe's answer depends on; as long as it is the same, so is the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ground {
    verdict: Verdict,
    stall: StallView,
    /// Only native liveness tells the uptime.
    uptime: u64,
    /// The stamp of the report whose checks are listed; 0 where none are.
    listed: u64,
}

#[derive(Clone, Debug)]
struct ProbeBody {
    ground: Ground,
    said: Said,
}

/// What a probe says.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) passing: bool,
    pub(crate) status: NodeStatus,
    pub(crate) body: Bytes,
}

/// The last bodies of one probe, in each form.
#[derive(Debug)]
pub(crate) struct ProbeBodies {
    probe: Probe,
    /// Whether liveness fails while the node is stopping.
    fails_while_stopping: bool,
    last: [ArcSwapOption<ProbeBody>; Form::SLOTS],
}

impl ProbeBodies {
    pub(crate) fn new(probe: Probe, fails_while_stopping: bool) -> Self {
        Self {
            probe,
            fails_while_stopping,
            last: Default::default(),
        }
    }

    /// What the probe says at `now`.
    pub(crate) fn answer(
        &self,
        health: &Health,
        now: Instant,
        stall: StallView,
        form: &Form,
    ) -> Said {
        if !form.excluded.is_empty() {
            return self.excluding(health, stall, form);
        }
        let tells_uptime = self.probe == Probe::Live && *form == Form::native(View::Full);
        let verdict = health.verdict_at(self.probe, now);
        let report = Self::lists(form, self.passes(verdict, stall)).then(|| health.report());
        let ground = Ground {
            verdict,
            stall,
            uptime: if tells_uptime {
                health.uptime_at(now).as_secs()
            } else {
                0
            },
            listed: report.as_ref().map_or(0, |report| report.stamp),
        };
        let place = self.last.get(form.slot());
        let last = place.map(ArcSwapOption::load);
        let last = last.as_ref().and_then(|last| last.as_ref());
        if let Some(last) = last.filter(|last| last.ground == ground) {
            return last.said.clone();
        }
        // The verdict may have moved on meanwhile: its own sentence comes with it.
        let (verdict, message) = health.answer_at(self.probe, now);
        let passing = self.passes(verdict, stall);
        let report = report.or_else(|| Self::lists(form, passing).then(|| health.report()));
        let ground = Ground {
            verdict,
            listed: report.as_ref().map_or(0, |report| report.stamp),
            ..ground
        };
        let said = self.render(ground, passing, &message, report.as_deref(), form);
        if let Some(place) = place {
            let said = said.clone();
            place.store(Some(Arc::new(ProbeBody { ground, said })));
        }
        said
    }

    /// The text of Kubernetes with some checks taken for healthy. Goes through all checks.
    fn excluding(&self, health: &Health, stall: StallView, form: &Form) -> Said {
        let report = health.report();
        let verdict = health.verdict(self.probe);
        let passing = health.passes_without(self.probe, &report, |name| form.excludes(name))
            && !self.is_hindered(verdict, stall);
        let hindrance = Hindrance::of(passing, verdict.status, self.is_stalled(stall));
        Said {
            passing,
            status: verdict.status,
            body: self.text(passing, hindrance, Some(&report), form).into(),
        }
    }

    fn passes(&self, verdict: Verdict, stall: StallView) -> bool {
        verdict.passing && !self.is_hindered(verdict, stall)
    }

    /// Whether it fails for another reason than a check.
    fn is_hindered(&self, verdict: Verdict, stall: StallView) -> bool {
        let refused = self.probe == Probe::Live
            && self.fails_while_stopping
            && verdict.status == NodeStatus::Stopping;
        refused || self.is_stalled(stall)
    }

    fn is_stalled(&self, stall: StallView) -> bool {
        match self.probe {
            Probe::Ready => stall.readiness,
            Probe::Live => stall.liveness,
            Probe::Health | Probe::Startup => false,
        }
    }

    /// Whether the body has a line for each check.
    fn lists(form: &Form, passing: bool) -> bool {
        form.dialect == Dialect::Kubernetes && form.view == View::Full && (form.verbose || !passing)
    }

    fn render(
        &self,
        ground: Ground,
        passing: bool,
        message: &str,
        report: Option<&Report>,
        form: &Form,
    ) -> Said {
        let stalled = ground.verdict.passing && self.is_stalled(ground.stall);
        let stalled = stalled.then(|| ground.stall.message());
        let status = match stalled {
            Some(_) => NodeStatus::Unhealthy,
            None => ground.verdict.status,
        };
        let message = match form.view {
            View::Full => stalled.as_deref().unwrap_or(message),
            View::StatusOnly => "",
        };
        let whole = Whole {
            status,
            passing,
            message,
            report: None,
            groups: None,
        };
        let body = match form.dialect {
            Dialect::Native => self.native(&whole, ground.uptime, form.view),
            Dialect::Kubernetes => {
                let stalled = self.is_stalled(ground.stall);
                let hindrance = Hindrance::of(passing, ground.verdict.status, stalled);
                self.text(passing, hindrance, report, form)
            }
            other => dialect::whole(other, &whole),
        };
        Said {
            passing,
            status,
            body: body.into(),
        }
    }

    fn text(
        &self,
        passing: bool,
        hindrance: Option<Hindrance>,
        report: Option<&Report>,
        form: &Form,
    ) -> Vec<u8> {
        if passing && !form.verbose {
            return b"ok".to_vec();
        }
        let lines = report.map(|report| Lines {
            checks: report
                .checks
                .iter()
                .map(AsRef::as_ref)
                .filter(|check| check.spec.impact_for(self.probe).is_some()),
            excluded: &form.excluded,
            hindrance,
        });
        dialect::text(title(self.probe), passing, lines)
    }

    fn native(&self, whole: &Whole<'_>, uptime: u64, view: View) -> Vec<u8> {
        let Whole {
            status,
            passing,
            message,
            ..
        } = *whole;
        let message = match view {
            View::Full => message,
            View::StatusOnly => status.as_str(),
        };
        let json = match self.probe {
            Probe::Live => serde_json::to_vec(&LiveJson {
                live: passing,
                status,
                uptime: (view == View::Full).then(|| Uptime(uptime).to_string()),
                message: (!passing).then_some(message),
            }),
            Probe::Startup => serde_json::to_vec(&StartupJson {
                started: passing,
                status,
                message,
            }),
            Probe::Ready | Probe::Health => serde_json::to_vec(&ReadyJson {
                ready: passing,
                status,
                message,
            }),
        };
        debug_assert!(json.is_ok(), "{json:?}");
        json.unwrap_or_default()
    }
}

/// What Kubernetes' own servers call a probe.
pub(crate) fn title(probe: Probe) -> &'static str {
    match probe {
        Probe::Health => "healthz",
        Probe::Ready => "readyz",
        Probe::Live => "livez",
        Probe::Startup => "startupz",
    }
}

#[derive(Serialize)]
struct ReadyJson<'a> {
    ready: bool,
    status: NodeStatus,
    message: &'a str,
}

#[derive(Serialize)]
struct LiveJson<'a> {
    live: bool,
    status: NodeStatus,
    #[serde(skip_serializing_if = "Option::is_none")]
    uptime: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct StartupJson<'a> {
    started: bool,
    status: NodeStatus,
    message: &'a str,
}
