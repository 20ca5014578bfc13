//! The small bodies of readiness, liveness and startup, kept until their verdict changes.
//!
//! Each is under 1 KiB, whatever the number of checks: kubelet reads 10 KiB at
//! most, Consul keeps 4 KiB.

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use health_core::{Health, NodeStatus, Probe, Verdict};
use serde::Serialize;

use crate::stall_view::StallView;
use crate::wire_time::Uptime;

/// What a probe's answer depends on; as long as it is the same, so is the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ground {
    verdict: Verdict,
    stall: StallView,
    /// Only liveness tells the uptime.
    uptime: u64,
}

#[derive(Clone, Debug)]
pub(crate) struct ProbeBody {
    ground: Ground,
    pub(crate) passing: bool,
    pub(crate) body: Bytes,
}

/// The last body of one probe.
#[derive(Debug)]
pub(crate) struct ProbeBodies {
    probe: Probe,
    /// Whether liveness fails while the node is stopping.
    fails_while_stopping: bool,
    last: ArcSwapOption<ProbeBody>,
}

impl ProbeBodies {
    pub(crate) fn new(probe: Probe, fails_while_stopping: bool) -> Self {
        Self {
            probe,
            fails_while_stopping,
            last: ArcSwapOption::empty(),
        }
    }

    /// Whether the probe passes at `now`, and the body that says so.
    pub(crate) fn answer(&self, health: &Health, now: Instant, stall: StallView) -> (bool, Bytes) {
        let uptime = match self.probe {
            Probe::Live => health.uptime_at(now).as_secs(),
            _ => 0,
        };
        let ground = Ground {
            verdict: health.verdict_at(self.probe, now),
            stall,
            uptime,
        };
        let last = self.last.load();
        if let Some(last) = last.as_ref().filter(|last| last.ground == ground) {
            return (last.passing, last.body.clone());
        }
        // The verdict may have moved on meanwhile: its own sentence comes with it.
        let (verdict, message) = health.answer_at(self.probe, now);
        let ground = Ground { verdict, ..ground };
        let fresh = Arc::new(self.build(ground, &message));
        self.last.store(Some(Arc::clone(&fresh)));
        (fresh.passing, fresh.body.clone())
    }

    fn build(&self, ground: Ground, message: &str) -> ProbeBody {
        let Ground {
            verdict,
            stall,
            uptime,
        } = ground;
        let stalled = match self.probe {
            Probe::Ready => stall.readiness,
            Probe::Live => stall.liveness,
            Probe::Health | Probe::Startup => false,
        };
        let refused = self.probe == Probe::Live
            && self.fails_while_stopping
            && verdict.status == NodeStatus::Stopping;
        let passing = verdict.passing && !stalled && !refused;
        let (status, message) = if stalled && verdict.passing {
            (NodeStatus::Unhealthy, stall.message())
        } else {
            (verdict.status, message.to_owned())
        };
        let json = match self.probe {
            Probe::Live => serde_json::to_vec(&LiveJson {
                live: passing,
                status,
                uptime: Uptime(uptime).to_string(),
                message: (!passing).then_some(&message),
            }),
            Probe::Startup => serde_json::to_vec(&StartupJson {
                started: passing,
                status,
                message: &message,
            }),
            Probe::Ready | Probe::Health => serde_json::to_vec(&ReadyJson {
                ready: passing,
                status,
                message: &message,
            }),
        };
        debug_assert!(json.is_ok(), "{json:?}");
        ProbeBody {
            ground,
            passing,
            body: json.unwrap_or_default().into(),
        }
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
    uptime: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'a String>,
}

#[derive(Serialize)]
struct StartupJson<'a> {
    started: bool,
    status: NodeStatus,
    message: &'a str,
}
